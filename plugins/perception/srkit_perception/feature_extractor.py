"""Which features does a frozen network extract from a picture?"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from srkit_core.arrays import read_arrays
from srkit_core.errors import DataError
from srkit_core.pretrained import FoundWeights
from srkit_perception.architectures import ARCHITECTURES, Architecture, Layer
from srkit_perception.feature_gain import feature_gain
from srkit_perception.network_weights import architecture_of

ConvParameters = tuple[Tensor, Tensor]
"""Weight and bias of a convolution."""

_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)
"""Of the RGB values of ImageNet in [0, 1], as torchvision and most others give them."""

_CONVOLUTION: Final = re.compile(
    r"(?:features\.|(?:VGG16|AlexNet)_0\.Conv_)?(?P<number>\d+)\.(?P<role>weight|kernel|bias)"
)
"""Names of a convolution's tensors: torchvision's, those of a bare Sequential, and Flax's."""

_SEED: Final = 0


@dataclass(frozen=True)
class FeatureExtractor:
    """A network up to a layer, in eval mode, its parameters frozen; on one device, in one dtype.

    `layers` have torchvision's indices. `scaling` is the 1x1 convolution from RGB in [0, 1] to what
    the first of them expects. `name` is that of the entry, or of the architecture when it is
    untrained.
    """

    name: str
    architecture: Architecture
    layers: nn.Sequential
    scaling: ConvParameters

    def __call__(self, image: Tensor, names: Iterable[str]) -> tuple[Tensor, ...]:
        """Return the named layers' features, (B, channels, h, w) each, of pictures (B, 3, H, W) in
        [0, 1].

        The arithmetic has the dtype of the network, whatever autocast says. Raises DataError for a
        picture so small that nothing of it is left at the deepest layer.
        """
        requested = tuple(names)
        deepest = self.architecture.deepest(requested)
        self._check_size(image, deepest)
        features = dict[str, Tensor]()
        with torch.autocast(image.device.type, enabled=False):
            x = self.scaled(image)
            for spec, layer in zip(self.architecture.up_to(deepest), self.layers, strict=False):
                x = layer(x)
                if spec.name in requested:
                    features[spec.name] = x
        return tuple(features[name] for name in requested)

    def scaled(self, image: Tensor) -> Tensor:
        """Return what the first layer sees of a picture (B, 3, H, W) in [0, 1].

        Zero, the padding, is the mean of ImageNet.
        """
        weight, bias = self.scaling
        return functional.conv2d(
            image.to(weight.dtype).contiguous(memory_format=torch.channels_last), weight, bias
        )

    def gain(self, name: str) -> float:
        """Return by how much the features of a layer are larger than those of torchvision's network
        (see `feature_gain`).
        """
        return feature_gain(self.name, self.architecture.convolution(name))

    def _check_size(self, image: Tensor, layer: str) -> None:
        height, width = image.shape[-2:]
        side = self.architecture.min_side(layer)
        if min(height, width) < side:
            raise DataError(
                f"a picture of {width} x {height} pixels is too small for layer {layer} of "
                f"{self.architecture.name}",
                hint=f"use pictures, or a --patch, of at least {side} pixels, or a layer that is "
                "less deep",
            )


@cache
def trained_network(
    weights_file: FoundWeights, to: str, device: torch.device, dtype: torch.dtype
) -> FeatureExtractor:
    """Read a verified file as far as the layer `to`."""
    architecture = architecture_of(weights_file.spec.name)
    convolutions = _convolutions(read_arrays(weights_file.path))
    scaling = convolutions.pop(0) if convolutions[0][0].shape[-1] == 1 else _imagenet()
    return _frozen(weights_file.spec.name, architecture, to, (scaling, convolutions), device, dtype)


@cache
def untrained_network(
    architecture: str, to: str, device: torch.device, dtype: torch.dtype
) -> FeatureExtractor:
    """Return a network with random weights, the same each time (He et al. 2015, eq. 10).

    The global random state is left alone.
    """
    layout, rng = ARCHITECTURES[architecture], torch.Generator().manual_seed(_SEED)
    convolutions = [_drawn(layer, rng) for layer in layout.up_to(to) if layer.kind == "conv"]
    return _frozen(architecture, layout, to, (_imagenet(), convolutions), device, dtype)


def _drawn(layer: Layer, rng: torch.Generator) -> ConvParameters:
    inputs, outputs = layer.channels
    weight = torch.empty(outputs, inputs, layer.kernel, layer.kernel)
    return nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=rng), torch.zeros(outputs)


def _imagenet() -> ConvParameters:
    mean, deviation = torch.tensor(_MEAN), torch.tensor(_DEVIATION)
    return (1 / deviation).diag()[:, :, None, None], -mean / deviation


def _convolutions(arrays: Mapping[str, Tensor]) -> list[ConvParameters]:
    """Return weights (out, in, k, k) and biases in the order of the network.

    Classifiers and heads are left out.
    """
    by_number = dict[int, dict[str, Tensor]]()
    for key, array in arrays.items():
        match = _CONVOLUTION.fullmatch(key)
        if match:
            by_number.setdefault(int(match["number"]), {})[match["role"]] = array
    return [
        (_torch_layout(by_number[number]), by_number[number]["bias"])
        for number in sorted(by_number)
    ]


def _torch_layout(tensors: Mapping[str, Tensor]) -> Tensor:
    """Return a weight as torch orders it; a `kernel` of Flax is (k, k, in, out)."""
    return tensors["weight"] if "weight" in tensors else tensors["kernel"].permute(3, 2, 0, 1)


def _frozen(
    name: str,
    architecture: Architecture,
    to: str,
    content: tuple[ConvParameters, list[ConvParameters]],
    device: torch.device,
    dtype: torch.dtype,
) -> FeatureExtractor:
    scaling, convolutions = content
    remaining = iter(convolutions)
    layers = nn.Sequential(*(_module(layer, remaining) for layer in architecture.up_to(to)))
    layers.to(device, dtype).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return FeatureExtractor(
        name, architecture, layers, (scaling[0].to(device, dtype), scaling[1].to(device, dtype))
    )


def _module(layer: Layer, convolutions: Iterable[ConvParameters]) -> nn.Module:
    if layer.kind == "relu":
        return nn.ReLU()
    if layer.kind == "pool":
        return nn.MaxPool2d(layer.kernel, layer.stride)
    module = nn.Conv2d(*layer.channels, layer.kernel, layer.stride, layer.padding, device="meta")
    weight, bias = next(iter(convolutions))
    module.weight, module.bias = nn.Parameter(weight.float()), nn.Parameter(bias.float())
    return module
