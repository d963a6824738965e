"""What was written of an input file before, or why can it not be used?

A small JSON file for each input file, written when everything that is stored of it is in its place.
By size and time of the source a later run knows that there is nothing to do.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import TypeAdapter

from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.prepared_layout import RECORDS, WORK_FOLDER
from srkit_core.errors import DataError
from srkit_core.inside import leads_out
from srkit_core.io.documents import write_json

_HASH_KEY = "likeness"
"""How a record on the disk calls the perceptual hash."""


@dataclass(frozen=True)
class Unusable:
    """Why a file cannot be used; a `lasting` reason lies in the file, so that it need not be tried
    again until the file changes.
    """

    reason: str
    lasting: bool


@dataclass(frozen=True)
class Output:
    """One written picture: sizes and crop (top, left, height, width) in pixels.

    Of so many `patches` are `flat` left out.

    `files` are paths below the output folder with their sizes in bytes.
    """

    name: str
    size: tuple[int, int]
    crop: tuple[int, int, int, int]
    patches: int
    flat: int
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Record:
    """An input file as it was (bytes, mtime in ns), and either why it cannot be used, or what the
    job of this digest wrote of it.

    `height` and `width` are those of the header, 0 where it cannot be read; of a pair, bytes and
    mtime are sums of both files, height and width what both show. `notes` say what a person ought
    to know of how it was read.
    """

    bytes: int
    mtime: int
    failure: str = ""
    job: str = ""
    height: int = 0
    width: int = 0
    sha256: str = ""
    perceptual_hash: int = 0
    outputs: tuple[Output, ...] = ()
    notes: tuple[str, ...] = ()
    lr_sha256: str = ""

    def is_of(self, file: InputFile) -> bool:
        """Say whether the file is still the one that was looked at."""
        return (self.bytes, self.mtime) == (file.bytes, file.mtime)

    def is_whole(self, out: Path) -> bool:
        """Say whether everything that was written is still there, by its size."""
        return all(
            _bytes_of(out / file) == size for output in self.outputs for file, size in output.files
        )


_RECORD = TypeAdapter(Record)


def unusable_input(error: DataError, path: Path) -> Unusable:
    """Return what reading a picture said about a file.

    What the system said, such as on permissions, may pass, and so may a limit.
    """
    from srkit_core.io.decode_errors import TooLargeError

    cause = error.__cause__
    passing = isinstance(cause, TooLargeError) or (
        isinstance(cause, OSError) and cause.errno is not None
    )
    return Unusable(
        error.message.removeprefix(f"cannot read {error.path}: "),
        lasting=not passing and path.exists(),
    )


def stem_of(name: str) -> str:
    """Return a short name for files that belong to a picture, safe on every file system and told
    apart from all others.
    """
    bare = re.sub(r"[^A-Za-z0-9_-]+", "-", PurePosixPath(name).stem)[:40].strip("-").lower()
    return f"{bare or 'picture'}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def record_file(out: Path, name: str) -> Path:
    """Return where the record of a picture is."""
    return records_folder(out) / f"{stem_of(name)}.json"


def records_folder(out: Path) -> Path:
    """Return where the records are."""
    return out / WORK_FOLDER / RECORDS


def save_record(out: Path, name: str, record: Record) -> None:
    """Write a record, of which everything is on the disk that it names.

    Nobody waits for the record itself: a picture whose record is lost with the power, or empty, is
    made again. So a folder is never told of files that are not whole, whatever is lost.
    """
    content = {
        _HASH_KEY if field == "perceptual_hash" else field: value
        for field, value in asdict(record).items()
    }
    write_json(record_file(out, name), content, flushed=False)


def load_record(out: Path, name: str) -> Record | None:
    """Return the record of a picture, None where there is none that can be read: what it was
    written of is then made again.
    """
    try:
        content = json.loads(record_file(out, name).read_bytes())
        content["perceptual_hash"] = content.pop(_HASH_KEY)
        content = {"notes": [], "lr_sha256": "", **content}  # which older records have not
        whole = content.keys() == {field.name for field in fields(Record)}
        return _checked(content) if whole else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _checked(content: dict[str, Any]) -> Record | None:
    record = _RECORD.validate_json(json.dumps(content), strict=True)
    files = [file for output in record.outputs for file, _ in output.files]
    return None if any(map(leads_out, files)) else record


def _bytes_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1
