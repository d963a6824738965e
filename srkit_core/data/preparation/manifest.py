"""What does a prepared folder say about itself: its pictures, their splits and their licence?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.manifest_fields import ManifestFields
from srkit_core.data.preparation.records import Output, Record
from srkit_core.data.preparation.selection import Tally
from srkit_core.data.preparation.work_files import read_work_file
from srkit_core.data.prepared_layout import (
    LABELS,
    MANIFEST,
    OPTIONS,
    SKIPPED,
    VERSION,
    WORK_FOLDER,
)
from srkit_core.data.splits import Selection, choose
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import write_error, write_text
from srkit_core.io.documents import json_text, write_json
from srkit_core.lists import read_list, read_partition

_PARTS = (("val", "validation"), ("test", "a test"))
_EXAMPLES = "--split 0.15,0.05, or a list of names for each: --split val.txt,test.txt"


def with_earlier(out: Path, given: ManifestFields) -> tuple[ManifestFields, list[str]]:
    """Fill in what an earlier run into this folder said, and return notes on what is kept and what
    is new.

    Raises DataError when that is missing or damaged, unless everything is given anew.
    """
    now = asdict(given)
    said_anew = all(value is not None for value in now.values())
    before = {} if said_anew and not _is_readable(out) else _recorded(out)
    notes = list(_notes(before, now))
    known = {name: before.get(name) if value is None else value for name, value in now.items()}
    return ManifestFields(**known), notes


def keep_fields(out: Path, given: ManifestFields) -> None:
    """Write them down for the next run, where they are not yet."""
    if not _is_readable(out) or _recorded(out) != asdict(given):
        write_json(out / WORK_FOLDER / LABELS, asdict(given))


def splits_of_groups(groups: Mapping[str, str], split: str, source: str) -> dict[str, str]:
    """Return `val` or `test` for each group of pictures, given as name to group, that is not for
    training.

    `split` is the share or list of the validation, then that of the test, or a partition that says
    of each picture what it is for, of which some may not be there; "" keeps nothing. Raises
    RecipeError when it is neither, DataError when a list cannot be read or names a picture that is
    not there, or one is in both.
    """
    if not split:
        return {}
    selections = _of_partition(groups, split) or [
        _selection(piece.strip()) for piece in split.split(",")
    ]
    if len(selections) > 2 or sum(one for one in selections if isinstance(one, float)) >= 1:
        raise RecipeError(
            f"--split {split} leaves nothing to train on, or has more than two parts",
            hint=_EXAMPLES,
        )
    bare = {str(PurePosixPath(name).with_suffix("")): group for name, group in groups.items()}
    try:
        held, tested = choose(
            {**bare, **groups},
            selections[0],
            selections[1] if len(selections) > 1 else (),
            source,
            none=True,
        )
    except DataError as error:
        raise DataError(error.message, hint=_EXAMPLES) from None
    return dict.fromkeys(held, "val") | dict.fromkeys(tested, "test")


def _of_partition(groups: Mapping[str, str], split: str) -> list[Selection]:
    """Return the names for validation and for a test of a partition, of those that are there.

    Raises DataError when it names none of the pictures.
    """
    partition = read_partition(Path(split)) if _is_partition(split) else {}
    there = {_last(name): name for name in groups}
    known = {there[one]: part for name, part in partition.items() if (one := _last(name)) in there}
    if partition and not known:
        raise DataError(f"{split} names none of the pictures", hint=_EXAMPLES, path=Path(split))
    parts = ("val", "test") if known else ()
    return [tuple(name for name, part in known.items() if part == wanted) for wanted in parts]


def _is_partition(split: str) -> bool:
    return Path(split).is_file() and bool(read_partition(Path(split)))


def _last(name: str) -> str:
    return PurePosixPath(name).name


def empty_splits(split: str, counts: Mapping[str, int]) -> Iterator[str]:
    """Say which parts of a split have got no picture."""
    pieces = split.split(",") if split and not _is_partition(split) else ()
    for piece, (part, use) in zip(pieces, _PARTS, strict=False):
        if not counts.get(part):
            yield (
                f"--split {split}: no picture falls into the {piece.strip()} for {use}; lists take "
                "pictures by name: --split val.txt,test.txt"
            )


def manifest_document(
    words: Mapping[str, str],
    selected: Iterable[tuple[InputFile, Record]],
    split: Mapping[str, str],
    licence: str | None,
    tally: Tally,
) -> dict[str, Any]:
    """Return the manifest of what was selected, prepared with options in words.

    `split` is that of each group, train where it has none.
    """
    pictures = [
        _picture(file, record, output, split.get(file.group, "train"), licence)
        | _stored(output, words["format"])
        for file, record in selected
        for output in record.outputs
        if output.patches
    ]
    return {
        "version": VERSION,
        "format": words["format"],
        "scale": int(words["scale"]),
        "options": words,
        "pictures": pictures,
        "skipped": _reasons(tally.skipped),
        "filtered": dict(tally.counts),
    }


def write_manifest(out: Path, document: Mapping[str, Any], tally: Tally) -> None:
    """Write what was left out, then the manifest, where they are not the same already."""
    _write(
        out / SKIPPED, {"skipped": _reasons(tally.skipped), "filtered": _reasons(tally.filtered)}
    )
    _write(out / MANIFEST, document)


def forget_manifest(out: Path) -> None:
    """Delete the manifest: until the next one is written, the folder is unfinished."""
    for name in (MANIFEST, SKIPPED):
        try:
            (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise write_error(error, out / name) from error


def forget_outdated(out: Path, document: Mapping[str, Any]) -> bool:
    """Delete a manifest that says anything else, before files that it names may go.

    Return whether it did.
    """
    outdated = not _says(out / MANIFEST, json_text(document))
    if outdated:
        forget_manifest(out)
    return outdated


def _notes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, earlier in before.items():
        if earlier and now[name] is None:
            yield f"{name} as before: {_in_words(earlier)}"
        elif earlier is not None and now[name] is not None and now[name] != earlier:
            yield f"{name} is now {_in_words(now[name])}, it was {_in_words(earlier)}"


def _in_words(value: Any) -> str:
    return {True: "kept", False: "left out", "": "none"}.get(value, str(value))


class _Labels(BaseModel):
    split: str | None
    licence: str | None
    duplicates: bool | None


_LABELS: Final = TypeAdapter(_Labels)


def _recorded(out: Path) -> dict[str, Any]:
    """Return what was written down, nothing of a new folder."""
    file = out / WORK_FOLDER / LABELS
    if not file.exists() and not (file.with_name(OPTIONS).exists() or (out / MANIFEST).exists()):
        return {}
    hint = "--split, --licence and --drop-duplicates, all three together, write it anew"
    says = "which pictures are for validation, their licence, and whether duplicates stay"
    return read_work_file(file, _LABELS, says=says, hint=hint).model_dump()


def _is_readable(out: Path) -> bool:
    try:
        return bool(_recorded(out))
    except DataError:
        return False


def _selection(piece: str) -> Selection:
    if Path(piece).is_file():
        return read_list(Path(piece))
    try:
        share = float(piece)
    except ValueError:
        raise RecipeError(
            f"--split takes shares or lists, and '{piece}' is neither", hint=_EXAMPLES
        ) from None
    if not 0 < share < 1:
        raise RecipeError(f"a share lies between 0 and 1, not at {piece}", hint=_EXAMPLES)
    return share


def _picture(
    file: InputFile, record: Record, output: Output, split: str, licence: str | None
) -> dict[str, Any]:
    low = {"lr_source": file.lr_shown, "lr_sha256": record.lr_sha256} if file.lr else {}
    return {
        "name": output.name,
        "source": file.shown,
        "sha256": record.sha256,
        **low,
        "size": list(output.size),
        "crop": list(output.crop),
        "patches": output.patches,
        "split": split,
        "group": file.group,
        "licence": licence,
    }


def _stored(output: Output, stored_format: str) -> dict[str, Any]:
    paths = [path for path, _ in output.files]
    return {"shard": paths[0]} if stored_format == "packed" else {"files": paths}


def _reasons(left_out: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for path, reason in left_out]


def _write(path: Path, document: Mapping[str, Any]) -> None:
    text = json_text(document)
    if not _says(path, text):
        write_text(path, text)


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()
