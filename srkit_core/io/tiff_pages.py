"""How many pictures does a TIFF file hold, besides smaller copies and masks of them?"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_BIG = 43
_SUBFILE, _REDUCED_OR_MASK = 254, 5
_MOST_PAGES = 65536


def count_pages(path: Path) -> int:
    """Walk over the directories (TIFF 6.0, section 2, and BigTIFF's), each once: a broken file may
    lead back to one.
    """
    with path.open("rb") as file:
        return sum(not kind & _REDUCED_OR_MASK for kind in _kinds(file))


def _kinds(file: IO[bytes]) -> Iterator[int]:
    """Return NewSubfileType of each directory."""
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    try:
        is_big = struct.unpack_from(order + "H", head, 2)[0] == _BIG
        place = struct.unpack_from(order + ("Q" if is_big else "I"), head, 8 if is_big else 4)[0]
        seen = set[int]()
        while place and place not in seen and len(seen) < _MOST_PAGES:
            seen.add(place)
            kind, place = _directory(file, place, order, is_big)
            yield kind
    except (struct.error, OverflowError):
        return


def _directory(file: IO[bytes], place: int, order: str, is_big: bool) -> tuple[int, int]:
    """Return NewSubfileType and the place of the next directory."""
    counter, entry, offset = ("Q", "HHQQ", "Q") if is_big else ("H", "HHII", "I")
    file.seek(place)
    (count,) = struct.unpack(order + counter, file.read(struct.calcsize(order + counter)))
    size, kind = struct.calcsize(order + entry), 0
    entries = file.read(size * count)
    for number in range(count):
        tag, form, _, _ = struct.unpack_from(order + entry, entries, size * number)
        if tag == _SUBFILE:
            stored = "H" if form == 3 else "I"
            kind = struct.unpack_from(
                order + stored, entries, size * number + (12 if is_big else 8)
            )[0]
            break
    return kind, struct.unpack(order + offset, file.read(struct.calcsize(order + offset)))[0]
