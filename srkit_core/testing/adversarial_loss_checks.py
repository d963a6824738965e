"""Which game do the two faces of an adversarial loss play?"""

from functools import partial
from math import isfinite
from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.specs import LossSpec
from srkit_core.testing.call_checks import CallChecks
from srkit_core.testing.checks import check
from srkit_core.testing.gradients import gradient_fault, one_number, slope_fault
from srkit_core.testing.guarded import guarded

_SHAPES: Final = ((4,), (4, 1), (4, 1, 3, 5), (4, 2, 7, 3))
"""Logits of pooled heads and of maps."""
_FACES: Final = ("generator", "discriminator")
_STEP: Final = 0.25
_CONFIDENT: Final = 100.0
_FAR: Final = (1e3, 1e4)
_SLOWER: Final = 1e-2
"""Of the slope of a loss that falls for ever, what one that levels off may keep."""


class AdversarialLossChecks(CallChecks):
    """Checks of the values of an adversarial loss."""

    def samples(self, number: int = 0) -> tuple[Tensor, ...]:
        """Return logits of real and of fake pictures."""
        return logits_of_shape((4, 3), seed=number)

    @property
    def names_of_samples(self) -> tuple[str, ...]:
        """What people call the tensors of a sample."""
        return ("the real logits", "the fake logits")

    @check("shape")
    def test_both_faces_are_finite_scalars(self) -> None:
        """For logits of any shape, as pooled heads and maps make them."""
        for shape in _SHAPES:
            for name, value in self._said(*logits_of_shape(shape)):
                assert value.ndim == 0, (
                    f"the {name} face of logits {shape} has the shape {tuple(value.shape)}: it is "
                    "not a scalar; take its mean"
                )
                assert isfinite(value.item()), (
                    f"the {name} face of logits {shape} is {value.item()}"
                )

    @check("shape")
    def test_a_single_picture_has_logits(self) -> None:
        """The last batch of a validation may hold one."""
        for shape in ((1, 1), (1, 1, 3, 5)):
            for name, value in self.faces(*logits_of_shape(shape)):
                is_number = value.ndim == 0 and isfinite(value.item())
                assert is_number, (
                    f"the {name} face of the logits {shape} of one picture is {value.tolist()}"
                )

    @check("dtype")
    def test_both_faces_are_finite_in_half_precision(self) -> None:
        """Also for a discriminator that is very sure of itself, right or wrong."""
        for dtype in (torch.float16, torch.bfloat16):
            for sure in (_CONFIDENT, -_CONFIDENT):
                real = torch.full((4, 1), sure, dtype=dtype)
                for name, value in self.faces(real, -real):
                    assert isfinite(value.item()), (
                        f"the {name} face of {dtype} logits, real {sure} and fake {-sure}, is "
                        f"{value.item()}: use softplus or logsigmoid"
                    )

    @check("dtype")
    def test_double_precision_says_the_same(self) -> None:
        """Figures are computed in float64 too."""
        single = self.faces(*self.samples())
        double = self.faces(*(one.double() for one in self.samples()))
        for (name, one), (_, other) in zip(single, double, strict=True):
            assert abs(one.item() - other.item()) <= 1e-4 * max(1e-2, abs(other.item())), (
                f"the {name} face of float32 logits is {one.item():.6g}, of float64 "
                f"{other.item():.6g}"
            )

    @check("values")
    def test_a_larger_map_is_no_larger_loss(self) -> None:
        """A weight means the same whatever the size of crops: means, not sums."""
        real, fake = logits_of_shape((4, 1, 3, 5))
        usual = self.faces(real, fake)
        larger = self.faces(*(one.repeat(1, 1, 2, 2) for one in (real, fake)))
        more = self.faces(*(one.repeat(2, 1, 1, 1) for one in (real, fake)))
        for what, changed in {"maps of twice the side": larger, "two such batches": more}.items():
            for (name, one), (_, other) in zip(usual, changed, strict=True):
                assert abs(one.item() - other.item()) <= 1e-4 * max(1e-2, abs(one.item())), (
                    f"the {name} face of {what} with the same values is {other.item():.6g}, else "
                    f"{one.item():.6g}: take the mean over all logits"
                )

    @check("values")
    def test_the_order_of_a_batch_does_not_matter(self) -> None:
        """Pictures come in any order."""
        real, fake = self.samples()
        usual, turned = self.faces(real, fake), self.faces(real.flip(0), fake.flip(0))
        for (name, one), (_, other) in zip(usual, turned, strict=True):
            assert abs(one.item() - other.item()) <= 1e-4 * max(1e-2, abs(one.item())), (
                f"with the pictures in another order the {name} face is {other.item():.6g}, else "
                f"{one.item():.6g}"
            )

    @check("announced")
    def test_needs_lipschitz_is_true(self) -> None:
        """Where logits without bound are rewarded, only a Lipschitz discriminator keeps them."""
        near, far = (
            float(self.faces(torch.full((4, 1), sure), torch.full((4, 1), -sure))[1][1].detach())
            for sure in _FAR
        )
        slope = (near - far) / (_FAR[1] - _FAR[0])
        needs = self.spec().needs_lipschitz
        assert needs or not slope > _SLOWER, (
            f"the discriminator's face falls for ever as real logits rise and fake ones fall "
            f"({near:.4g} at {_FAR[0]:g}, {far:.4g} at {_FAR[1]:g}), so nothing "
            "keeps them from growing: declare needs_lipschitz=True"
        )
        assert slope > _SLOWER or not needs, (
            "needs_lipschitz=True refuses most discriminators, but the discriminator's face levels "
            "off by itself: declare needs_lipschitz=False"
        )

    def spec(self) -> LossSpec:
        """Return the component's spec."""
        return self.bound().spec(LossSpec)

    def ask(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what both faces say; the mean of what should be one number, of which a check of
        its own tells.
        """
        return one_number(built.generator(*inputs)), one_number(built.discriminator(*inputs))

    def faces(self, real: Tensor, fake: Tensor) -> list[tuple[str, Tensor]]:
        """Return what each face says of logits of its own, by its name, as one number."""
        return [(name, one_number(value)) for name, value in self._said(real, fake)]

    def _said(self, real: Tensor, fake: Tensor) -> list[tuple[str, Tensor]]:
        said = list[tuple[str, Tensor]]()
        for name in _FACES:
            built = self.build()
            with guarded():
                said.append((name, getattr(built, name)(real.clone(), fake.clone())))
        return said


class AdversarialGradientChecks(AdversarialLossChecks):
    """Checks of the gradients of an adversarial loss."""

    @check("gradient")
    def test_the_discriminator_is_rewarded_for_telling_them_apart(self) -> None:
        """It falls when real logits rise and fake ones fall, and both sides get a gradient."""
        real, fake = self.samples()
        fake = fake + 1  # some losses are content with fake logits of 0
        before = self._face("discriminator", real, fake)
        for name, after in {
            f"real + {_STEP} and fake - {_STEP} take": self._face(
                "discriminator", real + _STEP, fake - _STEP
            ),
            f"real + {_STEP} takes": self._face("discriminator", real + _STEP, fake),
            f"fake - {_STEP} takes": self._face("discriminator", real, fake - _STEP),
        }.items():
            assert after < before, (
                f"{name} the discriminator's face from {before} to {after}: it does not fall"
            )

    @check("gradient")
    def test_gradient_reaches_both_sides_of_the_discriminator(self) -> None:
        """Finite, and not zero for any picture."""
        real, fake = (one.requires_grad_() for one in self.samples())
        value = self._value("discriminator", real, fake)
        gradients = torch.autograd.grad(value, (real, fake), allow_unused=True)
        for name, gradient in zip(("real logits", "fake logits"), gradients, strict=True):
            fault = gradient_fault(gradient, name)
            assert fault is None, f"in the discriminator's face {fault}"

    @check("gradient")
    def test_the_generator_is_rewarded_for_deceiving(self) -> None:
        """Its face falls when fake logits rise."""
        real, fake = self.samples()
        before, after = (self._face("generator", real, one) for one in (fake, fake + _STEP))
        assert after < before, (
            f"fake + {_STEP} takes the generator's face from {before} to {after}: it does not fall"
        )

    @check("gradient")
    def test_gradient_reaches_the_fake_side_of_the_generator(self) -> None:
        """Finite, and not zero for any picture."""
        real, fake = self.samples()
        fake.requires_grad_()
        value = self._value("generator", real, fake)
        assert value.requires_grad, "no gradient reaches fake logits: the generator's is detached"
        fault = gradient_fault(torch.autograd.grad(value, fake)[0], "fake logits")
        assert fault is None, f"in the generator's face {fault}"

    @check("gradient")
    def test_gradients_are_the_slopes_of_the_faces(self) -> None:
        """A step against them makes the face smaller, by what they say."""
        real, fake = self.samples()
        for place, name in enumerate(_FACES):
            fault = slope_fault(partial(self._face_of, place, real), fake)
            assert fault is None, f"the {name} face of fake logits {fault}"

    @check("gradient")
    def test_gradients_are_finite_for_a_sure_discriminator(self) -> None:
        """Right or wrong, in float32."""
        for sure in (_CONFIDENT, -_CONFIDENT, 1e4, -1e4):
            for place, name in enumerate(_FACES):
                real = torch.full((4, 1), sure, requires_grad=True)
                fake = torch.full((4, 1), -sure, requires_grad=True)
                value = self.asked(self.build(), real.clone(), fake.clone())[place]
                if not value.requires_grad:
                    continue
                gradients = torch.autograd.grad(value, (real, fake), allow_unused=True)
                finite = [bool(one.isfinite().all()) for one in gradients if one is not None]
                assert all(finite), (
                    f"for real logits of {sure:g} and fake ones of {-sure:g} the gradient of the "
                    f"{name} face is not finite: use softplus or logsigmoid"
                )

    @check("gradient")
    def test_faces_may_be_called_again_after_their_gradients(self) -> None:
        """A step calls both, each step again."""
        loss = self.build()
        for _ in range(2):
            fake = self.samples()[1].requires_grad_()
            for value in self.asked(loss, self.samples()[0], fake.clone()):
                if value.requires_grad:
                    torch.autograd.backward(value)

    def _face_of(self, place: int, real: Tensor, fake: Tensor) -> Tensor:
        return self.asked(self.build(), real.to(fake), fake)[place]

    def _value(self, face: str, real: Tensor, fake: Tensor) -> Tensor:
        return dict(self.faces(real, fake))[face]

    def _face(self, face: str, real: Tensor, fake: Tensor) -> float:
        return float(self._value(face, real, fake).detach())


def logits_of_shape(shape: tuple[int, ...], *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return logits of real and of fake pictures, of order 0.1."""
    rng = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(shape, generator=rng), 0.1 * torch.randn(shape, generator=rng)
