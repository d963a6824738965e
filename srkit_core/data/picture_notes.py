"""What ought a person to know of how the pictures of a folder are read?"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from srkit_core.data.picture import Picture
from srkit_core.errors import DataError
from srkit_core.io.images import image_notes

_NAMED_AT_MOST: Final = 5


def header_notes(pictures: Iterable[Picture]) -> Iterator[str]:
    """Say what the headers of the files tell of what is not read, such as further frames."""
    for picture in pictures:
        for path in filter(None, (picture.path, picture.lr)):
            with suppress(DataError):
                yield from notes_on(path, image_notes(path))


def notes_on(path: Path, notes: Iterable[str]) -> Iterator[str]:
    """Name the file that notes are on."""
    return (f"{path}: {note}" for note in notes)


def named_at_most(lines: Sequence[str]) -> tuple[str, ...]:
    """Return so many lines as a person reads, and how many there are besides."""
    rest = len(lines) - _NAMED_AT_MOST
    return (*lines[:_NAMED_AT_MOST], *([f"{rest} more notes on pictures"] if rest > 0 else []))
