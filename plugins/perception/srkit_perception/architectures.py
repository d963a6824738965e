"""Which layers does each network have, under which names and indices?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Layer:
    """One layer: `channels` in and out of a convolution.

    Window, stride and zero padding in pixels of its input.
    """

    name: str
    kind: Literal["conv", "relu", "pool"]
    channels: tuple[int, int] = (0, 0)
    kernel: int = 1
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True)
class Architecture:
    """The convolutional part of a classifier.

    The position of a layer is its index in torchvision's `features`.
    """

    name: str
    layers: tuple[Layer, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all layers, such as conv5_4 (before its activation), relu5_4 (after it) and
        pool5.
        """
        return tuple(layer.name for layer in self.layers)

    def up_to(self, name: str) -> tuple[Layer, ...]:
        """Return the layers as far as that one, which is included.

        Raises ValueError when there is none of the name.
        """
        return self.layers[: self.names.index(name) + 1]

    def deepest(self, names: tuple[str, ...]) -> str:
        """Return which of several layers comes last."""
        return max(names, key=self.names.index)

    def convolution(self, name: str) -> str:
        """Return the convolution that a layer is, activates or pools: conv5_4 for conv5_4, relu5_4
        and pool5.
        """
        return next(layer.name for layer in reversed(self.up_to(name)) if layer.kind == "conv")

    def min_side(self, name: str) -> int:
        """Return the smallest side of a picture, in pixels, that leaves that layer a value."""
        side = 1
        for layer in reversed(self.up_to(name)):
            side = max(1, (side - 1) * layer.stride + layer.kernel - 2 * layer.padding)
        return side


def _vgg(name: str, depths: tuple[int, ...]) -> Architecture:
    """Lay out configuration D or E of Simonyan & Zisserman 2015, table 1: blocks of 3x3
    convolutions, each with a pooling.
    """
    return Architecture(name, tuple(_vgg_layers(depths)))


def _vgg_layers(depths: tuple[int, ...]) -> Iterator[Layer]:
    before = 3
    for block, (depth, width) in enumerate(
        zip(depths, (64, 128, 256, 512, 512), strict=True), start=1
    ):
        for number in range(1, depth + 1):
            yield Layer(f"conv{block}_{number}", "conv", (before, width), kernel=3, padding=1)
            yield Layer(f"relu{block}_{number}", "relu")
            before = width
        yield Layer(f"pool{block}", "pool", kernel=2, stride=2)


def _alexnet_layers() -> Iterator[Layer]:
    """Lay out the single-column AlexNet of Krizhevsky 2014, as torchvision trained it."""
    convolutions = (
        ((3, 64), 11, 4, 2),
        ((64, 192), 5, 1, 2),
        ((192, 384), 3, 1, 1),
        ((384, 256), 3, 1, 1),
        ((256, 256), 3, 1, 1),
    )
    for number, (channels, kernel, stride, padding) in enumerate(convolutions, start=1):
        yield Layer(
            f"conv{number}", "conv", channels, kernel=kernel, stride=stride, padding=padding
        )
        yield Layer(f"relu{number}", "relu")
        if number in (1, 2, 5):
            yield Layer(f"pool{number}", "pool", kernel=3, stride=2)


ARCHITECTURES: Final = {
    "vgg19": _vgg("vgg19", (2, 2, 4, 4, 4)),
    "vgg16": _vgg("vgg16", (2, 2, 3, 3, 3)),
    "alexnet": Architecture("alexnet", tuple(_alexnet_layers())),
}
