"""Which weights that a word for a model means are not on this machine yet?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srkit_core.file_sizes import size_of
from srkit_core.io.output_files import leads_to
from srkit_core.models.known_models import known_model
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.weight_shares import WeightedPart, no_weights, parse_interpolation
from srkit_core.models.weights_address import check_readable, kept_at, looks_like_address
from srkit_core.pretrained import find, obtain
from srkit_core.registry import Registry


@dataclass(frozen=True)
class WeightsToFetch:
    """Weights that would have to be fetched: their name or address, how much that is in words, ""
    where nobody knows it before, and the scale that is announced for them.
    """

    name: str
    size: str = ""
    scale: int | None = None


def weights_to_fetch(word: str, registry: Registry) -> tuple[WeightsToFetch, ...]:
    """Return the weights of a word for a model that are not here, none of a word without any.

    Nothing is fetched. Raises WeightsError and DataError where they never could be.
    """
    if not word or leads_to(Path(word), Path.exists):
        return ()
    if parts := parse_interpolation(word):
        return _of_parts(parts, registry)
    if looks_like_address(word):
        return _of_address(word, registry)
    known = known_model(word, registry)
    if known is None or find(known) is not None:
        return ()
    if not any(file.sources for file in known.files):
        obtain(known)  # which says what to do about it
    return (WeightsToFetch(word, size_of(known.files[0].size, known.parameters), known.scale),)


def _of_address(address: str, registry: Registry) -> tuple[WeightsToFetch, ...]:
    if kept_at(address).is_file():
        return ()
    check_readable(address, registry)
    return (WeightsToFetch(address),)


def _of_parts(parts: Sequence[WeightedPart], registry: Registry) -> tuple[WeightsToFetch, ...]:
    every = list[WeightsToFetch]()
    for part in parts:
        missing = weights_to_fetch(part.word, registry)
        if not missing and locate_weights(part.word, registry) is None:
            raise no_weights(part.word)
        every.extend(missing)
    return tuple(every)
