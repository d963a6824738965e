"""Which degradations are broken in one way?"""

import itertools
import random
from typing import Annotated

import numpy as np
import torch
from mutants.machinery import also, held
from mutants.values import broken_degradation, degradation_spec
from torch import nn
from torch.nn import functional

from srkit_core.interfaces import Between, Range
from srkit_core.testing import DegradationContract

TRAITS, SIZE = "its_traits_are_sensible", "lr_is_divisor_times_smaller"
SQUARE, ONE = "pictures_need_not_be_square", "a_single_picture_is_enough"
SMALLEST, INSIDE = "it_takes_the_smallest_pictures", "lr_stays_in_its_range"
TYPE, CROP = (
    "lr_keeps_type_and_device_of_hr",
    "lr_of_a_crop_with_its_margin_is_the_crop_of_lr",
)
PIXELS = "what_it_makes_of_pixels_is_what_it_makes_of_batches"
INEXACT, MEET = "it_is_as_inexact_in_crops_as_it_says", "pictures_of_a_batch_do_not_meet"
SAME, APART = "a_picture_alone_is_as_in_a_batch", "equal_pictures_are_drawn_for_apart"
MOVES, SHOWN = (
    "a_generator_moves_on",
    "what_is_shown_does_not_change_what_is_drawn_next",
)
SEED, TRACED = "the_seed_of_rng_is_left_alone", "traced_returns_what_a_call_returns"
DRAWS, FILLS = (
    "there_are_draws_for_each_picture",
    "what_is_drawn_lies_in_its_range_and_fills_it",
)
VALUE, DONE = "a_range_of_one_value_is_that_value", "what_traced_says_is_what_was_done"
READS, ELSE = "global_random_states_are_not_read", "building_and_calling_it_change_nothing_else"
BEHIND, ALONE = "a_call_leaves_nothing_behind", "what_it_is_given_is_left_alone"
BUILDS, LAYOUT = "two_builds_agree", "memory_layout_changes_nothing"
DEVICE, LEARNS = "it_works_on_the_device_of_its_inputs", "it_learns_nothing"
EVAL = "networks_within_are_in_eval_mode"

Strength = Annotated[float | Range, Between(0, 1)]
INEXACT_TRAITS = {"exact_in_crops": lambda options: False}
MARGIN_1 = {"margin": lambda options: 1}


def _rows(pictures):
    """Give each picture a place in front of its channels."""
    return pictures.view(-1, 1, 1, 1)


def _blur(hr, *, rng):
    return functional.avg_pool2d(functional.pad(hr, (1, 1, 1, 1), mode="replicate"), 3, 1)


def _noise(hr, *, rng):
    drawn = torch.randn(hr.shape, generator=rng, dtype=hr.dtype, device=hr.device)
    return (hr + 0.05 * drawn).clamp(0, 1)


def _factors(hr, rng, shape=None):
    count = (len(hr),) if shape is None else shape
    return torch.rand(count, generator=rng, dtype=torch.float64).to(hr)


class Dim:
    """Makes each picture darker by a factor of its own, and tells it."""

    def __init__(self, strength):
        self.strength = strength

    def drawn(self, hr, rng):
        """Return a factor a picture."""
        if not isinstance(self.strength, Range):
            return torch.full((len(hr),), float(self.strength), dtype=torch.float64)
        low, high = self.strength.low, self.strength.high
        return low + (high - low) * torch.rand(len(hr), generator=rng, dtype=torch.float64)

    def told(self, factors, rng):
        """Say what was drawn."""
        if not isinstance(self.strength, Range):
            return [{} for _ in factors]
        return [{"made.strength": round(float(one), 4)} for one in factors]

    def used(self, factors):
        """Return the factors that pictures are multiplied by."""
        return factors

    def traced(self, hr, *, rng):
        factors = self.drawn(hr, rng)
        return hr * _rows(self.used(factors).to(hr)), self.told(factors, rng)

    def __call__(self, hr, *, rng):
        return self.traced(hr, rng=rng)[0]


