"""Which components say or take something else than they announce?"""

from typing import Annotated, Literal

import torch
from mutants.machinery import REFUSED, Mutant, also, held
from mutants.values import each, l1

from srkit_core.errors import OptionError
from srkit_core.interfaces import Between, Range
from srkit_core.specs import DegradationSpec, LossSpec, MetricSpec
from srkit_core.testing import (
    AdversarialLossContract,
    DegradationContract,
    MetricContract,
    ReferenceLossContract,
)

IDLE, DOCUMENTED = "every_option_does_something", "every_option_is_documented"
EXISTS, CHOICES = "every_documented_option_exists", "every_choice_can_be_made"
VALUES, SMALL = "a_value_is_taken_or_refused_by_name", "its_small_instance_is_one_of_it"
DECLARED, EXPLAINED = "its_declarations_are_of_what_exists", "its_factory_is_explained"
SAYS = "it_says_what_it_is"

Positive = Annotated[int, Between(low=1)]
Power = Annotated[float, Between(0.5, 2)]


def weighed(weight):
    """Return the mean absolute difference, weighed."""
    return lambda sr, hr: weight * l1(sr, hr)


def loss(factory, **spec):
    """Return the contract of a loss with this factory."""
    usual = {"summary": "for this test"}
    announced = LossSpec(name="made", factory=factory, **(usual | spec))
    return held(ReferenceLossContract, announced)


def row(name, contract, caught_by, says, **more):
    """Return a row of this table."""
    check = caught_by if caught_by == REFUSED else f"test_{caught_by}"
    return Mutant(name=name, held=contract, caught_by=check, says=says, **more)


def idle(annotation, default):
    """Return a factory with an option that does nothing."""

    def made(*, extra=default):
        """Compare pictures.

        Args:
            extra: nothing.
        """
        return l1

    made.__annotations__["extra"] = annotation
    return made


def taking(annotation, default, use):
    """Return a factory whose weight is `use(option)`."""

    def made(*, extra=default):
        """Compare pictures.

        Args:
            extra: makes the weight.
        """
        return weighed(use(extra))

    made.__annotations__["extra"] = annotation
    return made


def _plain():
    """Compare pictures."""
    return l1


def _undocumented(*, weight: Power = 1.0):
    """Compare pictures."""
    return weighed(weight)


def _half_documented(*, weight: Power = 1.0, power: Power = 1.0):
    """Compare pictures.

    Args:
        weight: a factor.
    """
    return lambda sr, hr: weight * ((sr - hr).abs() + 0.01).pow(power).mean()


def _documents_another(*, weight: Power = 1.0):
    """Compare pictures.

    Args:
        weight: a factor.
        wieght: the same, misspelt.
    """
    return weighed(weight)


def _documents_without_options():
    """Compare pictures.

    Args:
        power: what it was raised to, once.
    """
    return l1


def _unexplained():
    return l1


def _arguments_alone(*, weight: Power = 1.0):
    """Args:
    weight: a factor.
    """
    return weighed(weight)


def _steering():
    """Compare pictures \x1b[31min red."""
    return l1


def _refusing_a_choice(*, norm: Literal["l1", "l2", "max"] = "l1"):
    """Compare pictures.

    Args:
        norm: which distance.
    """
    if norm == "max":
        raise OptionError("norm=max is not there yet", component="made", option="norm")
    return weighed(1.0 if norm == "l1" else 2.0)


def _of_a_table(*, norm: Literal["l1", "l2", "max"] = "l1"):
    """Compare pictures.

    Args:
        norm: which distance.
    """
    return weighed({"l1": 1.0, "l2": 2.0}[norm])


def _together(*, kind: Literal["plain", "root"] = "plain", eps: Power = 1.0):
    """Compare pictures.

    Args:
        kind: plain or root.
        eps: of `root`.
    """
    if kind == "plain":
        return l1
    return lambda sr, hr: ((sr - hr).square() + eps).sqrt().mean()


def _three_together(*, first: bool = False, second: bool = False, third: Power = 1.0):
    """Compare pictures.

    Args:
        first: doubles it.
        second: doubles it.
        third: a factor where both do.
    """
    weight = (2 if first else 1) * (2 if second else 1)
    return weighed(weight * (third if first and second else 1))


