"""Which checks does a loss pass?"""

from itertools import pairwise
from math import isfinite
from typing import ClassVar

import torch
from torch import Tensor

from srkit_core.specs import LossSpec
from srkit_core.testing.checks import check
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.samples import noisy, pictures

_SHAPES = ((4,), (4, 1), (4, 1, 3, 5), (1, 1))
"""Logits of pooled heads and of maps, and of a single picture."""
_SIDE = 32
_STEP = 0.25
_CONFIDENT = 100.0


class _LossContract(ComponentContract):
    kind = "loss"
    _adversarial: ClassVar[bool]

    def spec(self) -> LossSpec:
        """Return the component's spec."""
        return self.bound().spec(LossSpec)

    @check("announced")
    def test_its_traits_are_sensible(self) -> None:
        """A weight left out of a sum is the declared one, so it is positive.

        `adversarial` says which interface it has.
        """
        spec = self.spec()
        assert isfinite(spec.default_weight), f"default_weight is {spec.default_weight}"
        assert spec.default_weight > 0, (
            f"default_weight is {spec.default_weight}, which is not positive"
        )
        assert spec.adversarial == self._adversarial, (
            f"adversarial={spec.adversarial} is declared: use the other contract of a loss"
        )


class ReferenceLossContract(_LossContract):
    """Checks of a loss between SR and HR, (B, 3, H, W) in [0, 1] each: a scalar >= 0."""

    _adversarial = False

    @check("shape")
    def test_it_is_a_finite_scalar_and_not_negative(self) -> None:
        """For near, far and equal pictures."""
        loss, hr = self.build(), self._hr()
        for sr in (hr, noisy(hr, 0.05), 1 - hr, torch.zeros_like(hr)):
            value = loss(sr.clone(), hr)
            assert value.ndim == 0, (
                f"the loss has the shape {tuple(value.shape)}: it is not a scalar"
            )
            assert isfinite(value.item()), f"the loss is {value.item()}"
            assert value.item() >= 0, f"the loss is negative: {value.item()}"

    @check("values")
    def test_it_is_least_for_equal_pictures(self) -> None:
        """And it grows with noise; a loss that needs no reference says the same whatever HR is."""
        if not self.spec().needs_reference:
            sr = self._hr()
            assert self.build()(sr, sr).item() == self.build()(sr, 1 - sr).item(), (
                "needs_reference=False, but HR changes the loss"
            )
            return
        loss, hr = self.build(), self._hr()
        values = [
            loss(noisy(hr, strength) if strength else hr.clone(), hr).item()
            for strength in (0, 0.02, 0.1)
        ]
        assert all(one < two for one, two in pairwise(values)), (
            f"the loss does not grow with noise of 0, 0.02 and 0.1: {values}"
        )

    @check("gradient")
    def test_gradient_reaches_sr(self) -> None:
        """Finite, and not zero on any picture of the batch."""
        hr = self._hr()
        sr = noisy(hr, 0.05).requires_grad_()
        self.build()(sr, hr).backward()
        _check_gradient(sr.grad, "SR")

    @check("seed")
    def test_two_builds_agree(self) -> None:
        """What a loss says depends on its options and the pictures."""
        sr, hr = noisy(self._hr(), 0.05), self._hr()
        values = [self.build()(sr, hr).item() for _ in range(2)]
        assert values[0] == values[1], f"built twice under one seed, the loss is {values}"

    @check("gradient")
    def test_gradient_is_finite_for_equal_pictures(self) -> None:
        """A root or a logarithm of a difference has no slope at zero."""
        hr = self._hr()
        sr = hr.clone().requires_grad_()
        self.build()(sr, hr).backward()
        assert sr.grad is not None, "no gradient reaches SR"
        assert bool(sr.grad.isfinite().all()), "the gradient for SR equal to HR is not finite"

    @check("inputs")
    def test_the_pictures_are_left_alone(self) -> None:
        """Other terms of the sum still need them."""
        sr, hr = noisy(self._hr(), 0.05), self._hr()
        self.build()(sr, hr)
        assert torch.equal(sr, noisy(self._hr(), 0.05)), "the loss changes SR in place"
        assert torch.equal(hr, self._hr()), "the loss changes HR in place"

    def _hr(self) -> Tensor:
        side = max(_SIDE, self.bound().amount(self.spec().min_size))
        return pictures(2, side, side)


