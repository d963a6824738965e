"""Which pictures did an earlier command upscale already, of the same source in the same way?"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srkit_core.data.own_work import Origin, is_own, written_in
from srkit_core.downloads import sha256
from srkit_core.errors import RecipeError
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.weights_digest import weights_digest
from srkit_core.registry import Registry


@dataclass(frozen=True)
class Making:
    """How pictures are made: a digest of the model, and the options in words that decide what its
    pictures are.
    """

    model: str
    options: str

    def origin(self, source: Path) -> Origin:
        """Return what a picture is made of, once its source is upscaled this way."""
        return Origin(sha256(source), self.model, self.options)


def model_digest(word: str, registry: Registry) -> str:
    """Return what tells a model from others: the sha256 of its weights, or the name of a baseline.

    Raises what `locate_weights` does.
    """
    located = locate_weights(word, registry)
    return word if located is None or not located.path.is_file() else weights_digest(located.path)


def left_to_do(
    tasks: Sequence[tuple[Path, Path]], making: Making, *, overwrite: bool = False
) -> list[tuple[Path, Path]]:
    """Return the pictures, each with its output, that are not upscaled yet.

    Raises RecipeError for an output that is there and was made otherwise, unless `overwrite`.
    """
    if overwrite:
        return [*tasks]
    return [(source, target) for source, target in tasks if not _is_done(source, target, making)]


def _is_done(source: Path, target: Path, making: Making) -> bool:
    if not os.path.lexists(target):
        return False
    written = written_in(target.parent)
    found = written[target.name].origin if is_own(target, written) else None
    wanted = making.origin(source)
    if found == wanted:
        return True
    raise RecipeError(
        f"{target} exists already{_difference(found, wanted)}",
        hint="--overwrite makes it again; or --out another place",
    )


def _difference(found: Origin | None, wanted: Origin) -> str:
    """Say in what a picture that is there differs from the one that is wanted."""
    if found is None:
        return ""
    if found.source != wanted.source:
        return ", made of another picture"
    if found.model != wanted.model:
        return ", made by another model"
    return f", made with {found.options or 'no options'}, not {wanted.options or 'none'}"
