"""How do torch's files hold tensors, and the pickle that says what they are?

Since version 1.6 a file is a zip archive: a pickle, and a member for each storage. Before, it was a
stream: several pickles, then the storages. Importing this module does not import torch.
"""

import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from srkit_core.pickled_data import DataUnpickler, NotDataError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

StorageLoader: TypeAlias = Callable[[tuple[Any, ...]], "PickledStorage"]
"""Takes what a pickle says of a storage that lies beside it: its kind, key, place and length."""

ZIP_START: Final = b"PK"
STREAM_NUMBER: Final = 0x1950A86A20F9469CFC6C
"""The number in the first pickle of a stream."""

_PROGRAM: Final = ("constants.pkl", ".py")
"""Endings of members that only a TorchScript program has."""


_STORAGES: Final = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "UntypedStorage": "uint8",
}


@dataclass(frozen=True)
class PickledStorage:
    """The numbers of tensors: a buffer, their type, and which of its bytes they are."""

    buffer: bytearray
    dtype: "torch.dtype"
    start: int
    size: int

    def tensor(self) -> "Tensor":
        """Return them as a vector; it shares the buffer, which may be filled later."""
        import torch

        count = self.size // self.dtype.itemsize
        if not count:
            return torch.empty(0, dtype=self.dtype)
        return torch.frombuffer(self.buffer, dtype=self.dtype, count=count, offset=self.start)


class TensorUnpickler(DataUnpickler):
    """Builds tensors too, from storages in the pickle and beside it."""

    def __init__(self, file: IO[bytes], storage: StorageLoader | None = None) -> None:
        super().__init__(file)
        self._storage = storage

    def made_of(self, module: str, name: str) -> Any:
        """Return what builds the tensors or arrays that a name asks for."""
        built = _TENSORS.get(f"{module}.{name}")
        if built is not None:
            return partial(built)
        known = _torch_constant(name) if module.partition(".")[0] == "torch" else None
        return super().made_of(module, name) if known is None else known

    def persistent_load(self, identity: Any) -> Any:
        """Return a storage that lies beside the pickle."""
        told = isinstance(identity, tuple) and identity[:1] == ("storage",)
        if self._storage is None or not told:
            return super().persistent_load(identity)
        return self._storage(identity[1:])


def read_torch_archive(path: Path) -> Any:
    """Return what the pickle of a zip archive holds, its tensors read from the other members.

    Raises NotDataError for a program, BadZipFile, KeyError and others for a damaged one.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any(name.endswith(_PROGRAM) for name in names):
            raise NotDataError("TorchScript, a program")
        pickled = next((name for name in names if name.rpartition("/")[2] == "data.pkl"), None)
        if pickled is None:
            raise ValueError("it has no data.pkl")
        folder = pickled.removesuffix("data.pkl")
        swapped = f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") == b"big"
        buffers: dict[str, bytearray] = {}

        def storage(told: tuple[Any, ...]) -> PickledStorage:
            dtype, key = told[0], str(told[1])
            if key not in buffers:
                content = archive.read(f"{folder}data/{key}")
                buffers[key] = _swapped(content, dtype.itemsize) if swapped else bytearray(content)
            return PickledStorage(buffers[key], dtype, 0, len(buffers[key]))

        with archive.open(pickled) as file:
            return TensorUnpickler(file, storage).load()


def read_torch_stream(file: IO[bytes], size: int) -> Any:
    """Return what a stream of `size` bytes holds; its storages follow their pickle."""
    if TensorUnpickler(file).load() != STREAM_NUMBER:
        raise ValueError("it does not begin as torch's files do")
    for _ in range(2):  # the version of the format, and facts about the machine
        TensorUnpickler(file).load()
    buffers: dict[str, bytearray] = {}
    items: dict[str, int] = {}

    def storage(told: tuple[Any, ...]) -> PickledStorage:
        dtype, key, _, count, *view = told
        key, length = str(key), int(count) * dtype.itemsize
        if length > size:
            raise ValueError(f"the storage {key[:20]} is larger than the file")
        if key not in buffers:
            buffers[key], items[key] = bytearray(length), dtype.itemsize
        if not view or view[0] is None:
            return PickledStorage(buffers[key], dtype, 0, len(buffers[key]))
        _, start, shown = view[0]
        return PickledStorage(buffers[key], dtype, start * dtype.itemsize, shown * dtype.itemsize)

    content = TensorUnpickler(file, storage).load()
    for key in map(str, TensorUnpickler(file).load()):
        _fill(file, buffers[key], items[key])
    return content


def _fill(file: IO[bytes], buffer: bytearray, item: int) -> None:
    (count,) = struct.unpack("<q", file.read(8))
    if count * item != len(buffer):
        raise ValueError(f"a storage has {count} numbers, not {len(buffer) // item}")
    data = file.read(len(buffer))
    if len(data) != len(buffer):
        raise EOFError("it is cut off")
    buffer[:] = data


def _swapped(content: bytes, item: int) -> bytearray:
    """Return numbers in the order of bytes of this machine, from the other."""
    import numpy as np

    return bytearray(np.frombuffer(content, dtype=f"u{item}").byteswap().tobytes())


def _torch_constant(name: str) -> Any:
    """Return a type of numbers or of a storage; None for any other name of torch."""
    import torch

    if name in _STORAGES:
        return getattr(torch, _STORAGES[name])
    found = vars(torch).get(name)
    return found if isinstance(found, torch.dtype) else None


def _tensor(storage: PickledStorage, offset: int, size: Any, stride: Any, *_: Any) -> "Tensor":
    """Return the view of a storage that a tensor is; torch refuses one that reaches beyond it."""
    return storage.tensor().as_strided(tuple(size), tuple(stride), offset)


def _typed_tensor(
    storage: PickledStorage, offset: int, size: Any, stride: Any, grad: Any, hooks: Any, dtype: Any
) -> "Tensor":
    typed = PickledStorage(storage.buffer, dtype, storage.start, storage.size)
    return _tensor(typed, offset, size, stride)


def _first(value: Any, *_: Any) -> Any:
    return value


def _of_subclass(rebuild: Any, kind: Any, arguments: Any, *_: Any) -> Any:
    if getattr(rebuild, "func", None) not in _TENSORS.values():
        raise NotDataError(str(kind))
    return rebuild(*arguments)


def _storage_of_bytes(content: bytes) -> Any:
    return read_torch_stream(BytesIO(content), len(content))


_TENSORS: Final[dict[str, Callable[..., Any]]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch.nn.parameter.Parameter": _first,
    "torch._tensor._rebuild_from_type_v2": _of_subclass,
    "torch.storage._load_from_bytes": _storage_of_bytes,
}
"""What a pickle gets where it asks for arrays of numpy or tensors of torch."""
