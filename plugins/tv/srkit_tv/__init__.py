"""Announces the total variation loss."""

from typing import Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec


def tv(*, norm: Literal["l1", "l2"] = "l2") -> ReferenceLoss:
    """Mean difference of vertical plus horizontal neighbours of SR; HR is not looked at.

    Args:
        norm: whether differences count squared (l2) or as they are (l1: BasicSR's WeightedTVLoss,
            which wants a weight of its own).
    """
    from srkit_tv.loss import TotalVariation

    return TotalVariation(norm)


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `tv`."""
    return [
        LossSpec(
            name="tv",
            factory=tv,
            summary="total variation of the output",
            source="Mahendran & Vedaldi 2015, eq. 3 with beta = 2, as a mean; l1: Rudin, Osher & "
            "Fatemi 1992 along the axes; weight of the SRGAN re-implementations (empirical)",
            default_weight=2e-8,
            needs_reference=False,
            min_size=2,
        )
    ]