def dim(kind=Dim, **methods):
    """Return the factory of a Dim, some of whose methods are others."""
    built = type("Mutated", (kind,), methods)

    def made(*, strength: Strength = Range(0.2, 0.8)):  # noqa: B008 (frozen)
        """Make pictures darker.

        Args:
            strength: by which factor.
        """
        return built(strength)

    return made


def of(call):
    """Return the factory of a degradation without options."""

    def made():
        return call

    return made


def new(kind):
    """Return the factory of a class."""

    def made():
        return kind()

    return made


class _Counting:
    def __init__(self):
        self.calls = 0

    def __call__(self, hr, *, rng):
        self.calls += 1
        return hr * (1 - 0.1 * (self.calls > 1))


class _Remembers:
    def __init__(self):
        self.kept = {}

    def __call__(self, hr, *, rng):
        return self.kept.setdefault((hr.shape, hr.dtype, hr.device), hr.clone())


_BUILT = itertools.count(1)


class _Built:
    def __init__(self):
        self.factor = 1 - 1e-7 * next(_BUILT)

    def __call__(self, hr, *, rng):
        return hr * self.factor


class _Learnable(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5))

    def forward(self, hr, *, rng):
        return hr * self.factor


class _TwoModes(nn.Module):
    def forward(self, hr, *, rng):
        return hr * (0.5 if self.training else 1)


class _OnTheCPU:
    def __init__(self):
        self.tint = torch.tensor([1.0, 0.9, 0.8]).view(3, 1, 1)

    def __call__(self, hr, *, rng):
        return (hr * self.tint).to(hr.dtype)


class _OwnGenerator:
    def __call__(self, hr, *, rng):
        return _noise(hr, rng=torch.Generator().manual_seed(3))


def _squares_only(hr, *, rng):
    if hr.shape[-1] != hr.shape[-2]:
        raise ValueError("square pictures only")
    return hr * 0.5


def _reflected(hr, *, rng):
    return functional.avg_pool2d(functional.pad(hr, (1, 1, 1, 1), mode="reflect"), 3, 1)


def _sharpened(hr, *, rng):
    return hr + 0.5 * (hr - _blur(hr, rng=rng))


def _vignette(hr, *, rng):
    ramp = torch.linspace(0.5, 1, hr.shape[-1], dtype=hr.dtype, device=hr.device)
    return hr * ramp


def _mosaic(hr, *, rng):
    height, width = hr.shape[-2:]
    small = functional.avg_pool2d(hr, 4, 4, ceil_mode=True, count_include_pad=False)
    return small.repeat_interleave(4, -1).repeat_interleave(4, -2)[..., :height, :width]


def _normalised(hr, *, rng):
    return hr / hr.flatten(1).amax(1).clamp(min=0.1).view(-1, 1, 1, 1)


def _shots(hr, *, rng):
    return (torch.poisson(hr * 255, generator=rng) / 255).clamp(0, 1)


def _mixed(hr, *, rng):
    return _noise(0.9 * hr + 0.1 * hr.roll(1, 0), rng=rng)


def _drawing_where_bright(hr, *, rng):
    lr = _noise(hr, rng=rng)
    if float(hr.mean()) > 0.9:
        torch.rand(1, generator=rng)
    return lr


def _as_seeded(hr, *, rng):
    return _noise(hr, rng=torch.Generator().manual_seed(rng.initial_seed()))


def _without_moving(hr, *, rng):
    state = rng.get_state()
    lr = _noise(hr, rng=rng)
    rng.set_state(state)
    return lr


def _seeding(hr, *, rng):
    seed = int(torch.randint(2**31, (), generator=rng))
    return _noise(hr, rng=rng.manual_seed(seed))


def _one_for_all(hr, *, rng):
    return hr * _factors(hr, rng, (1,))


def _noise_of_one(hr, *, rng):
    drawn = torch.randn(hr.shape[1:], generator=rng, dtype=hr.dtype)
    return (hr + 0.05 * drawn).clamp(0, 1)


