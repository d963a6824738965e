"""An srkit plugin: the loss `edge`, which compares the edges of SR and HR."""

from typing import Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec


def edge(*, power: Literal[1, 2] = 1) -> ReferenceLoss:
    """Mean difference between the gradients of SR and HR, horizontal plus vertical.

    Args:
        power: 1 for absolute, 2 for squared differences.
    """
    from torch import Tensor

    def loss(sr: Tensor, hr: Tensor, /) -> Tensor:
        across, down = (sr - hr).diff(dim=-1), (sr - hr).diff(dim=-2)
        return across.abs().pow(power).mean() + down.abs().pow(power).mean()

    return loss


@hookimpl
def srkit_components() -> list[LossSpec]:
    spec = LossSpec(
        name="edge", factory=edge, summary="edges", default_weight=0.1, min_size=2, interface=1
    )
    return [spec]
