"""How do several files become one that a browser saves, without being written twice?"""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_PIECE: Final = 2**20


class _Outgoing:
    """Takes what a zip file is written into, and gives it away."""

    def __init__(self) -> None:
        self._pieces = list[bytes]()

    def write(self, piece: bytes, /) -> int:
        """Keep a piece until it is taken."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        """Return what has come since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def zip_stream(files: Sequence[Path]) -> Iterator[bytes]:
    """Yield a zip file of files, by their names and as they are: pictures are compressed already.

    Raises OSError where one cannot be read.
    """
    outgoing = _Outgoing()
    with zipfile.ZipFile(outgoing, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            with file.open("rb") as source, archive.open(_entry(file), "w") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    yield outgoing.taken()
    yield outgoing.taken()


def _entry(file: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo.from_file(file, file.name)
    entry.compress_type = zipfile.ZIP_STORED
    return entry