def _of_memory(*, chunks: Positive = 1):
    """Compare pictures.

    Args:
        chunks: into how many parts they are cut, for memory.
    """
    return l1


def _refuses_bad_values(*, sides: tuple[int, ...] = (3, 5), name: str = "mean"):
    """Compare pictures.

    Args:
        sides: of windows, odd.
        name: mean or sum.
    """
    if not sides or any(side < 1 or side % 2 == 0 for side in sides):
        raise OptionError("sides must be odd", component="made", option="sides")
    if name not in ("mean", "more"):
        raise OptionError("name is mean or more", component="made", option="name")
    return weighed(sum(sides) * (2 if name == "more" else 1))


def _squares_only():
    """Compare square pictures."""

    def call(sr, hr):
        if sr.shape[-1] != sr.shape[-2]:
            raise ValueError("square pictures only")
        return l1(sr, hr)

    return call


def _of_metric(*, border: Annotated[int, Between(0, 4)] = 0):
    """Score pictures.

    Args:
        border: what is cut off.
    """
    return lambda sr, hr: each((sr - hr).abs())


def _of_degradation(*, sigma: Annotated[float | Range, Between(0, 3)] = 1.0):
    """Degrade pictures.

    Args:
        sigma: of nothing.
    """
    return lambda hr, rng: hr * 0.5


class _Game:
    def generator(self, real, fake):
        return torch.nn.functional.softplus(-fake).mean()

    def discriminator(self, real, fake):
        softplus = torch.nn.functional.softplus
        return softplus(-real).mean() + softplus(fake).mean()


def _of_game(*, real_label: Power = 1.0):
    """Play the standard game.

    Args:
        real_label: of nothing.
    """
    return _Game()


def _positional(weight: float = 1.0):
    """Compare pictures."""
    return weighed(weight)


def _untyped(*, weight=1.0):
    """Compare pictures."""
    return weighed(weight)


def _any_options(**options: float):
    """Compare pictures."""
    return l1


