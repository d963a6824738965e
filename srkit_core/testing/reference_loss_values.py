"""What do the values of a reference loss say?"""

from itertools import pairwise
from math import isfinite
from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.specs import LossSpec
from srkit_core.testing.call_checks import CallChecks
from srkit_core.testing.checks import check
from srkit_core.testing.gradients import one_number
from srkit_core.testing.guarded import guarded
from srkit_core.testing.samples import CHANGES, flat, noisy, noisy_at_the_far_side, pictures

_SIDE: Final = 32
_STRENGTHS: Final = (0.0, 0.02, 0.1)
_ROUNDING: Final = 1e-5


class ReferenceLossCalls(CallChecks):
    """How a loss between SR and HR is called."""

    def spec(self) -> LossSpec:
        """Return the component's spec."""
        return self.bound().spec(LossSpec)

    def samples(self, number: int = 0) -> tuple[Tensor, ...]:
        """Return noisy pictures and what they were, square ones."""
        hr = self.hr(2, seed=number)
        return noisy(hr, 0.05), hr

    def ask(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the loss; the mean of what should be one number, of which a check of its own
        tells.
        """
        return (one_number(built(*inputs)),)

    def hr(self, batch: int = 2, *, seed: int = 0) -> Tensor:
        """Return square pictures that are large enough."""
        side = self._side()
        return pictures(batch, side, side, seed=seed)

    def value(self, sr: Tensor, hr: Tensor) -> float:
        """Return what a loss that was just built says, as a number."""
        (said,) = self.asked(self.build(), sr.clone(), hr.clone())
        return float(said.detach())

    def _side(self) -> int:
        return max(_SIDE, self._smallest())

    def _smallest(self) -> int:
        return self.bound().amount(self.spec().min_size)


class ReferenceLossValueChecks(ReferenceLossCalls):
    """Checks of the values of a reference loss."""

    @check("shape")
    def test_it_is_a_scalar(self) -> None:
        """One number for the batch, of a floating type."""
        with guarded():
            said = self.build()(*self.samples())
        assert isinstance(said, Tensor), f"the loss is a {type(said).__name__}, not a tensor"
        assert said.ndim == 0, (
            f"the loss has the shape {tuple(said.shape)}: it is not a scalar; take its mean"
        )
        assert said.is_floating_point(), f"the loss is of {said.dtype}, which has no gradient"

    @check("values")
    def test_it_is_not_negative(self) -> None:
        """Nothing is better than equal pictures, and these are near 0."""
        hr = self.hr()
        for sr in (hr, noisy(hr, 0.05), 1 - hr):
            value = self.value(sr, hr)
            assert not value < 0, f"the loss is negative: {value}"

    @check("shape")
    def test_pictures_need_not_be_square(self) -> None:
        """Crops may be any rectangle, and all of it counts."""
        side = self._side()
        for height, width in ((side, side + 24), (side + 24, side)):
            hr = pictures(2, height, width)
            before, after = self.value(hr, hr), self.value(noisy_at_the_far_side(hr), hr)
            assert isfinite(after), f"of pictures of {width} x {height} pixels the loss is {after}"
            assert before != after, (
                f"of pictures of {width} x {height} pixels the loss does not see the far side: "
                "height and width may differ"
            )

    @check("shape")
    def test_a_single_picture_is_enough(self) -> None:
        """The last batch of a validation may hold one."""
        hr = self.hr(1)
        value = self.value(noisy(hr, 0.05), hr)
        assert isfinite(value), f"of a single picture the loss is {value}"

    @check("shape")
    def test_it_takes_its_smallest_pictures(self) -> None:
        """`min_size` is a promise, for rectangles too."""
        side = self._smallest()
        for height, width in ((side, side), (side, side + 3), (side + 3, side)):
            hr = pictures(2, height, width)
            value = self.value(noisy(hr, 0.05), hr)
            assert isfinite(value), (
                f"min_size is {side}, and of pictures of {width} x {height} pixels the loss is "
                f"{value}: declare a larger one"
            )

    @check("values")
    def test_it_grows_with_noise(self) -> None:
        """A loss that needs a reference tells pictures that differ more."""
        if not self._follows_hr():
            return
        hr = self.hr()
        values = [
            self.value(noisy(hr, strength) if strength else hr, hr) for strength in _STRENGTHS
        ]
        if not all(map(isfinite, values)):
            return  # another check tells of that
        assert all(one < two for one, two in pairwise(values)), (
            f"the loss does not grow with noise of 0, 0.02 and 0.1: {values}"
        )

    @check("values")
    def test_it_is_least_for_equal_pictures(self) -> None:
        """No change of SR may be better than none."""
        if not self._follows_hr():
            return
        hr = self.hr()
        least = self.value(hr, hr)
        for name, change in CHANGES.items():
            value = self.value(change(hr), hr)
            assert not value < least - _ROUNDING * max(abs(least), 1e-3), (
                f"for equal pictures the loss is {least:.6g}, for SR {name} it is less: {value:.6g}"
            )

    @check("announced")
    def test_needs_reference_is_true(self) -> None:
        """Without reference it says the same whatever HR is; with one it does not."""
        needs, follows = self.spec().needs_reference, self._follows_hr()
        assert needs or not follows, "needs_reference=False, but HR changes the loss"
        assert follows or not needs, (
            "needs_reference=True, but HR does not change the loss: declare needs_reference=False"
        )

    @check("values")
    def test_it_is_finite_for_equal_and_flat_pictures(self) -> None:
        """Sky and night are in every data set, and a good network comes near to equal pictures."""
        hr = self.hr()
        for name, sr, other in flat_pairs(hr):
            value = self.value(sr, other)
            assert isfinite(value), (
                f"for {name} the loss is {value}: add a small number under roots and logarithms "
                "and below fractions"
            )

    @check("values")
    def test_it_is_finite_outside_the_range(self) -> None:
        """SR is not clamped: early in training it leaves [0, 1]."""
        hr = self.hr()
        for name, sr in {"-1 to 2": 3 * hr - 1, "-20 to 20": 40 * hr - 20}.items():
            leaf = sr.clone().requires_grad_()
            (value,) = self.asked(self.build(), leaf.clone(), hr)
            assert bool(value.isfinite()), f"for SR of {name} the loss is {float(value.detach())}"
            if value.requires_grad:
                (gradient,) = torch.autograd.grad(value, leaf, allow_unused=True)
                assert gradient is None or bool(gradient.isfinite().all()), (
                    f"for SR of {name} the gradient is not finite"
                )

    @check("values")
    def test_a_batch_is_the_mean_of_its_pictures(self) -> None:
        """A weight means the same whatever the batch is, also split over processes."""
        hr = self.hr(4)
        sr = torch.cat([noisy(hr[:2], 0.05), noisy(hr[2:], 0.1)])
        whole = self.value(sr, hr)
        parts = [self.value(sr[one], hr[one]) for one in (slice(0, 2), slice(2, 4))]
        assert abs(whole - sum(parts) / 2) <= 1e-4 * abs(whole), (
            f"a batch of four has a loss of {whole:.6g}, its halves {parts}: take the mean over "
            "the pictures, not the sum"
        )

    @check("values")
    def test_the_order_of_a_batch_does_not_matter(self) -> None:
        """Pictures come in any order."""
        hr = self.hr(4)
        sr = torch.cat([noisy(hr[:1], 0.2), noisy(hr[1:], 0.02)])
        one, other = self.value(sr, hr), self.value(sr.flip(0), hr.flip(0))
        assert abs(one - other) <= 1e-4 * abs(one), (
            f"with the pictures in another order the loss is {other:.6g}, else {one:.6g}"
        )

    @check("dtype")
    def test_double_precision_says_the_same(self) -> None:
        """Figures are computed in float64 too."""
        sr, hr = self.samples()
        single, double = self.value(sr, hr), self.value(sr.double(), hr.double())
        assert abs(single - double) <= 1e-3 * abs(double), (
            f"of float32 pictures the loss is {single:.6g}, of float64 {double:.6g}"
        )

    @check("dtype")
    def test_it_works_under_autocast(self) -> None:
        """Somebody's own training may call it there."""
        plain = self.value(*self.samples())
        loss = self.build()
        with torch.autocast("cpu", torch.bfloat16):
            said = self.asked(loss, *self.samples())[0].detach()
        assert abs(float(said) - plain) <= 0.1 * abs(plain), (
            f"under autocast to bfloat16 the loss is {float(said):.6g}, else {plain:.6g}: leave "
            "autocast inside, with torch.autocast(sr.device.type, enabled=False)"
        )

    def _follows_hr(self) -> bool:
        """Whether HR changes the loss."""
        sr, hr = self.samples()
        return self.value(sr, hr) != self.value(sr, self.hr(seed=9))


def flat_pairs(hr: Tensor) -> list[tuple[str, Tensor, Tensor]]:
    """Return pairs of SR and HR that are equal or flat, with what people would say of them."""
    black, gray, white = (flat(level, hr) for level in (0.0, 0.5, 1.0))
    return [
        ("equal pictures", hr, hr),
        ("black pictures", black, black),
        ("white pictures", white, white),
        ("grey pictures", gray, gray),
        ("black SR of a picture", black, hr),
        ("black SR of a white picture", black, white),
    ]
