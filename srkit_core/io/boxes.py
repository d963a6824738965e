"""Which boxes stand in a file of the ISO base media format?

AVIF, HEIC, JPEG 2000 and JPEG XL are such files (ISO/IEC 14496-12, 4.2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from srkit_core.io.colorimetry import ColourCode

_MOST_BOXES = 4096
_FULL_BOX = 4
_NCLX = b"nclx"
_ROOM = (b"free", b"skip", bytes(4))


@dataclass(frozen=True)
class Box:
    """A box by its name, with the place of its content in the file; `end` is behind it."""

    name: bytes
    start: int
    end: int


def boxes(file: IO[bytes], start: int, end: int) -> Iterator[Box]:
    """Walk over the boxes between two places of a file; one that reaches beyond ends there."""
    for _ in range(_MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        if len(head) < 8 or start + 8 > end:
            return
        size, name = int.from_bytes(head[:4], "big"), head[4:8]
        first = start + 8
        if size == 1:
            size, first = int.from_bytes(head[8:16], "big"), start + 16
        stop = end if size == 0 else min(start + size, end)
        if stop < first:
            return
        yield Box(name, first, stop)
        start = stop


def find_box(file: IO[bytes], path: tuple[bytes, ...], start: int, end: int) -> Box | None:
    """Return the first box of a path of names, such as (meta, iprp, ipco)."""
    for box in boxes(file, start, end):
        if box.name == path[0]:
            if len(path) == 1:
                return box
            inside = box.start + (_FULL_BOX if box.name == b"meta" else 0)
            found = find_box(file, path[1:], inside, box.end)
            if found:
                return found
    return None


def content_end(file: IO[bytes], length: int) -> int:
    """Return where the content of a file ends, behind which there is room that nobody uses."""
    used = [box.end for box in boxes(file, 0, length) if box.name not in _ROOM]
    return max(used, default=length)


def colour_code(file: IO[bytes], length: int) -> ColourCode:
    """Return the first colour code (`nclx`, ISO/IEC 23008-12, 6.5.5) of a HEIF file or of the
    sequence in it; unspecified where there is none.
    """
    properties = find_box(file, (b"meta", b"iprp", b"ipco"), 0, length)
    if properties:
        for box in boxes(file, properties.start, properties.end):
            file.seek(box.start)
            content = file.read(8)
            if box.name == b"colr" and content[:4] == _NCLX and len(content) == 8:
                return ColourCode(
                    int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
                )
    return ColourCode()
