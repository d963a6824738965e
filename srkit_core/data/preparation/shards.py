"""How are the pixels of one picture laid into a file that is opened by memory map?

A safetensors file. It is written here, and not by the library, because that one puts metadata into
an order drawn anew each time, and equal input shall give equal bytes.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from srkit_core.io.atomic import write_parts
from srkit_core.io.images import Pixels

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
