"""What is known of each input file of a preparation, its record read from the disk at most once?"""

from collections.abc import Iterable
from pathlib import Path

from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.records import (
    Record,
    load_record,
    record_file,
    records_folder,
    save_record,
    stem_of,
)
from srkit_core.errors import RecipeError
from srkit_core.io.atomic import flush_all


class RecordBook:
    """The records of a folder that nobody else writes into, but for workers, whose records are told
    to `learn`.
    """

    def __init__(self, out: Path) -> None:
        """List the records that are there, without reading any."""
        self._out = out
        self._stems = {file.stem for file in records_folder(out).glob("*.json")}
        self._read = dict[str, Record | None]()
        self._new = set[Path]()

    def of(self, name: str) -> Record | None:
        """Return the record of a picture, None where there is none that can be read."""
        if name not in self._read:
            there = stem_of(name) in self._stems
            self._read[name] = load_record(self._out, name) if there else None
        return self._read[name]

    def is_damaged(self, name: str) -> bool:
        """Whether a picture has a record that cannot be read."""
        return self.of(name) is None and stem_of(name) in self._stems

    def learn(self, name: str, record: Record) -> None:
        """Hear of a record that was written."""
        self._read[name] = record
        self._new.add(record_file(self._out, name))

    def save(self, name: str, record: Record) -> None:
        """Write a record."""
        save_record(self._out, name, record)
        self.learn(name, record)

    def forget(self, name: str) -> None:
        """Delete a record, where there is one."""
        file = record_file(self._out, name)
        file.unlink(missing_ok=True)
        self._read[name] = None
        self._stems.discard(file.stem)
        self._new.discard(file)

    def forget_others(self, names: Iterable[str]) -> int:
        """Delete the records of pictures that are not among `names`, and return how many there
        were.
        """
        others = self._stems - {stem_of(name) for name in names}
        for stem in others:
            (records_folder(self._out) / f"{stem}.json").unlink(missing_ok=True)
        self._stems -= others
        return len(others)

    def check_same_source(self, shown: Path, names: Iterable[str]) -> None:
        """Raise RecipeError when a folder was prepared from other pictures alone, as when a disk is
        not there or a path is wrong; `shown` is the folder as a person wrote it.
        """
        if self._stems and not self._stems & {stem_of(name) for name in names}:
            fact = (
                f"{shown} was prepared from other pictures: none of its {len(self._stems)} is "
                "in the sources"
            )
            raise RecipeError(fact, hint="add --redo to begin anew, or name another folder")

    def flush(self) -> None:
        """Wait until what is new is on the disk."""
        if self._new:
            flush_all(self._new)
        self._new.clear()

    def is_done(self, file: InputFile, job: str) -> bool:
        """Whether a file as it is now was prepared by the job of this digest, or cannot be used."""
        record = self.of(file.name)
        return (
            record is not None
            and record.is_of(file)
            and (bool(record.failure) or record.job == job)
        )
