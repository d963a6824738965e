"""Which of other trainers' schedules are here, and what are their options called?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from typing import Any, Final, TypeAlias

from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    SaidOtherwise,
    Sayings,
    number,
    whole,
)
from srkit_core.option_files.ways import By, Row

_SCHEDULE: Final = "stages.schedule"
_RESTARTED: Final = "there the step at which a period ends begins the next one"


def _as_it_is(at: At) -> IntoField:
    return IntoField(at.name, at.value)


def _over_rate(at: At) -> IntoField:
    return _final(at, at.value)


def _final(at: At, smallest: Any) -> IntoField:
    """Return the smallest rate as a factor of the stage's."""
    rate = float(number(at.options.get("train.optim_g.lr", 1)))
    note = "the smallest rate over the first one"
    return IntoField("final", float(f"{float(smallest) / rate:.12g}"), note)


def _longer_period(at: At) -> IntoField | CannotBeSaid:
    """Return half a cosine that is at least as long as the stage, and after which torch's rate
    would rise again.
    """
    if whole(at.value) < whole(_steps(at)):
        return CannotBeSaid("srkit's cosine does not rise again after T_max")
    return IntoField("periods", [whole(at.value)])


def _same_end(at: At) -> IntoField | CannotBeSaid:
    if len(set(at.value)) > 1:
        return CannotBeSaid("srkit's cosine has one end for all periods: write a stage for each")
    return _final(at, at.value[0])


def _warm_restarts(at: At) -> IntoField:
    """Return the periods of torch's warm restarts, as many as the stage takes."""
    first, factor = whole(at.value), whole(at.beside("T_mult", 1))
    steps = max(whole(_steps(at)), 1)
    lengths = [first * factor**count for count in range(steps // first + 1)]
    ends = accumulate(lengths)
    begun = 1 + sum(1 for _ in takewhile(lambda end: end < steps, ends))
    return IntoField("periods", lengths[:begun], _RESTARTED)


def _written_into_periods(_: At) -> SaidOtherwise:
    return SaidOtherwise("the lengths of periods have it")


def _no_restart(at: At) -> SaidOtherwise | CannotBeSaid:
    if list(at.value) == [0]:
        return SaidOtherwise("multistep does not begin anew")
    return CannotBeSaid("multistep does not begin anew: write a stage for each part")


_Option: TypeAlias = Callable[[At], IntoField | SaidOtherwise | CannotBeSaid]


def _called(here: str) -> _Option:
    return lambda at: IntoField(here, at.value)


@dataclass(frozen=True)
class KnownSchedule:
    """A schedule by its name here, what each of its options becomes, and what is written where the
    file says nothing.
    """

    here: str
    options: Mapping[str, _Option]
    usual: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    """By the option there: the option here, and its value."""


_GAMMA: Final[Mapping[str, tuple[str, Any]]] = {"gamma": ("gamma", 0.1)}
_STEPS: Final = KnownSchedule("multistep", {"milestones": _as_it_is, "gamma": _as_it_is}, _GAMMA)
_COSINE: Final = KnownSchedule("cosine", {"eta_min": _over_rate, "T_max": _longer_period})

KNOWN_SCHEDULES: Final[Mapping[str, KnownSchedule]] = {
    "multisteplr": _STEPS,
    "multisteprestartlr": KnownSchedule(
        "multistep", {**_STEPS.options, "restarts": _no_restart}, _GAMMA
    ),
    "cosineannealingrestartlr": KnownSchedule(
        "cosine", {"periods": _as_it_is, "restart_weights": _as_it_is, "eta_min": _over_rate}
    ),
    "cosineannealingrestartcycliclr": KnownSchedule(
        "cosine", {"periods": _as_it_is, "restart_weights": _as_it_is, "eta_mins": _same_end}
    ),
    "cosineannealinglr": _COSINE,
    "cosineannealing": _COSINE,
    "truecosineannealinglr": _COSINE,
    "cosineannealingwarmrestarts": KnownSchedule(
        "cosine", {"T_0": _warm_restarts, "T_mult": _written_into_periods, "eta_min": _over_rate}
    ),
    "exponentiallr": KnownSchedule("exponential", {"gamma": _as_it_is}),
    "steplr": KnownSchedule(
        "exponential",
        {"gamma": _as_it_is, "step_size": _called("every")},
        {**_GAMMA, "": ("staircase", True)},
    ),
    "polynomiallr": KnownSchedule("polynomial", {"power": _as_it_is}),
    "onecyclelr": KnownSchedule(
        "one-cycle",
        dict.fromkeys(("pct_start", "div_factor", "final_div_factor", "three_phase"), _as_it_is),
    ),
    "reducelronplateau": KnownSchedule(
        "plateau",
        {
            **dict.fromkeys(
                ("factor", "patience", "threshold", "threshold_mode", "cooldown"), _as_it_is
            ),
            "min_lr": _over_rate,
        },
    ),
}
"""Schedules of BasicSR, of what was made from it, and of torch, by their names in small letters."""

_LENGTHS: Final = ("T_max", "total_iters", "total_steps")


def part_of_schedule(at: At) -> Sayings:
    """Return a part of a schedule, where it is one that is here."""
    found = KNOWN_SCHEDULES.get(str(at.beside("type")).lower())
    if found is None:
        return CannotBeSaid(f"srkit has no schedule {at.beside('type')}")
    if at.name == "type":
        usual = [
            IntoField(f"{_SCHEDULE}.{here}", value, f"the default of {there}" if there else "")
            for there, (here, value) in found.usual.items()
            if not there or at.beside(there) is None
        ]
        return [IntoField(f"{_SCHEDULE}.name", found.here), *usual]
    if at.name in _LENGTHS and whole(at.value) == whole(_steps(at)):
        return IntoField(f"{_SCHEDULE}.name", found.here, "over the stage")
    if at.name not in found.options:
        return CannotBeSaid(f"srkit's {found.here} has no such option")
    said = found.options[at.name](at)
    if isinstance(said, IntoField):
        return IntoField(f"{_SCHEDULE}.{said.place}", said.value, said.note)
    return said


def _steps(at: At) -> Any:
    return at.options.get("train.total_iter", at.options.get("logger.total_iter", 0))


_NAMES: Final = ", ".join(
    f"`{name}`" for name in dict.fromkeys(one.here for one in KNOWN_SCHEDULES.values())
)

SCHEDULE_ROWS: Final = (
    Row(
        "train.scheduler.*",
        By(f"`schedule`: {_NAMES}; `eta_min` over `lr` is `final`", part_of_schedule),
    ),
)
"""The row of schedules."""
