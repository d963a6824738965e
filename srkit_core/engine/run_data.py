"""Which pictures does a run see?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from srkit_core.data.picture import Picture, Split
from srkit_core.data.picture_set import (
    PictureSet,
    Skipped,
    open_picture_set,
    readable,
    split_pictures,
)
from srkit_core.engine.events import Listener
from srkit_core.engine.run_options import RunOptions
from srkit_core.errors import DataError
from srkit_core.plan import Plan
from srkit_core.recipe import PAIRED

_NAMED_AT_MOST = 12


@dataclass(frozen=True)
class RunData:
    """What a run sees: the source, the part of it to train on, the validation sets by name, and
    what it does not see.
    """

    source: PictureSet
    training: Sequence[Picture]
    validation: Mapping[str, Sequence[Picture]]
    test: Sequence[Picture] = ()
    skipped: Sequence[Skipped] = ()


def open_run_data(planned: Plan, where: RunOptions, listener: Listener) -> RunData:
    """Find the pictures of a run and tell what was left out.

    Raises DataError when none can be used.
    """
    smallest = max(stage.stage.patch for stage in planned.stages)
    source = _opened(where.data, planned, smallest)
    _tell(source, listener)
    data = planned.recipe.data
    if where.val:
        validation = {
            name: _checked(name, place, planned, listener) for name, place in where.val.items()
        }
        kept = split_pictures(source, data.hold_out or None, data.test)
        return RunData(source, kept.training, validation, kept.test, source.skipped)
    made = split_pictures(source, data.hold_out, data.test)
    checked = readable(replace(source, pictures=made.validation, skipped=(), ignored=0, remarks=()))
    _tell(checked, listener)
    listener.note(f"held out for validation: {_named(checked.pictures)}")
    if made.test:
        listener.note(f"kept for a test: {_named(made.test)}")
    return RunData(
        source,
        made.training,
        {"": checked.pictures},
        made.test,
        (*source.skipped, *checked.skipped),
    )


def _named(pictures: Sequence[Picture]) -> str:
    """Name pictures, and of parts of one picture the picture and how many they are."""
    counts = Counter(picture.group for picture in pictures)
    groups = [f"{group} ({count} parts)" if count > 1 else group for group, count in counts.items()]
    names = groups if len(groups) < len(pictures) else [picture.name for picture in pictures]
    rest = len(names) - _NAMED_AT_MOST
    shown = ", ".join(names[:_NAMED_AT_MOST])
    return f"{shown} and {rest} more, which environment.json names" if rest > 0 else shown


def _checked(name: str, place: str, planned: Plan, listener: Listener) -> Sequence[Picture]:
    try:
        source = readable(_opened(place, planned, planned.recipe.scale, prefer=("val",)))
    except DataError as error:
        which = f"the validation set '{name}'" if name else "validation"
        raise DataError(f"for {which}, {error.message}", hint=error.hint, path=error.path) from None
    _tell(source, listener)
    return source.pictures


def _opened(place: str, planned: Plan, smallest: int, prefer: Sequence[Split] = ()) -> PictureSet:
    recipe = planned.recipe
    paired = recipe.degradation == PAIRED
    return open_picture_set(
        place,
        paired=paired,
        scale=recipe.scale,
        smallest=smallest,
        lr_names=recipe.data.lr_names,
        prefer=prefer,
    )


def _tell(source: PictureSet, listener: Listener) -> None:
    for note in source.notes():
        listener.note(note)
