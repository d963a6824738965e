"""What do the files of a run folder say, and is what they say whole?"""

import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from srkit_core.errors import DataError

POSITION_COLUMNS: Final = ("step", "epoch", "stage", "split")
"""Columns that every metrics.csv has, of whole numbers and words."""
_SAY_AGAIN: Final = (
    "copy it back, or the same command with --data PHOTOS, and --val and --precision as the run "
    "began with"
)
_SPLITS: Final = frozenset(("train", "val"))
_AT_ONCE: Final = 1000
"""Rows that are looked at together; so many are in memory."""
_SECTIONS: Final = frozenset({"arguments", "data", "commands"})

LoggedRow = Mapping[str, str]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class _Arguments(_Table):
    data: str = Field(min_length=1)
    val: dict[str, str] | None = None
    init: str | None = None
    device: str = "auto"
    precision: str = "auto"
    workers: NonNegativeInt | None = None
    compile: bool = False
    recompute: bool = False
    track: list[str] = Field(default_factory=list)
    callback: list[str] = Field(default_factory=list)


class _Data(_Table):
    source: str
    fingerprint: str
    pictures: NonNegativeInt
    crops: NonNegativeInt = 0


class _Network(_Table):
    name: str
    path: str
    sha256: str


class _Part(_Table):
    last_step: NonNegativeInt


class _Environment(_Table):
    arguments: _Arguments
    data: _Data
    commands: list[list[str]]
    id: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    git: dict[str, Any] | None = None
    init: dict[str, str | None] | None = None
    weights: list[_Network] = Field(default_factory=list)
    history: list[_Part] = Field(default_factory=list)
    validation: list[str] = Field(default_factory=list)
    test: list[str] = Field(default_factory=list)
    held_out: list[tuple[str, int]] = Field(default_factory=list)
    judges: dict[str, str] = Field(default_factory=dict)


class _Best(_Table):
    step: NonNegativeInt
    value: float | None


class _StageFigures(_Table):
    best: dict[str, _Best]


class _Summary(_Table):
    steps: NonNegativeInt
    stages: dict[str, _StageFigures]


def checked_environment(path: Path) -> dict[str, Any]:
    """Return environment.json; raises DataError when it is missing, damaged or a stranger's."""
    return _checked(path, _Environment, _SAY_AGAIN)


def is_foreign_environment(path: Path) -> bool:
    """Whether a whole JSON document is there and another program's."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return not (isinstance(document, dict) and document.keys() >= _SECTIONS)


def read_summary(path: Path, hint: str) -> dict[str, Any]:
    """Return summary.json; raises DataError when it is missing or damaged."""
    return _checked(path, _Summary, hint)


def read_rows(path: Path, hint: str) -> list[LoggedRow]:
    """Return the rows of metrics.csv as text by column, with the errors of `each_row`."""
    lines = each_row(path, hint)
    header = next(lines)
    return [dict(zip(header, line, strict=True)) for line in lines]


def each_row(path: Path, hint: str, size: int | None = None) -> Iterator[Sequence[str]]:
    """Yield the header of metrics.csv and then its rows, of its first `size` bytes if given, none
    of which stays in memory.

    Raises DataError when it is missing, has no header, is cut within a row or holds anything but
    figures.
    """
    try:
        with path.open("rb") as file:
            cut = _ends_within_row(file, size)
            lines = csv.reader(_first_bytes(file, size), strict=True)
            header = next(lines, [])
            fault = _fault_of_header(header)
            if cut and not fault:
                fault = f"is cut within line {1 + sum(1 for _ in lines)}"
            if fault:
                raise DataError(f"{path} {fault}", hint=hint, path=path)
            yield header
            number = 2
            while some := list(islice(lines, _AT_ONCE)):
                if not _all_sound(header, some):
                    fact = f"{path} is damaged in line {_first_fault(header, some, number)}"
                    raise DataError(fact, hint=hint, path=path)
                yield from some
                number += len(some)
    except (OSError, ValueError, csv.Error) as error:
        raise _unusable(path, error, hint) from None


def _checked(path: Path, model: type[BaseModel], hint: str) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        model.model_validate_json(content)
        return dict(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"{one}." for one in first["loc"]).rstrip(".")
        why = f"{place}: {first['msg']}" if place else str(first["msg"])
        raise _unusable(path, ValueError(why), hint) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(path, error, hint) from None


def _unusable(path: Path, error: Exception, hint: str) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path} is missing", hint=hint, path=path)
    if isinstance(error, OSError):
        reason = error.strerror or error
        return DataError(f"cannot read {path}: {reason}", hint=hint, path=path)
    if path.stat().st_size == 0:
        return DataError(f"{path} is empty", hint=hint, path=path)
    return DataError(f"{path} is damaged: {error}", hint=hint, path=path)


def _ends_within_row(file: BinaryIO, size: int | None) -> bool:
    """Whether what is read of a file has no end of line at its end."""
    end = file.seek(0, SEEK_END) if size is None else size
    file.seek(max(end - 1, 0))
    last = file.read(1)
    file.seek(0)
    return last != b"\n"


def _first_bytes(file: BinaryIO, size: int | None) -> Iterator[str]:
    """Yield the lines of a file, as far as its first `size` bytes."""
    left = size
    for line in file:
        yield line[:left].decode()
        left = None if left is None else left - len(line)
        if left is not None and left <= 0:
            return


def _fault_of_header(header: Sequence[str]) -> str | None:
    if not header:
        return "is empty"
    lacking = [name for name in POSITION_COLUMNS if name not in header]
    if lacking or len(set(header)) < len(header):
        return f"is damaged: its first line is no header with a column '{(lacking or header)[0]}'"
    return None


def _all_sound(header: Sequence[str], lines: Sequence[Sequence[str]]) -> bool:
    """Whether no row has a fault: by columns, in a fifth of the time of looking at each."""
    if {len(line) for line in lines} != {len(header)}:
        return False
    columns = dict(zip(header, zip(*lines, strict=True), strict=True))
    try:
        for name, cells in columns.items():
            if name in ("step", "epoch"):
                deque(map(int, cells), maxlen=0)
            elif name not in POSITION_COLUMNS:
                deque(map(float, filter(None, cells)), maxlen=0)
    except ValueError:
        return False
    return set(columns["split"]) <= _SPLITS


def _first_fault(header: Sequence[str], lines: Sequence[Sequence[str]], first: int) -> str:
    faults = ((number, _fault_of_row(header, line)) for number, line in enumerate(lines, first))
    return next(f"{number}: {fault}" for number, fault in faults if fault)


def _fault_of_row(header: Sequence[str], line: Sequence[str]) -> str | None:
    if len(line) != len(header):
        return f"{len(line)} values for {len(header)} columns"
    for name, text in zip(header, line, strict=True):
        try:
            if name == "split" and text not in _SPLITS:
                raise ValueError(text)
            if name in ("step", "epoch"):
                int(text)
            elif name not in POSITION_COLUMNS and text:
                float(text)
        except ValueError:
            return f"{name} is '{text[:40]}'"
    return None