_IDLE = (
    ("a switch", bool, False),
    ("a whole number", Positive, 3),
    ("a number", Power, 1.0),
    ("a choice", Literal["mean", "sum"], "mean"),
    ("a word", str, "mean"),
    ("a number or none", Power | None, None),
    ("a list of numbers", tuple[Power, ...], (1.0,)),
    ("a pair", tuple[Positive, Positive], (1, 2)),
)
_CRASHES = (
    ("divides by a number that may be 0", float, 1.0, lambda one: 1 / one, "ZeroDivisionError"),
    (
        "channels below 0",
        float,
        1.0,
        lambda one: 1 + abs(torch.zeros(round(one * 2)).numel() + one),
        "non-negative",
    ),
    ("layers below 0", int, 2, lambda one: 1 + torch.ones(one).sum().item(), "negative dimension"),
    ("a word that is no key", str, "mean", lambda one: {"mean": 1.0}[one], "KeyError"),
    ("a list without items", tuple[Power, ...], (1.0, 2.0), lambda one: one[1], "IndexError"),
    ("none in a product", Power | None, 1.0, lambda one: 2.0 * one, "TypeError"),
    (
        "the end of its bounds",
        Annotated[int, Between(0, 9)],
        3,
        lambda one: 9 / one,
        "ZeroDivisionError",
    ),
    (
        "an even number",
        Positive,
        3,
        lambda one: one if one % 2 else int("even"),
        "invalid literal",
    ),
)
_SPECS = (
    ("no summary", {"summary": " "}, SAYS, "has no summary"),
    ("a summary of a page", {"summary": "a loss " * 20}, SAYS, "139 characters|140 characters"),
    ("no source", {"source": ""}, SAYS, "names no source"),
    ("no licence", {"licence": ""}, SAYS, "names no licence"),
    ("a summary of two lines", {"summary": "one\ntwo"}, REFUSED, "one line"),
    ("colours in its summary", {"summary": "\x1b[31mred"}, REFUSED, "control character"),
    ("a small instance of another", {"small": "l1"}, SMALL, "is not an instance of made"),
    ("a small instance with an option", {"small": "made(size=3)"}, SMALL, "no option 'size'"),
    ("a small instance that is no call", {"small": "made(("}, SMALL, "cannot be read"),
    (
        "a failure of no check",
        {"expected_failures": {"test_that_is_not_there": "a reason"}},
        DECLARED,
        "not a check of its kind",
    ),
    (
        "an option that is not there acts with others",
        {"acts_with": {"size": "made"}},
        DECLARED,
        "not an option",
    ),
    (
        "an option that is not there is unseen",
        {"unseen_options": {"size": "of memory"}},
        DECLARED,
        "not an option",
    ),
    (
        "an expected failure that passes",
        {"expected_failures": {"test_it_is_not_negative": "it is a similarity"}},
        "it_is_not_negative",
        "leave it out there",
    ),
)
MUTANTS = (
    *(
        row(f"{name} that does nothing", loss(idle(kind, default)), IDLE, "'extra'")
        for name, kind, default in _IDLE
    ),
    row("an option of three that is not told", loss(_three_together), IDLE, r"\['third'\]"),
    row("an option of memory that is not told", loss(_of_memory), IDLE, r"unseen_options="),
    row(
        "an option of a metric that does nothing",
        held(
            MetricContract,
            MetricSpec(
                name="made", factory=_of_metric, summary="for this test", higher_is_better=False
            ),
        ),
        IDLE,
        "border",
    ),
    row(
        "a range that does nothing",
        held(
            DegradationContract,
            DegradationSpec(name="made", factory=_of_degradation, summary="for this test"),
        ),
        IDLE,
        "sigma",
    ),
    row(
        "an option of a game that does nothing",
        held(
            AdversarialLossContract,
            LossSpec(name="made", factory=_of_game, summary="for this test", adversarial=True),
        ),
        IDLE,
        "real_label",
    ),
    row("an option without words", loss(_undocumented), DOCUMENTED, r"no option \['weight'\]"),
    row("the second option without words", loss(_half_documented), DOCUMENTED, r"\['power'\]"),
    row("words of an option that is not there", loss(_documents_another), EXISTS, "wieght"),
    row("words of options without any", loss(_documents_without_options), EXISTS, "power"),
    row("no docstring", loss(_unexplained), EXPLAINED, "has no docstring"),
    row(
        "a docstring of arguments alone",
        loss(_arguments_alone),
        EXPLAINED,
        "has no docstring",
        also=also("its words are no section", DOCUMENTED),
    ),
    row("colours in its docstring", loss(_steering), EXPLAINED, "control"),
    row("a choice that is refused", loss(_refusing_a_choice), CHOICES, "norm=max is one of its"),
    row(
        "a choice that is no key",
        loss(_of_a_table),
        CHOICES,
        "norm=max is one of its",
        also=also("a choice is a value too", VALUES),
    ),
    *(
        row(name, loss(taking(kind, default, use)), VALUES, says)
        for name, kind, default, use, says in _CRASHES
    ),
    *(row(name, loss(_plain, **spec), check, says) for name, spec, check, says in _SPECS),
    row(
        "a failure without a reason",
        loss(
            _squares_only,
            expected_failures={
                "test_pictures_need_not_be_square": " ",
                "test_it_takes_its_smallest_pictures": "squares only",
            },
        ),
        DECLARED,
        "gives no reason",
    ),
    row(
        "an unseen option without a reason",
        loss(_of_memory, unseen_options={"chunks": ""}),
        DECLARED,
        "gives no reason",
    ),
    row("an option by place", loss(_positional), REFUSED, "not keyword-only"),
    row("an option without a type", loss(_untyped), REFUSED, "has no type"),
    row("options of any name", loss(_any_options), REFUSED, "keyword-only"),
    row("a default of another type", loss(idle(int, "three")), REFUSED, "does not fit its type"),
    row("a default outside its bounds", loss(idle(Power, 3.0)), REFUSED, "does not fit its type"),
    row("a type that is none of options", loss(idle(dict, {})), REFUSED, "no option type"),
)
SOUND = (
    ("an option that acts with another", loss(_together)),
    (
        "an option that acts with two others",
        loss(_three_together, acts_with={"third": "made(first=true, second=true)"}),
    ),
    ("an option of memory", loss(_of_memory, unseen_options={"chunks": "it saves memory"})),
    ("values refused by name", loss(_refuses_bad_values)),
    (
        "squares only, as it says",
        loss(
            _squares_only,
            expected_failures={
                "test_pictures_need_not_be_square": "its tiles are squares",
                "test_it_takes_its_smallest_pictures": "its tiles are squares",
            },
        ),
    ),
)
