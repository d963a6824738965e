"""How does memory that is freed stay at hand for the next step?

glibc hands large blocks back to the system as soon as they are freed, and the next step gets them
page by page, each cleared first. A step on a CPU allocates and frees the same large blocks again
and again.
"""

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_LARGE: Final = 2**30
_MOST: Final = 2**25
"""The largest threshold that mallopt(3) documents; newer versions take larger ones."""


def keep_freed_memory() -> None:
    """Let this process keep what it frees, up to a gigabyte.

    Elsewhere than with glibc nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _LARGE)
        if not mallopt(_MMAP_THRESHOLD, _LARGE):
            mallopt(_MMAP_THRESHOLD, _MOST)
