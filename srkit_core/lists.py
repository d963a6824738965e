"""Which names does a list of pictures hold?

A text file with a name on each line: plain, or as BasicSR writes them
(`docs/DatasetPreparation.md`): the name, the size as `(h,w,c)`, a compression level. Empty lines
and those that begin with `#` are passed over. Folders are told apart by `/`, also where a list of
Windows writes a backslash. A partition says behind each name what the picture is for, as CelebA's
`list_eval_partition.txt` does: 0 training, 1 validation, 2 a test.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from srkit_core.errors import DataError

_ABOUT = re.compile(r"\s+\(\s*\d+\s*(?:,\s*\d+\s*)+\)(?:\s+\d+)?\s*$")

_PART = re.compile(r"(.+\.\w+)(?:\s+|,\s*)([012])")
_HEADER: Final = "image_id,partition"
"""The first line of the partition as Kaggle keeps it."""

PictureUse: TypeAlias = Literal["train", "val", "test"]
_PARTS: Final[Mapping[str, PictureUse]] = {"0": "train", "1": "val", "2": "test"}


def read_partition(path: Path) -> dict[str, PictureUse]:
    """Return the names of a list with what each picture is for; nothing where not every line says.

    Raises DataError as `read_list`.
    """
    lines = [line for line in _lines(path) if line != _HEADER]
    found = [_PART.fullmatch(line) for line in lines]
    if not all(found):
        return {}
    return {_name(match[1]): _PARTS[match[2]] for match in found if match}


def read_list(path: Path) -> list[str]:
    """Return the names of a list, in its order.

    Raises DataError when it cannot be read or holds none.
    """
    partition = read_partition(path)
    return list(partition) if partition else [_name(_ABOUT.sub("", one)) for one in _lines(path)]


def read_part(path: Path, part: PictureUse) -> list[str]:
    """Return the names of a list, of a partition those that are for `part`.

    Raises DataError as `read_list`, and when a partition has none.
    """
    partition = read_partition(path)
    names = [name for name, use in partition.items() if use == part]
    if partition and not names:
        raise DataError(f"{path} has no picture for {part}", hint="another list", path=path)
    return names or read_list(path)


def _name(text: str) -> str:
    return text.replace("\\", "/")


def _lines(path: Path) -> list[str]:
    try:
        if path.exists() and not path.is_file():  # a device never ends, a pipe never begins
            raise OSError(0, "it is no file")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        raise DataError(
            f"cannot read the list {path}: {reason}",
            hint="a text file with the name of a picture on each line",
            path=path,
        ) from None
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    if not said:
        raise DataError(
            f"the list {path} names no picture",
            hint="a name on each line, such as 0001.png",
            path=path,
        )
    return said
