"""Announces the relativistic average adversarial loss."""

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import AdversarialLoss
from srkit_core.specs import LossSpec


def ragan() -> AdversarialLoss:
    """Binary cross entropy on how much more real one side looks than the other does on average."""
    from srkit_ragan.loss import RelativisticAverage

    return RelativisticAverage()


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `ragan`."""
    return [
        LossSpec(
            name="ragan",
            factory=ragan,
            summary="relativistic average adversarial loss (ESRGAN)",
            source="Jolicoeur-Martineau 2019, eq. 7; Wang et al. 2018 (ESRGAN), eq. 1 and 2, "
            "halved as in its code; weight: section 4.1",
            adversarial=True,
            default_weight=0.005,
        )
    ]
