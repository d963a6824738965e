"""How are the rows of `metrics.csv` written, so that none is lost or written twice?"""

import csv
import io
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from srkit_core.engine.logs.columns import DECLARED, Column, LogRow
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import flush, write_error, write_text
from srkit_core.run_documents import each_row


class CsvLog:
    """`metrics.csv`, a row at a time; `flush` waits until all of them are on the disk."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path = path
        self.columns = tuple(columns)
        self._names = [column.name for column in columns]
        self.begun = False
        """Whether any row stands in it."""

    def start(self) -> None:
        """Begin a new file with its header."""
        write_text(self._path, _line(self._names))

    def check(self, size: int, hint: str) -> None:
        """Look whether a run can go on with the first `size` bytes.

        A declared column that came with a newer srkit is left out, so that rows fit the header.
        Raises DataError with `hint` when rows before it are missing or damaged, RecipeError when
        the columns are others.
        """
        there = self._path.stat().st_size if self._path.is_file() else None
        if there and there < size:
            fact = f"{self._path} has lost rows that were written before the checkpoint"
            raise DataError(fact, hint=hint, path=self._path)
        deque(each_row(self._path, hint, size), maxlen=0)
        with self._path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
        newer = {one.name for one in DECLARED} - set(header)
        if header != [name for name in self._names if name not in newer]:
            raise RecipeError(
                f"{self._path} has other columns than this run",
                hint="resume with the validation sets of the start",
            )
        self._names = header

    def cut(self, size: int) -> None:
        """Forget what was written after the first `size` bytes, so that a resumed run has each row
        once.
        """
        os.truncate(self._path, size)
        self.begun = True

    def flush(self) -> int:
        """Wait until every row is on the disk; returns the length of the file in bytes."""
        try:
            flush(self._path)
        except OSError as error:
            raise write_error(error, self._path) from error
        return self._path.stat().st_size

    def write(self, row: LogRow) -> None:
        """Append a row, whole or not at all; columns it does not have stay empty."""
        unknown = row.keys() - {column.name for column in self.columns}
        if unknown:
            raise KeyError(f"no such columns: {sorted(unknown)}")
        try:
            _append(self._path, _line([_plain(row.get(name, "")) for name in self._names]))
            self.begun = True
        except OSError as error:
            raise write_error(error, self._path) from error


def _append(path: Path, text: str) -> None:
    """Append a text; where only half of it can be written it is taken back."""
    before = path.stat().st_size
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError:
        os.truncate(path, before)
        raise


def _line(values: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def _plain(value: Any) -> Any:
    return repr(value) if isinstance(value, float) else value
