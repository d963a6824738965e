"""What does a prepared folder say about itself: its pictures, their splits and their licence?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.records import Output, Record
from srkit_core.data.preparation.selection import Tally
from srkit_core.data.prepared_layout import MANIFEST, SKIPPED, VERSION, WORK_FOLDER
from srkit_core.data.splits import Selection, choose
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import write_text
from srkit_core.io.documents import json_text, write_json
from srkit_core.lists import read_list

_FIELDS_FILE = "labels.json"
_EXAMPLES = "--split 0.15,0.05, or a list of names for each: --split val.txt,test.txt"


@dataclass(frozen=True)
class ManifestFields:
    """What is said of pictures: `split`, the shares or lists of validation and test, such as
    "0.15,0.05"; their `licence`; `duplicates`, whether those stay that look like others.

    None stands for as before: no split, no licence and no duplicates the first time.
    """

    split: str | None = None
    licence: str | None = None
    duplicates: bool | None = None


def with_earlier(out: Path, given: ManifestFields) -> tuple[ManifestFields, list[str]]:
    """Fill in what an earlier run into this folder said, and return notes on what is kept and what
    is new.
    """
    before, now = _recorded(out / WORK_FOLDER / _FIELDS_FILE), asdict(given)
    notes = list(_notes(before, now))
    known = {name: before.get(name) if value is None else value for name, value in now.items()}
    return ManifestFields(**known), notes


def keep_fields(out: Path, given: ManifestFields) -> None:
    """Write them down for the next run, where they are not yet."""
    file = out / WORK_FOLDER / _FIELDS_FILE
    if _recorded(file) != asdict(given):
        write_json(file, asdict(given))


def splits_of_groups(groups: Mapping[str, str], split: str, source: str) -> dict[str, str]:
    """Return `val` or `test` for each group of pictures, given as name to group, that is not for
    training.

    `split` is the share or list of the validation, then that of the test; "" keeps nothing. Raises
    RecipeError when it is neither, DataError when a list cannot be read or names a picture that is
    not there, or one is in both.
    """
    if not split:
        return {}
    selections = [_selection(piece.strip()) for piece in split.split(",")]
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
        (out / name).unlink(missing_ok=True)


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


def _recorded(file: Path) -> dict[str, Any]:
    """Return what was written down, nothing of a folder that is new or older than this file."""
    try:
        content = dict(json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
    return {field.name: content.get(field.name) for field in fields(ManifestFields)}


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
    return {
        "name": output.name,
        "source": file.shown,
        "sha256": record.sha256,
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
    return path.is_file() and path.read_text(encoding="utf-8") == text
