"""Announces the total variation loss."""

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec


def tv() -> ReferenceLoss:
    """Mean squared difference of vertical plus horizontal neighbours of SR; HR is not looked at."""
    from srkit_tv.loss import TotalVariation

    return TotalVariation()


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `tv`."""
    return [
        LossSpec(
            name="tv",
            factory=tv,
            summary="total variation of the output",
            source="Mahendran & Vedaldi 2015, eq. 3 with beta = 2, as a mean; weight of the SRGAN "
            "re-implementations (empirical)",
            default_weight=2e-8,
            needs_reference=False,
            min_size=2,
        )
    ]
