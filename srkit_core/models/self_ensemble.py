"""How does a generator see a picture from all eight sides, and average what it makes of them?

The geometric self-ensemble of EDSR (arXiv:1707.02921, section 3.4): eight times the time.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from srkit_core.models.model import Model


class SelfEnsemble(nn.Module):
    """A generator (B, 3, H, W) -> (B, 3, scale*H, scale*W), averaged over flips and turns in
    float32, not clamped.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale the four turns of a picture and of its mirror image, each turned back."""
        sides = [(turns, mirrored) for turns in range(4) for mirrored in (False, True)]
        total = self._seen(lr, *sides[0])
        for side in sides[1:]:
            total += self._seen(lr, *side)
        return total / len(sides)

    def _seen(self, lr: Tensor, turns: int, mirrored: bool) -> Tensor:
        seen = torch.rot90(lr.flip(-1) if mirrored else lr, turns, (-2, -1))
        back = torch.rot90(self.network(seen.contiguous()).float(), -turns, (-2, -1))
        return back.flip(-1) if mirrored else back.clone()


def self_ensemble(model: Model) -> Model:
    """Return a model that upscales as the average of the eight sides of a picture."""
    return replace(model, network=SelfEnsemble(model.network).eval())
