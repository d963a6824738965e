"""What do the gradients of a reference loss do?"""

from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.testing.checks import check
from srkit_core.testing.gradients import gradient_fault, slope_fault
from srkit_core.testing.reference_loss_values import ReferenceLossCalls, flat_pairs
from srkit_core.testing.samples import noisy

_AGREE: Final = 1e-4


class ReferenceLossGradientChecks(ReferenceLossCalls):
    """Checks of the gradients of a reference loss."""

    @check("gradient")
    def test_gradient_reaches_sr(self) -> None:
        """Finite, and not zero on any picture of the batch."""
        hr = self.hr()
        leaf = noisy(hr, 0.05).requires_grad_()
        (value,) = self.asked(self.build(), leaf.clone(), hr)
        assert value.requires_grad, (
            "no gradient reaches SR: the loss is detached, or computed without torch"
        )
        (gradient,) = torch.autograd.grad(value, leaf, allow_unused=True)
        fault = gradient_fault(gradient, "SR")
        assert fault is None, fault

    @check("gradient")
    def test_gradient_is_finite_for_equal_and_flat_pictures(self) -> None:
        """A root or a logarithm of a difference has no slope at zero."""
        for name, sr, hr in flat_pairs(self.hr()):
            value, gradient = self._value_and_gradient(self.build(), sr, hr)
            if gradient is None or not bool(value.isfinite()):
                continue
            assert bool(gradient.isfinite().all()), (
                f"the gradient for {name} is not finite: add a small number under the root"
            )

    @check("gradient")
    def test_gradient_is_the_slope_of_the_loss(self) -> None:
        """A step against it makes the loss smaller, by what it says."""
        sr, hr = self.samples()
        fault = slope_fault(lambda given: self.asked(self.build(), given, hr.to(given))[0], sr)
        assert fault is None, f"the loss {fault}"

    @check("gradient")
    def test_it_may_be_called_again_before_and_after_its_gradient(self) -> None:
        """Two terms of a sum, or two steps, use one loss."""
        loss, (sr, hr) = self.build(), self.samples()
        _, first = self._value_and_gradient(loss, sr, hr)
        _, second = self._value_and_gradient(loss, sr, hr)
        if first is None or second is None or not bool(first.isfinite().all()):
            return
        assert torch.allclose(first, second, rtol=_AGREE, atol=_AGREE * float(first.abs().max())), (
            "the second gradient of the same pictures differs from the first: keep nothing "
            "between calls"
        )

    def _value_and_gradient(
        self, loss: Any, sr: Tensor, hr: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        leaf = sr.clone().requires_grad_()
        (value,) = self.asked(loss, leaf.clone(), hr.clone())
        if not value.requires_grad:
            return value, None
        torch.autograd.backward(value)
        return value, leaf.grad
