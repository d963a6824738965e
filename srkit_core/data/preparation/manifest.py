"""What does a prepared folder say about itself?"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.prepare_pictures import PrepareOptions
from srkit_core.data.preparation.records import Output, Record
from srkit_core.data.preparation.selection import Tally
from srkit_core.data.prepared import MANIFEST, SKIPPED, VERSION
from srkit_core.io.atomic import write_text
from srkit_core.io.documents import json_text


def manifest_document(
    options: PrepareOptions,
    selected: Iterable[tuple[InputFile, Record]],
    split: Mapping[str, str],
    licence: str | None,
    tally: Tally,
) -> dict[str, Any]:
    """Return the manifest of what was selected.

    `split` is that of each group, train where it has none.
    """
    pictures = [
        _picture(file, record, output, split, licence, options)
        for file, record in selected
        for output in record.outputs
        if output.patches
    ]
    return {
        "version": VERSION,
        "format": options.format,
        "scale": options.scale,
        "options": options.in_words(),
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


def _picture(
    file: InputFile,
    record: Record,
    output: Output,
    split: Mapping[str, str],
    licence: str | None,
    options: PrepareOptions,
) -> dict[str, Any]:
    files = [path for path, _ in output.files]
    return {
        "name": output.name,
        "source": file.shown,
        "sha256": record.sha256,
        "size": list(output.size),
        "crop": list(output.crop),
        "patches": output.patches,
        "split": split.get(file.group, "train"),
        "group": file.group,
        "licence": licence,
    } | ({"shard": files[0]} if options.format == "packed" else {"files": files})


def _reasons(left_out: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for path, reason in left_out]


def _write(path: Path, document: Mapping[str, Any]) -> None:
    text = json_text(document)
    if not _says(path, text):
        write_text(path, text)


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
