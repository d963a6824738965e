"""Which pictures does a run see?"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from srkit_core.augmentation import PixelAugmentation
from srkit_core.callbacks import Callback
from srkit_core.data.bundled_photographs import count_bundled
from srkit_core.data.mixture import Mixture
from srkit_core.data.picture import Picture, Split
from srkit_core.data.picture_digest import PictureDigest, digest_of, digest_of_sets, known_among
from srkit_core.data.picture_set import (
    PictureSet,
    Skipped,
    Splits,
    open_picture_set,
    readable,
    split_pictures,
)
from srkit_core.engine.held_out import held_out_now
from srkit_core.errors import DataError, IncompatibleError
from srkit_core.plan import Plan
from srkit_core.run_options import RunOptions

_NAMED_AT_MOST: Final = 12


@dataclass(frozen=True)
class RunData:
    """What a run sees: all its pictures, those to train on, the validation sets by name, and what
    it does not see.

    `held_out` are the digests of what it and anything before it was judged by and not trained on.
    """

    pictures: PictureSet
    training: Sequence[Picture]
    validation: Mapping[str, Sequence[Picture]]
    test: Sequence[Picture] = ()
    skipped: Sequence[Skipped] = ()
    held_out: tuple[PictureDigest, ...] = ()

    @property
    def crops(self) -> int:
        """How many crops an epoch has: one of every picture, unless weights say otherwise."""
        return Mixture.of(self.training).length

    @cached_property
    def judges(self) -> str:
        """A digest of the pixels that validation sees: figures of others do not compare."""
        return digest_of_sets(self.validation)


def open_run_data(
    plan: Plan,
    options: RunOptions,
    callback: Callback,
    before: Collection[PictureDigest] = (),
) -> RunData:
    """Find the pictures of a run and tell what was left out.

    Pictures that were held out `before` are not trained on. Raises DataError when none can be used.
    """
    smallest = max(stage.stage.patch for stage in plan.stages)
    pictures = _opened("train", options.source, plan, smallest, stored=plan.degradation is None)
    _note_left_out(pictures, callback)
    data = plan.recipe.data
    sets = {
        name: _validation_set(name, str(source), plan, callback)
        for name, source in (options.val or {}).items()
    }
    _note_lr_names(plan, sets, callback)
    splits = split_pictures(pictures, None if sets else data.hold_out, data.test, before)
    skipped = pictures.skipped
    if not sets:
        alone = replace(pictures, pictures=splits.validation, skipped=(), ignored=0, remarks=())
        held = readable(alone)
        _note_left_out(held, callback)
        callback.on_note(f"held out for validation: {_named(held.pictures)}")
        skipped, sets = (*skipped, *held.skipped), {"": held.pictures}
    judged = [one for held in sets.values() for one in held]
    for note in _notes(splits, plan, options, judged):
        callback.on_note(note)
    held_out = held_out_now(before, [*judged, *splits.test], splits.training)
    return RunData(pictures, splits.training, sets, splits.test, skipped, held_out)


def _notes(
    splits: Splits, plan: Plan, options: RunOptions, judged: Sequence[Picture]
) -> Iterator[str]:
    """Say what is not trained on, and what is although it could be taken for held out, and where
    its LR is from.
    """
    yield from splits.remarks
    yield from _lr_of(splits.training, plan)
    if splits.test:
        yield f"kept for a test: {_named(splits.test)}"
    if splits.left_out:
        yield f"left out, as something before was judged by them: {_named(splits.left_out)}"
    if options.val and splits.validation:
        named = _named(splits.validation)
        yield f"left out, as they are for validation: {named}; --val names others"
    if options.val and plan.recipe.data.hold_out:
        yield "data.hold_out holds out nothing, as --val names what validation sees"
    both = known_among(splits.training, {digest_of(one) for one in judged}) if options.val else ()
    if both:
        yield f"warning: {_named(both)} of --val are trained on too, so that scores flatter"


def _lr_of(training: Sequence[Picture], plan: Plan) -> Iterator[str]:
    """Say of how many pictures LR is stored, where the recipe makes LR.

    Raises IncompatibleError when LR is stored and something would change HR behind its back.
    """
    stored = sum(one.lr is not None for one in training)
    if plan.degradation is None or not stored:
        return
    changes = [step for one in plan.stages for step in one.augment.of(PixelAugmentation)]
    if changes:
        raise IncompatibleError(
            f"'{changes[0].owner}' changes HR before LR is made, but that of {stored} pictures is "
            "from disk",
            hint="leave it out of augment, or take data without LR",
        )
    made, chain = len(training) - stored, plan.degradation.chain
    yield f"LR of {stored} pictures is from disk, of {made} it is made by {chain}"


def describe_pictures(pictures: Sequence[Picture]) -> str:
    """Say how many pictures there are, and how many of them came with the installation."""
    count, bundled = len(pictures), count_bundled(picture.path for picture in pictures)
    if bundled == count:
        return f"{count} bundled photographs"
    return f"{count} pictures" + (f" ({bundled} of them bundled photographs)" if bundled else "")


def _named(pictures: Sequence[Picture]) -> str:
    """Name pictures, and of parts of one picture the picture and how many they are."""
    counts = Counter(picture.group for picture in pictures)
    groups = [f"{group} ({count} parts)" if count > 1 else group for group, count in counts.items()]
    names = groups if len(groups) < len(pictures) else [picture.name for picture in pictures]
    rest = len(names) - _NAMED_AT_MOST
    shown = ", ".join(names[:_NAMED_AT_MOST])
    return f"{shown} and {rest} more, which environment.json names" if rest > 0 else shown


def _validation_set(name: str, source: str, plan: Plan, callback: Callback) -> Sequence[Picture]:
    try:
        stored = plan.validation.of(name).degradation is None
        pictures = readable(
            _opened(name, source, plan, plan.recipe.scale, stored=stored, prefer=("val",))
        )
    except DataError as error:
        which = f"the validation set '{name}'" if name else "validation"
        raise DataError(f"for {which}, {error.message}", hint=error.hint, path=error.path) from None
    _note_left_out(pictures, callback)
    return pictures.pictures


def _opened(
    name: str,
    source: str,
    plan: Plan,
    smallest: int,
    *,
    stored: bool,
    prefer: Sequence[Split] = (),
) -> PictureSet:
    recipe = plan.recipe
    return open_picture_set(
        source,
        paired=stored,
        scale=recipe.scale,
        smallest=smallest,
        lr_names=recipe.data.lr_names_of(name),
        prefer=prefer,
    )


def _note_lr_names(plan: Plan, sets: Mapping[str, object], callback: Callback) -> None:
    """Say which names of `lr_names` are no sets here, as a slip of the pen would be."""
    names = plan.recipe.data.lr_names
    known = {"train", *(name or "val" for name in sets)}
    unknown = sorted(set(() if isinstance(names, str) else names) - known)
    if unknown:
        callback.on_note(
            f"data.lr_names says how LR of '{unknown[0]}' is called, and the sets are "
            f"{', '.join(sorted(known))}"
        )


def _note_left_out(pictures: PictureSet, callback: Callback) -> None:
    for note in pictures.notes():
        callback.on_note(note)
