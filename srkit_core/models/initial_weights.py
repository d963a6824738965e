"""Do weights fit the generator that a run begins with?"""

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srkit_core.binding import BoundComponent
from srkit_core.errors import RegistryError, WeightsError
from srkit_core.expressions import written
from srkit_core.models.build import build_network
from srkit_core.models.foreign_weights import recognise
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.weights_file import Tensors, bind_card, is_ours, read_card, read_tensors
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry


@dataclass(frozen=True)
class InitialWeights:
    """Weights to begin with: their file, whose they are, and what there is to say about the choice.

    `bound` is None where their generator is not installed.
    """

    path: Path
    tensors: Tensors
    bound: BoundComponent | None
    scale: int
    notes: tuple[str, ...] = ()


def read_initial(
    word: str | Path, registry: Registry, report: DownloadProgress | None = None
) -> InitialWeights:
    """Read the weights that a word means: a file of anybody, a run folder, or known weights.

    Raises WeightsError when it means none, or the file cannot be used.
    """
    located = locate_weights(word, registry, report)
    if located is None:
        raise WeightsError(
            f"there are no weights '{word}' to start from",
            hint="--init FILE, a run folder, or a name of srkit weights list",
        )
    path = located.path
    if not path.is_file() or is_ours(path):
        card, tensors = read_card(path), read_tensors(path)
        try:
            bound = bind_card(card, path, registry)
        except RegistryError:
            bound = None
        return InitialWeights(path, tensors, bound, card.scale, located.notes)
    found = recognise(path, registry)
    notes = (*located.notes, *found.notes())
    return InitialWeights(path, found.tensors, found.bound, found.scale, notes)


def check_fits(
    initial: InitialWeights, wanted: BoundComponent, scale: int, asked: Collection[str]
) -> tuple[str, ...]:
    """Say in what the weights were of another generator than a run trains, where that was `asked`
    for by name and can be.

    Raises WeightsError, in one sentence, where their tensors have other places or shapes, and where
    an option that nobody wrote makes another function of them.
    """
    bound = initial.bound
    if bound is None:
        return ()
    if bound.component.full_name != wanted.component.full_name:
        names = (bound.component.name, wanted.component.name)
        kind = f"of the generator '{names[0]}', and this run trains '{names[1]}'"
        raise _misfit(initial, f"holds weights {kind}", scale)
    differing = {
        name: (value, wanted.options[name])
        for name, value in bound.options.items()
        if name in wanted.options and value != wanted.options[name]
    }
    fits = _same_shapes(initial.tensors, wanted)
    if differing and not (fits and differing.keys() <= set(asked)):
        raise _misfit(initial, f"holds weights of another architecture: {_told(differing)}", scale)
    if initial.scale != scale and not fits:
        raise _misfit(initial, f"is for scale {initial.scale}, and this run is x{scale}", scale)
    path, said = initial.path, []
    if differing:
        said.append(f"{path} was trained with {_told(differing)}")
    if initial.scale != scale:
        said.append(f"{path} was trained for scale {initial.scale}, not {scale}")
    return tuple(said)


def _told(differing: dict[str, tuple[Any, Any]]) -> str:
    there = ", ".join(f"{name}={_plain(old)}" for name, (old, _) in differing.items())
    here = ", ".join(f"{name}={_plain(new)}" for name, (_, new) in differing.items())
    return f"{there}, where this run has {here}"


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    return str(value.expression) if isinstance(value, BoundComponent) else written(value)


def _same_shapes(tensors: Tensors, wanted: BoundComponent) -> bool:
    own = build_network(wanted).state_dict()
    return own.keys() == tensors.keys() and all(
        own[name].shape == value.shape for name, value in tensors.items()
    )


def _misfit(initial: InitialWeights, fact: str, scale: int) -> WeightsError:
    generator = shlex.quote(str(initial.bound.expression)) if initial.bound else "GENERATOR"
    more = f" --scale {initial.scale}" if initial.scale != scale else ""
    return WeightsError(
        f"{initial.path} {fact}", hint=f"--gen {generator}{more}", path=initial.path
    )
