"""Which tensors are in a network of ncnn, a `.param` file of text beside a `.bin` file of numbers?

The text lists the layers in the order of execution, the numbers follow in that order without names
(ncnn's wiki, "param and model file structure"). Layers are not run; only the numbers of
convolutions, inner products and PReLUs are read. Importing this module does not import torch.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srkit_core.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

TEXT_ENDING: Final = ".param"
NUMBERS_ENDING: Final = ".bin"

_PARAM_START: Final = b"7767517"
_HALF: Final = 0x01306B47
_FLOAT: Final = 0x0002C056
_INT8: Final = 0x000D4B38
_UNMARKED: Final = 0
_MARKS: Final = tuple(struct.pack("<I", one) for one in (_HALF, _FLOAT, _INT8, _UNMARKED))
"""What stands before the weights of a layer: the type of their numbers."""

_ALIGNMENT: Final = 4
_MOST_LAYERS: Final = 100_000

_OUTPUTS, _KERNEL_WIDTH, _KERNEL_HEIGHT, _BIAS, _SIZE = 0, 1, 11, 5, 6
_INNER_BIAS, _INNER_SIZE = 1, 2
"""Numbers of parameters in the text, of a convolution and of an inner product."""


@dataclass(frozen=True)
class _Layer:
    kind: str
    numbers: dict[int, int]


def ncnn_pair(path: Path, start: bytes) -> tuple[Path, Path] | None:
    """Return text and numbers of the network that a file with these first bytes belongs to, None
    for a file that is neither.

    Raises WeightsError when the other of the two is not beside it under the same name.
    """
    if start.startswith(_PARAM_START):
        pair = path, path.with_suffix(NUMBERS_ENDING)
    elif path.suffix == NUMBERS_ENDING and start.startswith(_MARKS):
        pair = path.with_suffix(TEXT_ENDING), path
    else:
        return None
    missing = next((one for one in pair if not one.is_file()), None)
    if missing is not None:
        fact = f"{path} is half of a network of ncnn, and {missing.name} is not beside it"
        raise WeightsError(fact, hint=f"put {missing.name} into the same folder", path=path)
    return pair


def read_ncnn(text: Path, numbers: Path) -> "dict[str, Tensor]":
    """Return the tensors of a network of ncnn, on the CPU, as it stores them (fp16 or fp32).

    `ncnn.PLACE.REST.weight` is of the layer that PLACE layers with numbers precede and REST follow;
    what else a layer has is `bias`, and `slope` that of a PReLU. Convolutions are
    (out, in, height, width). Raises ValueError when the two files do not fit each other, or hold
    what is not read.
    """
    layers = [one for one in _layers(text.read_text(encoding="utf-8")) if one.kind in _READERS]
    content = _Numbers(numbers.read_bytes())
    last = len(layers) - 1
    tensors = {
        f"ncnn.{place}.{last - place}.{name}": tensor
        for place, layer in enumerate(layers)
        for name, tensor in _READERS[layer.kind](layer, content)
    }
    if content.left:
        raise ValueError(f"{numbers.name} holds {content.left} bytes more than {text.name} says")
    return tensors


def _layers(text: str) -> Iterator[_Layer]:
    lines = text.splitlines()
    count = int(lines[1].split()[0])
    if not 0 < count <= min(_MOST_LAYERS, len(lines) - 2):
        raise ValueError(f"it says that it has {count} layers")
    for line in lines[2 : count + 2]:
        kind, _, inputs, outputs, *rest = line.split()
        pairs = [one.split("=", 1) for one in rest[int(inputs) + int(outputs) :]]
        whole = {int(name): value for name, value in pairs}
        yield _Layer(kind, {name: int(value) for name, value in whole.items() if _counts(value)})


def _counts(value: str) -> bool:
    return value.removeprefix("-").isdigit()


class _Numbers:
    """The numbers of a network, read from front to back."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    @property
    def left(self) -> int:
        """How many bytes nothing has read."""
        return len(self._content) - self._place

    def floats(self, *shape: int) -> "Tensor":
        """Read numbers of fp32, which no mark precedes."""
        return self._tensor("<f4", shape)

    def marked(self, *shape: int) -> "Tensor":
        """Read weights, whose type a mark says."""
        (mark,) = struct.unpack("<I", self._bytes(_ALIGNMENT))
        if mark == _HALF:
            return self._tensor("<f2", shape)
        if mark in (_FLOAT, _UNMARKED):
            return self._tensor("<f4", shape)
        raise ValueError(f"its weights are quantised (mark {mark:#010x}), which is not read")

    def _tensor(self, dtype: str, shape: tuple[int, ...]) -> "Tensor":
        import numpy as np
        import torch

        length = int(np.dtype(dtype).itemsize * np.prod(shape, dtype=np.int64))
        content = self._bytes(-(-length // _ALIGNMENT) * _ALIGNMENT)[:length]
        values = np.frombuffer(content, dtype=dtype).astype(dtype[1:])
        return torch.from_numpy(values.reshape(shape))

    def _bytes(self, length: int) -> bytes:
        if not 0 <= length <= self.left:
            raise ValueError("it is cut off, or of another network than the text beside it")
        self._place += length
        return self._content[self._place - length : self._place]


def _convolution(layer: _Layer, content: _Numbers) -> "Iterator[tuple[str, Tensor]]":
    says = layer.numbers
    outputs, width = says[_OUTPUTS], says[_KERNEL_WIDTH]
    height = says.get(_KERNEL_HEIGHT, width)
    inputs = says[_SIZE] // (outputs * height * width)
    if inputs * outputs * height * width != says[_SIZE]:
        raise ValueError(f"a {layer.kind} says that it has {says[_SIZE]} weights")
    yield "weight", content.marked(outputs, inputs, height, width)
    if says.get(_BIAS):
        yield "bias", content.floats(outputs)


def _inner_product(layer: _Layer, content: _Numbers) -> "Iterator[tuple[str, Tensor]]":
    says = layer.numbers
    outputs = says[_OUTPUTS]
    yield "weight", content.marked(outputs, says[_INNER_SIZE] // outputs)
    if says.get(_INNER_BIAS):
        yield "bias", content.floats(outputs)


def _prelu(layer: _Layer, content: _Numbers) -> "Iterator[tuple[str, Tensor]]":
    yield "slope", content.floats(layer.numbers[_OUTPUTS])


_READERS: Final = {
    "Convolution": _convolution,
    "ConvolutionDepthWise": _convolution,
    "InnerProduct": _inner_product,
    "PReLU": _prelu,
}
"""How the numbers of a layer are read; any other is taken to have none."""
