"""Which tensors are in a file that someone else wrote?

Nothing in such a file is run: safetensors hold numbers only, torch's files are read with
`weights_only=True`, numpy's pickles by an unpickler that knows arrays and nothing else. Importing
this module does not import torch.
"""

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from srkit_core.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

_TORCH_ZIP: Final = b"PK"
_TORCH_NUMBER: Final = 0x1950A86A20F9469CFC6C
_NUMBERS: Final = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1"})
"""Types of arrays that are taken from a pickle."""


def read_arrays(path: Path) -> "dict[str, Tensor]":
    """Return the tensors of a file by dotted names, on the CPU.

    A table within a table becomes `outer.inner`.

    Takes safetensors, torch's `.pth` and `.pt` files, and pickles of numpy arrays. Raises
    WeightsError when the file is none of these, is damaged, or would run code when it is opened.
    """
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise WeightsError(
            f"cannot read {path}: {error.strerror or error}", hint="check the path", path=path
        ) from error
    if start[8:9] == b"{":
        return _safetensors(path)
    content: Any = _torch_file(path) if start.startswith(_TORCH_ZIP) else _pickle(path)
    return dict(_flat(content, ""))


def _safetensors(path: Path) -> "dict[str, Tensor]":
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error


def _torch_file(path: Path) -> Any:
    import torch

    try:
        with path.open("rb") as file, warnings.catch_warnings(action="ignore"):
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, error) from error
    except Exception as error:  # torch has no error of its own for a file that is cut off
        raise _damaged(path, error) from error


def _pickle(path: Path) -> Any:
    """Read a bare pickle: numpy's, or torch's before version 1.6, which opens with a number of its
    own.
    """
    try:
        with path.open("rb") as file:
            content = _ArraysOnly(file).load()
    except _NotArraysError as error:
        raise _refused(path, error) from error
    except Exception as error:  # a damaged pickle raises whatever its opcodes lead to
        raise _damaged(path, error) from error
    return _torch_file(path) if isinstance(content, int) and content == _TORCH_NUMBER else content


class _NotArraysError(Exception):
    """A pickle names something else than an array of numpy."""


class _Dtype:
    """What a pickle says of an array's type: a code such as f4, and the order of its bytes."""

    def __init__(self, code: str = "", *_: object) -> None:
        self.code, self.order = code, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "<"


class _Array:
    """What a pickle says about an array: its shape, type and bytes.

    Numpy builds nothing before all are checked.
    """

    def __init__(self, *_: object) -> None:
        self.values: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        import numpy as np

        _, shape, dtype, by_columns, raw = state
        if not isinstance(dtype, _Dtype) or dtype.code not in _NUMBERS:
            raise _NotArraysError("it holds an array of something else than numbers")
        content = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
        flat = np.frombuffer(content, dtype=dtype.order + dtype.code)
        self.values = flat.reshape(shape, order="F" if by_columns else "C").astype(
            flat.dtype.newbyteorder("=")
        )


_STAND_INS: Final[dict[tuple[str, str], type]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
}
"""What a pickle gets where it asks for numpy: numpy's own unpickling trusts the bytes it is given.
"""


class _ArraysOnly(pickle.Unpickler):
    """Builds arrays of numbers and plain values.

    Whatever else a pickle asks for is refused before it is looked up.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise _NotArraysError(f"it asks for {module}.{name}")
        return _STAND_INS[module, name]

    def persistent_load(self, identity: Any) -> Any:
        raise _NotArraysError(f"it refers to {identity}")


def _flat(content: Any, prefix: str) -> "list[tuple[str, Tensor]]":
    """List the tensors in nested tables.

    What is neither a table nor a tensor (a step, a name) is left out.
    """
    import torch

    if isinstance(content, _Array):
        return [] if content.values is None else [(prefix, torch.from_numpy(content.values))]
    if isinstance(content, torch.Tensor):
        return [(prefix, content.detach())]
    if not isinstance(content, Mapping):
        return []
    return [
        pair
        for name, inner in content.items()
        for pair in _flat(inner, f"{prefix}.{name}" if prefix else str(name))
    ]


def _refused(path: Path, error: Exception) -> WeightsError:
    named = re.search(r"GLOBAL (\S+)", str(error))
    reason = f"it asks for {named[1]}" if named else str(error).splitlines()[0]
    return WeightsError(
        f"{path} is refused, because opening it would run code: {reason[:160]}",
        hint="ask its author for a file that holds tensors only, such as .safetensors",
        path=path,
    )


def _damaged(path: Path, error: Exception) -> WeightsError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].partition(". ")[0]
    return WeightsError(
        f"{path} is damaged, or no file of weights: {reason[:160]}",
        hint="copy or download it again",
        path=path,
    )