def _global(draw):
    return lambda hr, rng: (hr * (0.5 + 0.5 * float(draw()))).to(hr)


_TABLE = (
    # What it says of itself.
    (
        "a margin below 0",
        of(_noise),
        TRAITS,
        "the margin is -1",
        {**INEXACT_TRAITS, "margin": lambda options: -1},
    ),
    ("a margin that is too small", of(_blur), CROP, "margin of 0 pixels", {}),
    ("factors by place", of(_vignette), CROP, "off by", {}),
    ("blocks that begin where the crop begins", of(_mosaic), CROP, "exact_in_crops", {}),
    ("as bright as the brightest pixel", of(_normalised), CROP, "off by", {}),
    (
        "exact and does not say so",
        of(lambda hr, rng: hr * 0.5),
        INEXACT,
        "leave it out",
        INEXACT_TRAITS,
    ),
    (
        "other bytes of a picture than of a batch",
        of(lambda hr, rng: hr.clone()),
        PIXELS,
        "they differ",
        {"of_pixels": lambda options: lambda hr: hr // 2},
    ),
    # Which pictures it takes.
    (
        "as large as HR",
        of(lambda hr, rng: hr * 0.5),
        SIZE,
        "declare the divisor",
        {"divisor": lambda options: 2},
    ),
    (
        "half as large",
        of(lambda hr, rng: functional.avg_pool2d(hr, 2, ceil_mode=True)),
        SIZE,
        "gives LR",
        {},
    ),
    ("squares only", of(_squares_only), SQUARE, "square pictures", {}),
    (
        "height and width swapped",
        of(lambda hr, rng: hr.transpose(-1, -2) * 0.5),
        SQUARE,
        "gives LR",
        {},
    ),
    ("without the dimension of the batch", of(lambda hr, rng: hr.squeeze(0)), ONE, "gives LR", {}),
    (
        "centred over the batch",
        of(lambda hr, rng: hr * 0.5 + 0 * hr.mean((1, 2, 3)).std()),
        ONE,
        "not finite",
        {},
    ),
    ("reflected borders", of(_reflected), SMALLEST, "[Pp]adding size", MARGIN_1),
    # What LR is.
    ("overshoot", of(_sharpened), INSIDE, "clamp", MARGIN_1),
    ("below black", of(lambda hr, rng: hr - 0.1), INSIDE, "LR of", {}),
    ("8-bit numbers", of(lambda hr, rng: hr * 255), INSIDE, "LR of", {}),
    (
        "noise without a clamp",
        of(lambda hr, rng: hr + 0.05 * torch.randn(hr.shape, generator=rng, dtype=hr.dtype)),
        INSIDE,
        "LR of",
        INEXACT_TRAITS,
    ),
    ("float32 for all", of(lambda hr, rng: hr.float() * 0.5), TYPE, "LR of torch.float32", {}),
    ("float64 for all", of(lambda hr, rng: hr.double() * 0.5), TYPE, "LR of torch.float64", {}),
    # The batch.
    ("a part of its neighbour", of(_mixed), MEET, "other pictures in its batch", INEXACT_TRAITS),
    (
        "as bright as the batch",
        of(lambda hr, rng: hr * hr.mean().clamp(0, 1)),
        MEET,
        "in its batch",
        INEXACT_TRAITS,
    ),
    (
        "in another order",
        of(lambda hr, rng: _noise(hr.flip(0).roll(1, 0), rng=rng)),
        MEET,
        "in its batch",
        INEXACT_TRAITS,
    ),
    (
        "photons counted one after the other",
        of(_shots),
        MEET,
        "draw as many numbers",
        INEXACT_TRAITS,
    ),
    (
        "darker in larger batches",
        of(lambda hr, rng: hr * (1 - 0.1 * len(hr))),
        SAME,
        "in batches of two",
        {},
    ),
    ("noise of its own seed", new(_OwnGenerator), SAME, "in batches of two", INEXACT_TRAITS),
    ("one factor for the batch", of(_one_for_all), APART, "a number a picture", {}),
    ("one noise for the batch", of(_noise_of_one), APART, "degraded alike", INEXACT_TRAITS),
    # The generator.
    (
        "the seed of the generator used again",
        of(_as_seeded),
        MOVES,
        "as it was before",
        INEXACT_TRAITS,
    ),
    (
        "the state of the generator put back",
        of(_without_moving),
        MOVES,
        "as it was before",
        INEXACT_TRAITS,
    ),
    ("seeds the generator", of(_seeding), SEED, "seeds rng anew", INEXACT_TRAITS),
    (
        "draws once more for what is bright",
        of(_drawing_where_bright),
        SHOWN,
        "depends on what",
        INEXACT_TRAITS,
    ),
    ("factors of torch", of(_global(lambda: torch.rand(()))), READS, "random states", {}),
    ("factors of numpy", of(_global(np.random.rand)), READS, "random states", {}),
    ("factors of Python", of(_global(random.random)), READS, "random states", {}),
    # What it leaves alone.
    ("in place", of(lambda hr, rng: hr.mul_(0.5)), ALONE, "changes HR in place", {}),
    (
        "in place and back",
        of(lambda hr, rng: hr.mul_(0.5).mul_(2).clone()),
        ALONE,
        "in place and back",
        {},
    ),
    (
        "seeds torch",
        of(lambda hr, rng: (torch.manual_seed(0), hr * 0.5)[1]),
        ELSE,
        "torch's random state",
        {},
    ),
    (
        "a view of rows",
        of(lambda hr, rng: (hr.view(len(hr), -1) * 0.5).view(hr.shape)),
        LAYOUT,
        "view size",
        {},
    ),
    ("counts its calls", new(_Counting), BEHIND, "fresh one says", {}),
    ("remembers by shape", new(_Remembers), BEHIND, "fresh one says", {}),
    ("weighs by how many were built", new(_Built), BUILDS, "built twice", {}),
    ("learns a factor", new(_Learnable), LEARNS, "nobody would train", {}),
    ("darker by its mode", new(_TwoModes), EVAL, r"call \.eval\(\)", {}),
    ("a tint on the CPU", new(_OnTheCPU), DEVICE, "another device", {}),
    # What it draws, and tells.
    (
        "another LR where it is traced",
        dim(__call__=lambda self, hr, *, rng: self.traced(hr, rng=rng)[0] * 0.98),
        TRACED,
        "let one call the other",
        {},
    ),
    (
        "one draw told for the batch",
        dim(told=lambda self, factors, rng: [{"made.strength": float(factors.mean())}]),
        DRAWS,
        "one dict a picture",
        {},
    ),
    (
        "a draw without a component",
        dim(told=lambda self, factors, rng: [{"strength": float(one)} for one in factors]),
        DRAWS,
        "component.option",
        {},
    ),
    (
        "draws that are tensors",
        dim(told=lambda self, factors, rng: [{"made.strength": one} for one in factors]),
        DRAWS,
        "a Tensor",
        {},
    ),
    (
        "draws that are not finite",
        dim(
            told=lambda self, factors, rng: [
                said | {"made.other": float("nan")} for said in Dim.told(self, factors, rng)
            ]
        ),
        DRAWS,
        "made.other=nan",
        {},
    ),
    (
        "a range of its own",
        dim(
            drawn=lambda self, hr, rng: (
                0.1 + 0.9 * _factors(hr.double(), rng)
                if isinstance(self.strength, Range)
                else Dim.drawn(self, hr, rng)
            )
        ),
        FILLS,
        "draw between the ends",
        {},
    ),
    (
        "only the lower third of its range",
        dim(
            drawn=lambda self, hr, rng: (
                self.strength.low
                + (self.strength.high - self.strength.low) / 3 * _factors(hr.double(), rng)
                if isinstance(self.strength, Range)
                else Dim.drawn(self, hr, rng)
            )
        ),
        FILLS,
        "over the whole range",
        {},
    ),
    (
        "one draw for the batch",
        dim(drawn=lambda self, hr, rng: Dim.drawn(self, hr[:1], rng).expand(len(hr))),
        FILLS,
        "a value a picture",
        {},
    ),
    (
        "draws told in percent",
        dim(
            told=lambda self, factors, rng: [
                {name: 100 * one for name, one in said.items()}
                for said in Dim.told(self, factors, rng)
            ]
        ),
        FILLS,
        "draw between the ends",
        {},
    ),
    (
        "a little beside a fixed range",
        dim(
            used=lambda self, factors: (
                factors * 0.95
                if isinstance(self.strength, Range) and self.strength.low == self.strength.high
                else factors
            )
        ),
        VALUE,
        "draw between the ends",
        {},
    ),
    (
        "tells what it draws anew",
        dim(told=lambda self, factors, rng: Dim.told(self, Dim.drawn(self, factors, rng), rng)),
        DONE,
        "tell the values that were used",
        {},
    ),
    (
        "tells one digit",
        dim(
            told=lambda self, factors, rng: [
                {name: round(one, 1) for name, one in said.items()}
                for said in Dim.told(self, factors, rng)
            ]
        ),
        DONE,
        "tell the values that were used",
        {},
    ),
    (
        "tells what another picture got",
        dim(told=lambda self, factors, rng: Dim.told(self, factors.flip(0), rng)),
        DONE,
        "tell the values that were used",
        {},
    ),
    (
        "uses the square of what it tells",
        dim(used=lambda self, factors: factors.square() if len(factors.unique()) > 1 else factors),
        DONE,
        "tell the values that were used",
        {},
    ),
)
_DRAWN = also("what is drawn is used up", ELSE)
_SIZES = also("sizes are tried there too", SMALLEST, SQUARE, CROP)
_RECTANGLES = also("tries rectangles too", SMALLEST)
_ONE_VALUE = also("told of a range of one value too", VALUE)
_ALSO = {
    "as large as HR": _SIZES,
    "half as large": _SIZES,
    "squares only": _RECTANGLES,
    "height and width swapped": _RECTANGLES,
    "as bright as the batch": also("in batches of two the neighbours are others", SAME),
    "photons counted one after the other": also("bright pictures draw more", SHOWN),
    "weighs by how many were built": also("compares two builds, bit for bit", BEHIND, READS),
    "a range of its own": _ONE_VALUE,
    "draws told in percent": _ONE_VALUE,
    "one draw for the batch": also("equal pictures are alike then", APART),
    "factors of torch": _DRAWN,
    "factors of numpy": _DRAWN,
    "factors of Python": _DRAWN,
}
ESCAPES = (
    (
        "drawn on the CPU whatever the device of HR",
        of(lambda hr, rng: hr * _rows(torch.rand(len(hr), generator=rng, dtype=hr.dtype))),
        "torch has generators of the CPU and of GPUs only: seen on a machine with a GPU",
        {},
    ),
    (
        "drawn from another distribution, untold",
        of(lambda hr, rng: hr * _rows(_factors(hr, rng).square())),
        "which distribution is meant is written in words, and LR shows no draws",
        {},
    ),
)
MUTANTS = (
    *(
        broken_degradation(name, factory, check, says, traits=traits, also=_ALSO.get(name, {}))
        for name, factory, check, says, traits in _TABLE
    ),
    *(
        broken_degradation(name, factory, "", "", traits=traits, escapes=why)
        for name, factory, why, traits in ESCAPES
    ),
)
SOUND = (
    ("a blur", held(DegradationContract, degradation_spec(of(_blur), **MARGIN_1))),
    ("noise", held(DegradationContract, degradation_spec(of(_noise), **INEXACT_TRAITS))),
    ("a factor a picture, told", held(DegradationContract, degradation_spec(dim()))),
    (
        "half as large",
        held(
            DegradationContract,
            degradation_spec(
                of(lambda hr, rng: functional.avg_pool2d(hr, 2)), divisor=lambda options: 2
            ),
        ),
    ),
)
