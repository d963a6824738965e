"""How are the pixels of a packed picture written, and read without reading all of them?

A shard is a safetensors file of one picture: `hr`, uint8 (H, W, 3), and `lr` of the same kind where
LR was prepared. It is mapped into memory, so that of a crop only the pages it lies in are read, and
processes share them. It is written here, and not by the library, because that one puts metadata
into an order drawn anew each time, and equal input shall give equal bytes.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from srkit_core.errors import DataError
from srkit_core.io.atomic import write_parts
from srkit_core.io.images import Pixels

ENDING = ".safetensors"
MOST_OPEN = 512
"""How many shards a process keeps mapped; the one used longest ago is let go.

None of them holds a file descriptor.
"""

_ALIGNMENT = 64
"""Pixels begin at a multiple of so many bytes, a cache line; the format asks for 8."""


def write_shard(path: Path, tensors: Mapping[str, Pixels], metadata: Mapping[str, str]) -> int:
    """Write uint8 arrays, each contiguous (H, W, 3), and return the size of the file in bytes.

    Raises as `write_parts`.

    Layout: https://github.com/huggingface/safetensors#format
    """
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    end = 0
    for name, pixels in tensors.items():
        header[name] = {
            "dtype": "U8",
            "shape": list(pixels.shape),
            "data_offsets": [end, end + pixels.nbytes],
        }
        end += pixels.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % _ALIGNMENT)
    write_parts(
        path,
        [
            len(text).to_bytes(8, "little"),
            text,
            *(pixels.data.cast("B") for pixels in tensors.values()),
        ],
    )
    return 8 + len(text) + end


def shard_sides(path: Path) -> Mapping[str, tuple[int, int]]:
    """Return (height, width) of the pictures of a shard by name, from its header alone.

    Raises DataError as `open_shard`.
    """
    header: Any = None
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length < size else None
    except OSError as error:
        raise unreadable(path, error.strerror or "there is no such file") from None
    except (ValueError, RecursionError):
        raise unreadable(path, "it is truncated or damaged") from None
    try:
        header.pop("__metadata__", None)
        ends = [one["data_offsets"][1] for one in header.values()]
        whole = 8 + length + max(ends, default=0) == size
        pictures = {name: (one["dtype"], *one["shape"]) for name, one in header.items()}
    except (AttributeError, LookupError, TypeError):
        whole = False
    if not whole:
        raise unreadable(path, "it is truncated or damaged")
    if any((len(one), one[0], one[-1]) != (4, "U8", 3) for one in pictures.values()):
        raise unreadable(path, "it holds other things than pictures")
    return {name: (one[1], one[2]) for name, one in pictures.items()}


@lru_cache(maxsize=MOST_OPEN)
def open_shard(path: Path) -> Mapping[str, Pixels]:
    """Return the pictures of a shard by name, `hr` and where it has one `lr`, (H, W, 3).

    Writing to them leaves the file alone.

    Raises DataError when it is missing, not a shard, or not as long as its header says.
    """
    try:
        with safe_open(path, framework="pt") as shard:
            pictures = {name: shard.get_tensor(name).numpy() for name in shard.keys()}  # noqa: SIM118  a shard is no mapping
    except OSError as error:
        raise unreadable(path, error.strerror or "there is no such file") from None
    except (SafetensorError, TypeError):
        raise unreadable(path, "it is truncated or damaged") from None
    if any(
        pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3
        for pixels in pictures.values()
    ):
        raise unreadable(path, "it holds other things than pictures")
    return pictures


def shard_pixels(path: Path, name: str) -> Pixels:
    """Return `hr` or `lr` of a shard.

    Raises DataError as `open_shard`, and where there is no such picture.
    """
    pictures = open_shard(path)
    if name not in pictures:
        raise unreadable(path, f"it holds no {name.upper()}")
    return pictures[name]


def unreadable(path: Path, reason: str) -> DataError:
    """Return the error of a shard that cannot be used."""
    return DataError(
        f"cannot read {path}: {reason}", hint="copy it again, or srkit prepare again", path=path
    )
