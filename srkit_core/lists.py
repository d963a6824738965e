"""Which names does a list of pictures hold?

A text file with a name on each line: plain, or as BasicSR writes them
(`docs/DatasetPreparation.md`): the name, the size as `(h,w,c)`, a compression level. Empty lines
and those that begin with `#` are passed over. Folders are told apart by `/`, also where a list of
Windows writes a backslash.
"""

import re
from pathlib import Path

from srkit_core.errors import DataError

_ABOUT = re.compile(r"\s+\(\s*\d+\s*(?:,\s*\d+\s*)+\)(?:\s+\d+)?\s*$")


def read_list(path: Path) -> list[str]:
    """Return the names of a list, in its order.

    Raises DataError when it cannot be read or holds none.
    """
    try:
        if path.exists() and not path.is_file():  # a device never ends, a pipe never begins
            raise OSError(0, "it is no file")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        raise DataError(
            f"cannot read the list {path}: {reason}",
            hint="a text file with the name of a picture on each line",
            path=path,
        ) from None
    names = [
        _ABOUT.sub("", line.strip()).replace("\\", "/")
        for line in lines
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not names:
        raise DataError(
            f"the list {path} names no picture",
            hint="a name on each line, such as 0001.png",
            path=path,
        )
    return names
