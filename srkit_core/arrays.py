"""Which tensors are in a file that someone else wrote?

Nothing in such a file is run: safetensors and ncnn's files hold numbers only, pickles are read by
`pickled_data`, which knows numbers and data and nothing else. Importing this module does not import
torch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from srkit_core.errors import WeightsError
from srkit_core.ncnn_files import ncnn_pair, read_ncnn
from srkit_core.pickled_data import NotDataError, PickledArray
from srkit_core.torch_archives import (
    STREAM_NUMBER,
    ZIP_START,
    TensorUnpickler,
    read_torch_archive,
    read_torch_stream,
)

if TYPE_CHECKING:
    from torch import Tensor

_DEEPEST: Final = 64
"""How many tables lie within each other at most: a pickle can put one into itself."""


def read_arrays(path: Path) -> "dict[str, Tensor]":
    """Return the tensors of a file by dotted names, on the CPU.

    A table within a table becomes `outer.inner`, the tensors of a list `outer.0`, `outer.1`.

    Takes safetensors, torch's `.pth`, `.pt` and `.ckpt` files, pickles of arrays or tensors, and
    either of ncnn's two files, `.param` and `.bin`, with the other beside it.
    Raises WeightsError when the file is none of these, is damaged, or would run code when it is
    opened.
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
    ncnn = ncnn_pair(path, start)
    try:
        if ncnn:
            return read_ncnn(*ncnn)
        content = read_torch_archive(path) if start.startswith(ZIP_START) else _pickle(path)
        return dict(_flat(content, "", 0))
    except NotDataError as error:
        raise _refused(path, error) from error
    except Exception as error:  # a damaged pickle raises whatever its opcodes lead to
        raise _damaged(path, error) from error


def _safetensors(path: Path) -> "dict[str, Tensor]":
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error


def _pickle(path: Path) -> Any:
    """Read a bare pickle, or torch's stream of them, which opens with a number of its own."""
    with path.open("rb") as file:
        content = TensorUnpickler(file).load()
        if not isinstance(content, int) or content != STREAM_NUMBER:
            return content
        file.seek(0)
        return read_torch_stream(file, path.stat().st_size)


def _flat(content: Any, prefix: str, depth: int) -> "list[tuple[str, Tensor]]":
    """List the tensors in nested tables and lists.

    What is neither (a step, a name) is left out.
    """
    import torch

    if isinstance(content, PickledArray):
        return [] if content.values is None else [(prefix, torch.from_numpy(content.values))]
    if isinstance(content, torch.Tensor):
        return [(prefix, content.detach())]
    if isinstance(content, (list, tuple)):
        content = dict(enumerate(content))
    if not isinstance(content, Mapping):
        return []
    if depth == _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} tables lie within each other")
    return [
        pair
        for name, inner in content.items()
        for pair in _flat(inner, f"{prefix}.{name}" if prefix else str(name), depth + 1)
    ]


def _refused(path: Path, error: NotDataError) -> WeightsError:
    return WeightsError(
        f"{path} is refused, because opening it would run code: {str(error)[:160]}",
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
