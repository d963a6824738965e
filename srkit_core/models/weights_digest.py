"""What tells a model's file from others, whatever it is called?"""

import hashlib
from pathlib import Path
from typing import Final

from srkit_core.downloads import sha256

_HALVES: Final = (".param", ".bin")


def weights_digest(path: Path) -> str:
    """Return the sha256 of a file of weights; of ncnn's two files, which are named by either, one
    of both: the text alone is the same for all weights of a network.
    """
    halves = [path.with_suffix(ending) for ending in _HALVES]
    if path not in halves or not all(half.is_file() for half in halves):
        return sha256(path)
    return hashlib.sha256("".join(map(sha256, halves)).encode()).hexdigest()
