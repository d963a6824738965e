"""Train a network and a loss of one's own, without packaging them, and load what was trained."""

import torch
from torch import Tensor, nn

from srkit_core import Recipe, RunOptions, Stage, discover, load_model, train
from srkit_core.interfaces import Generator, ReferenceLoss
from srkit_core.specs import GeneratorSpec, LossSpec


class Tiny(nn.Module):
    """Two convolutions and a pixel shuffle: LR (B, 3, H, W) -> SR (B, 3, scale*H, scale*W)."""

    def __init__(self, features: int, scale: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, features, 3, padding=1),
            nn.PReLU(),
            nn.Conv2d(features, 3 * scale**2, 3, padding=1),
            nn.PixelShuffle(scale),
        )

    def forward(self, lr: Tensor) -> Tensor:
        sr: Tensor = self.layers(lr)
        return sr


def tiny(*, features: int = 16, scale: int) -> Generator:
    """A network of two convolutions.

    Args:
        features: Channels of the first convolution.
    """
    return Tiny(features, scale)


def gray(*, power: int = 1) -> ReferenceLoss:
    """Difference of gray values.

    Args:
        power: 1 for absolute, 2 for squared differences.
    """

    def loss(sr: Tensor, hr: Tensor) -> Tensor:
        return (sr.mean(1) - hr.mean(1)).abs().pow(power).mean()

    return loss


registry = discover().with_components(
    GeneratorSpec(name="tiny", factory=tiny, summary="two convolutions", scales=(2, 3, 4)),
    LossSpec(name="gray", factory=gray, summary="difference of gray values"),
)
recipe = Recipe(
    generator="tiny(features=8)",
    scale=2,
    stages=[Stage(loss="l1 + 0.5*gray(power=2)", steps=5, batch=4, patch=32, lr=1e-3)],
)
run = train(recipe, RunOptions(out="runs/own"), registry=registry)
model = load_model(run.weights, registry=registry)
print(model(torch.rand(1, 3, 24, 32)).shape)
