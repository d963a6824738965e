"""What does a manifest say beside pixels, and what stays as it was said before?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from srkit_core.data.prepared import ROOM
from srkit_core.io.documents import write_json

_FILE = "labels.json"


@dataclass(frozen=True)
class Labels:
    """Which pictures are for what, under which licence, and whether those that look like others
    stay; None stands for as before.
    """

    split: str | None = None
    licence: str | None = None
    duplicates: bool | None = None


AS_BEFORE = Labels()


def with_earlier(out: Path, wanted: Labels) -> tuple[Labels, list[str]]:
    """Fill in what an earlier run into this folder said, and tell what is kept and what is new."""
    before, given = _recorded(out / ROOM / _FILE), asdict(wanted)
    told = list(_told(before, given))
    known = {name: before.get(name) if value is None else value for name, value in given.items()}
    return Labels(**known), told


def keep_labels(out: Path, labels: Labels) -> None:
    """Write them down for the next run, where they are not yet."""
    file = out / ROOM / _FILE
    if _recorded(file) != asdict(labels):
        write_json(file, asdict(labels))


def _told(before: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    for name, earlier in before.items():
        if earlier and given[name] is None:
            yield f"{name} as before: {_in_words(earlier)}"
        elif earlier is not None and given[name] is not None and given[name] != earlier:
            yield f"{name} is now {_in_words(given[name])}, it was {_in_words(earlier)}"


def _in_words(value: Any) -> str:
    return {True: "kept", False: "left out", "": "none"}.get(value, str(value))


def _recorded(file: Path) -> dict[str, Any]:
    """Return what was written down, nothing of a folder that is new or older than this file."""
    try:
        said = dict(json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
    return {field.name: said.get(field.name) for field in fields(Labels)}
