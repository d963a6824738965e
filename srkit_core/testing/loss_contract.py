"""Which checks does a loss pass?"""

from math import isfinite
from typing import ClassVar

from srkit_core.specs import LossSpec
from srkit_core.testing.adversarial_loss_checks import AdversarialGradientChecks
from srkit_core.testing.checks import check
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.reference_loss_gradients import ReferenceLossGradientChecks
from srkit_core.testing.reference_loss_values import ReferenceLossValueChecks


class _LossContract(ComponentContract):
    kind = "loss"
    _adversarial: ClassVar[bool]

    @check("announced")
    def test_its_traits_are_sensible(self) -> None:
        """A weight left out of a sum is the declared one, so it is positive.

        `adversarial` says which interface it has.
        """
        bound = self.bound()
        spec = bound.spec(LossSpec)
        assert isfinite(spec.default_weight), f"default_weight is {spec.default_weight}"
        assert spec.default_weight > 0, (
            f"default_weight is {spec.default_weight}, which is not positive"
        )
        assert spec.adversarial == self._adversarial, (
            f"adversarial={spec.adversarial} is declared: use the other contract of a loss"
        )
        side = bound.amount(spec.min_size)
        assert side >= 1, f"min_size is {side}: a picture has at least a pixel"


class ReferenceLossContract(ReferenceLossValueChecks, ReferenceLossGradientChecks, _LossContract):
    """Checks of a loss between SR and HR, (B, 3, H, W) in [0, 1] each: a scalar >= 0."""

    _adversarial = False

    @check("announced")
    def test_it_needs_no_lipschitz_discriminator(self) -> None:
        """It sees none."""
        assert not self.spec().needs_lipschitz, (
            "needs_lipschitz=True is declared, and a reference loss sees no discriminator"
        )


class AdversarialLossContract(AdversarialGradientChecks, _LossContract):
    """Checks of an adversarial loss: two faces on the logits of real and fake pictures, each a
    scalar.
    """

    _adversarial = True
