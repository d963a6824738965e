"""Which pictures does a run see?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from srkit_core.data.sources import Picture, Source, open_source, readable, split
from srkit_core.engine.events import Listener
from srkit_core.engine.where import Where
from srkit_core.plan import Plan
from srkit_core.recipe import PAIRED


@dataclass(frozen=True)
class Pictures:
    """What a run sees: the source, the part of it to train on, and the validation sets by name."""

    source: Source
    training: Sequence[Picture]
    validation: Mapping[str, Sequence[Picture]]


def open_pictures(planned: Plan, where: Where, listener: Listener) -> Pictures:
    """Find the pictures of a run and tell what was left out; raises DataError when none can be used."""
    paired = planned.recipe.degradation == PAIRED
    source = open_source(where.data, paired=paired, scale=planned.recipe.scale, smallest=max(stage.stage.patch for stage in planned.stages))
    _tell(source, listener)
    if where.val:
        kept = split(source, planned.recipe.data.hold_out)[0] if planned.recipe.data.hold_out else source.pictures
        return Pictures(source, kept, {name: _checked(place, planned, listener) for name, place in where.val.items()})
    training, held = split(source, planned.recipe.data.hold_out)
    checked = readable(replace(source, pictures=held, skipped=(), ignored=0))
    _tell(checked, listener)
    listener.note(f"held out for validation: {', '.join(picture.name for picture in checked.pictures)}")
    return Pictures(source, training, {"": checked.pictures})


def _checked(place: str, planned: Plan, listener: Listener) -> Sequence[Picture]:
    source = readable(
        open_source(place, paired=planned.recipe.degradation == PAIRED, scale=planned.recipe.scale, smallest=planned.recipe.scale)
    )
    _tell(source, listener)
    return source.pictures


def _tell(source: Source, listener: Listener) -> None:
    for note in source.notes():
        listener.note(note)
