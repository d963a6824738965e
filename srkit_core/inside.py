"""Does a name that came from outside stay in the folder it is meant for, on every system?"""

import itertools
import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath, PureWindowsPath

from srkit_core.errors import DataError


def leads_out(name: str) -> bool:
    """Whether a name leads out of its folder on some system, or names nothing in it.

    Absolute names, drive letters, `..` behind either separator, names of nothing but dots and
    spaces (which Windows drops), control characters and empty names do.
    """
    parts = name.replace("\\", "/").split("/")
    return (
        PurePosixPath(name).is_absolute()
        or bool(PureWindowsPath(name).anchor)
        or not any(_is_plain(part) for part in parts)
        or not all(_is_plain(part) or part in ("", ".") for part in parts)
    )


def inside(folder: Path, name: str, origin: str, *, hint: str) -> Path:
    """Return the path of a name below a folder.

    Raises DataError that says whose name it is (`origin`) when it leads elsewhere.
    """
    if leads_out(name):
        raise DataError(f"'{shown(name)}' of {origin} leads out of its folder", hint=hint)
    return folder.joinpath(*PurePosixPath(name).parts)


def plain_name(text: str) -> str:
    """Return a name for a single file or folder: what separates names becomes `_`, and so does
    what would lead elsewhere.
    """
    name = "".join("_" if char in '/\\:*?"<>|' or ord(char) < 32 else char for char in text)
    return name if _is_plain(name) else "_" * max(len(name), 1)


def shown(name: str) -> str:
    """Return a name as it can be printed: control characters are escaped."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in name)


def _is_plain(part: str) -> bool:
    return bool(part.rstrip(" .")) and all(ord(char) >= 32 for char in part)


def plain_path(name: str) -> str:
    """Return the name of a picture as the path of a file below a folder, without its ending."""
    return "/".join(map(plain_name, name.split("/"))) if leads_out(name) else name


def folder_name(name: str, taken: Collection[str]) -> str:
    """Return a folder for the pictures of a model or set that is inside, and nobody else's."""
    plain = re.sub(r"[/\\\x00]", "_", name).strip(". ") or "model"
    used = {one.casefold() for one in taken}
    numbered = (plain if number == 1 else f"{plain}-{number}" for number in itertools.count(1))
    return next(one for one in numbered if one.casefold() not in used)
