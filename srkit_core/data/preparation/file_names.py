"""Under which file names are patches written, and which patterns of names are good?"""

import re
import string
from collections.abc import Iterable
from pathlib import PurePosixPath

from srkit_core.errors import DataError, RecipeError
from srkit_core.inside import leads_out
from srkit_core.same_name import name_key

_FIELDS = {"name": "folder/photo", "stem": "photo", "index": 7, "patch": 3, "variant": 2}
_LOSSLESS = (".png", ".webp")
_FOREIGN = re.compile(r'[\\:*?"<>|\x00-\x1f]')
"""Characters of names that Windows does not take:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""


def default_pattern(*, patches: bool, copies: bool) -> str:
    """Return BasicSR's way of naming sub-images, `photo_s003.png`, and Real-ESRGAN's of naming
    copies, `photoT2.png`, where pictures are cut into patches or have copies.
    """
    copy, patch = "T{variant}" if copies else "", "_s{patch:03d}" if patches else ""
    return f"{{name}}{copy}{patch}.png"


def check_pattern(pattern: str, *, patches: bool, copies: bool) -> None:
    """Raise RecipeError for a pattern that cannot be filled, leaves its folder, is lossy, or gives
    two patches one name.
    """
    try:
        fields = {
            field for _, field, _, _ in string.Formatter().parse(pattern) if field is not None
        }
        filled = pattern.format(**_FIELDS)
    except (KeyError, ValueError, IndexError, AttributeError):
        raise RecipeError(
            f"--names '{pattern}' cannot be filled",
            hint=f"use {{{'}, {'.join(_FIELDS)}}}, as in '{{index:05d}}.png'",
        ) from None
    inside = PurePosixPath(filled)
    if leads_out(filled) or "\\" in filled:
        raise RecipeError(
            f"--names '{pattern}' leads out of the output folder", hint="--names '{name}.png'"
        )
    if _FOREIGN.search(filled):
        raise RecipeError(
            f"--names '{pattern}' holds what not every system takes in a name",
            hint="--names '{name}.png'",
        )
    if inside.suffix not in _LOSSLESS:
        raise RecipeError(
            f"--names '{pattern}' does not end in a lossless format",
            hint=f"--names '{PurePosixPath(pattern).stem}.png'",
        )
    _check_complete(pattern, fields, patches=patches, copies=copies)


def _check_complete(pattern: str, fields: set[str], *, patches: bool, copies: bool) -> None:
    """Every patch needs a name of its own: by its index, or by its picture, its variant and its
    number in the picture.
    """
    if "index" in fields:
        return
    needed = {
        "patch": patches,
        "variant": copies,
        "name": "stem" not in fields,
    }
    missing = [field for field, is_needed in needed.items() if is_needed and field not in fields]
    if missing:
        raise RecipeError(
            f"--names '{pattern}' gives several patches one name",
            hint=f"add {{{missing[0]}}}, or use {{index:05d}}",
        )
    pieces = list(string.Formatter().parse(pattern))
    if any(field and not literal for literal, field, _, _ in pieces[1:]):
        raise RecipeError(
            f"--names '{pattern}' has fields that touch each other",
            hint="put a letter or _ between them",
        )


def check_distinct(pattern: str, names: Iterable[str]) -> None:
    """Raise DataError when two pictures would get one name, also where upper and lower case are the
    same.
    """
    if "{index" in pattern:
        return
    taken = dict[str, str]()
    for name in names:
        filled = name_key(patch_file_name(pattern, name, 0, 0, 1))
        if filled in taken:
            raise DataError(
                f"'{taken[filled]}' and '{name}' would get one name",
                hint="--names '{index:05d}.png'",
            )
        taken[filled] = name


def patch_file_name(pattern: str, name: str, index: int, patch: int, variant: int) -> str:
    """Return the path of a patch below its folder, on whatever system: `_` stands for what a name
    cannot hold on Windows.
    """
    from srkit_core.io.images import picture_endings

    path = PurePosixPath(_FOREIGN.sub("_", name))
    bare = path.with_suffix("") if path.suffix.lower() in picture_endings() else path
    return pattern.format(
        name=bare.as_posix(), stem=bare.name, index=index, patch=patch, variant=variant
    )
