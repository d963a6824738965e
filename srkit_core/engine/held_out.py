"""Which pictures was something judged by, so that it must not be trained on them later?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from srkit_core.data.picture import Picture
from srkit_core.data.picture_digest import PictureDigest, digest_of, known_among
from srkit_core.errors import SrkitError, WeightsError
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.weights_card import is_ours, read_card
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder


def held_out_before(
    folder: RunFolder,
    environment: Mapping[str, Any] | None,
    init: str | Path | None,
    registry: Registry,
) -> frozenset[PictureDigest]:
    """Return what earlier steps of a run held out, or of a new one the weights that it starts from.

    `environment` is that of a run that goes on, None of a new one; a run that has lost it knows by
    its weights.
    """
    recorded = (environment or {}).get("held_out", ())
    file = folder.weights("last") if folder.checkpoints() else _file_of(init, registry)
    listed = _of_card(file) if file else ()
    return frozenset([*(PictureDigest(*one) for one in recorded), *listed])


def held_out_now(
    before: Collection[PictureDigest], judged: Iterable[Picture], training: Sequence[Picture]
) -> tuple[PictureDigest, ...]:
    """Return what is held out from here on: what was before, and pictures for validation and test
    that are not trained on.
    """
    digests = {digest_of(picture) for picture in judged}
    trained = {digest_of(picture).sha256 for picture in known_among(training, digests)}
    now = {one for one in digests if one.sha256 not in trained}
    return tuple(sorted({*before, *now}))


def _file_of(init: str | Path | None, registry: Registry) -> Path | None:
    try:
        located = None if init is None else locate_weights(init, registry)
    except SrkitError:
        return None  # whoever starts from them says what is wrong
    return located.path if located else None


def _of_card(file: Path) -> tuple[PictureDigest, ...]:
    try:
        listed = read_card(file).held_out if file.is_file() and is_ours(file) else ()
    except WeightsError:
        return ()  # whoever reads its tensors says what is wrong
    return tuple(PictureDigest(*one) for one in listed)
