"""Which decoded pictures are worth keeping in memory?"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from srkit_core.io.images import Pixels

DEFAULT_BYTES = 512 * 2**20


class PixelCache:
    """Keeps the most recently used pictures of one process, up to a number of bytes."""

    def __init__(self, read: Callable[[Path], Pixels], *, most_bytes: int = DEFAULT_BYTES) -> None:
        self._read = read
        self._most = most_bytes
        self._held = 0
        self._pictures = OrderedDict[Path, Pixels]()

    def get(self, path: Path) -> Pixels:
        """Return the pixels of a file, reading it at the first use or after it was dropped."""
        if path in self._pictures:
            self._pictures.move_to_end(path)
            return self._pictures[path]
        pixels = self._read(path)
        self._pictures[path] = pixels
        self._held += pixels.nbytes
        while self._held > self._most and len(self._pictures) > 1:
            self._held -= self._pictures.popitem(last=False)[1].nbytes
        return pixels