class AdversarialLossContract(_LossContract):
    """Checks of an adversarial loss: two faces on the logits of real and fake pictures, each a
    scalar.
    """

    _adversarial = True

    @check("shape")
    def test_both_faces_are_finite_scalars(self) -> None:
        """For logits of any shape, as pooled heads and maps make them."""
        for shape in _SHAPES:
            for name, value in self._faces(*_logits(shape)):
                assert value.ndim == 0, (
                    f"the {name} face of logits {shape} has the shape {tuple(value.shape)}: it is "
                    "not a scalar"
                )
                assert isfinite(value.item()), (
                    f"the {name} face of logits {shape} is {value.item()}"
                )

    @check("dtype")
    def test_both_faces_are_finite_in_half_precision(self) -> None:
        """Also for a discriminator that is very sure of itself, right or wrong."""
        for dtype in (torch.float16, torch.bfloat16):
            for sure in (_CONFIDENT, -_CONFIDENT):
                real = torch.full((4, 1), sure, dtype=dtype)
                for name, value in self._faces(real, -real):
                    assert isfinite(value.item()), (
                        f"the {name} face of {dtype} logits, real {sure} and fake {-sure}, is "
                        f"{value.item()}"
                    )

    @check("gradient")
    def test_the_discriminator_is_rewarded_for_telling_them_apart(self) -> None:
        """It falls when real logits rise and fake ones fall, and both sides get a gradient."""
        loss, (real, fake) = self.build(), _logits((4, 1))
        before, after = (
            loss.discriminator(real, fake).item(),
            loss.discriminator(real + _STEP, fake - _STEP).item(),
        )
        assert after < before, (
            f"real + {_STEP} and fake - {_STEP} take the discriminator's face from {before} to "
            f"{after}: it does not fall"
        )
        loss.discriminator(real.requires_grad_(), fake.requires_grad_()).backward()
        _check_gradient(real.grad, "real logits")
        _check_gradient(fake.grad, "fake logits")

    @check("gradient")
    def test_the_generator_is_rewarded_for_deceiving(self) -> None:
        """Its face falls when fake logits rise, and they get a gradient."""
        loss, (real, fake) = self.build(), _logits((4, 1))
        before, after = loss.generator(real, fake).item(), loss.generator(real, fake + _STEP).item()
        assert after < before, (
            f"fake + {_STEP} takes the generator's face from {before} to {after}: it does not fall"
        )
        loss.generator(real, fake.requires_grad_()).backward()
        _check_gradient(fake.grad, "fake logits")

    @check("inputs")
    def test_the_logits_are_left_alone(self) -> None:
        """One pass of the discriminator serves both faces."""
        real, fake = _logits((4, 1))
        self._faces(real, fake)
        assert torch.equal(torch.cat([real, fake]), torch.cat(_logits((4, 1)))), (
            "the loss changes logits in place"
        )

    def _faces(self, real: Tensor, fake: Tensor) -> list[tuple[str, Tensor]]:
        loss = self.build()
        return [
            ("generator", loss.generator(real, fake)),
            ("discriminator", loss.discriminator(real, fake)),
        ]


def _logits(shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    return 0.1 * torch.randn(shape, generator=rng), 0.1 * torch.randn(shape, generator=rng)


def _check_gradient(gradient: Tensor | None, name: str) -> None:
    assert gradient is not None, f"no gradient reaches {name}"
    assert bool(gradient.isfinite().all()), f"the gradient that reaches {name} is not finite"
    assert bool(gradient.flatten(1).any(1).all()), (
        f"the gradient that reaches {name} is zero for some of the batch"
    )
