"""What does a step learn from?"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """What a step learns from, in [0, 1] on one device: `lr` (B, 3, H, W), `hr` and `target` (B, 3,
    scale*H, scale*W).

    Reference losses compare SR with the target; a discriminator's real pictures are HR as it was.
    """

    lr: Tensor
    hr: Tensor
    target: Tensor
