"""Which prepared pictures are for validation, and which for a test?"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from srkit_core.data.splits import Selection, choose
from srkit_core.errors import DataError, RecipeError
from srkit_core.lists import read_list

_EXAMPLES = "--split 0.15,0.05, or a list of names for each: --split val.txt,test.txt"


def splits_of_groups(groups: Mapping[str, str], wish: str, place: str) -> dict[str, str]:
    """Return `val` or `test` for each group of pictures, given as name to group, that is not for
    training.

    `wish` is the share or list of the validation, then that of the test; "" keeps nothing. Raises
    RecipeError when it is neither, DataError when a list cannot be read or names a picture that is
    not there, or one is in both.
    """
    if not wish:
        return {}
    split_pictures = [_part(piece.strip()) for piece in wish.split(",")]
    if (
        len(split_pictures) > 2
        or sum(part for part in split_pictures if isinstance(part, float)) >= 1
    ):
        raise RecipeError(
            f"--split {wish} leaves nothing to train on, or has more than two parts", hint=_EXAMPLES
        )
    bare = {str(PurePosixPath(name).with_suffix("")): group for name, group in groups.items()}
    try:
        held, tested = choose(
            {**bare, **groups},
            split_pictures[0],
            split_pictures[1] if len(split_pictures) > 1 else (),
            place,
            none=True,
        )
    except DataError as error:
        raise DataError(error.message, hint=_EXAMPLES) from None
    return dict.fromkeys(held, "val") | dict.fromkeys(tested, "test")


def _part(piece: str) -> Selection:
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
