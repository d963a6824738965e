"""Do weights fit the network that a run begins with?"""

import shlex
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from torch import Tensor, nn

from srkit_core.binding import BoundComponent
from srkit_core.errors import RegistryError, WeightsError
from srkit_core.expressions import written
from srkit_core.models.build import build_network
from srkit_core.models.discriminator_file import (
    bind_discriminator_card,
    is_discriminator,
    read_discriminator_card,
)
from srkit_core.models.foreign_weights import recognise
from srkit_core.models.locate_weights import (
    LocatedWeights,
    is_of_checkpoint,
    locate_discriminator,
    locate_weights,
)
from srkit_core.models.weights_card import is_ours, read_card
from srkit_core.models.weights_file import Tensors, bind_card, fill, read_tensors
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry

_PARTIAL: Final = "--init-partial takes the tensors that fit"
_SHOWN: Final = 20


@dataclass(frozen=True)
class InitialWeights:
    """Weights to begin with: their file, whose they are, and what there is to say about the choice.

    `bound` is None where their network is not installed, or nobody says which it is; `partial` are
    those that fit, of a file that does not as a whole.
    """

    path: Path
    tensors: Tensors
    bound: BoundComponent | None
    scale: int
    notes: tuple[str, ...] = ()
    partial: bool = False

    def fill(self, network: nn.Module) -> None:
        """Copy them into a network; what they lack in part stays as it is."""
        own = network.state_dict() if self.partial else {}
        fill(network, {**own, **self.tensors}, self.path, hint=_PARTIAL)


def read_initial(
    word: str | Path, registry: Registry, report: DownloadProgress | None = None
) -> InitialWeights:
    """Read the weights of a generator that a word means: a file of anybody, a run folder, what lies
    at an address, or known weights.

    Raises WeightsError when it means none, or the file cannot be used.
    """
    located = _found(locate_weights(word, registry, report), word, "--init")
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


def read_initial_discriminator(
    word: str | Path, registry: Registry, report: DownloadProgress | None = None
) -> InitialWeights:
    """Read the weights of a discriminator that a word means: a file of anybody, a run folder (of
    its last adversarial stage), or what lies at an address.

    Raises WeightsError when it means none, or the file cannot be used.
    """
    located = _found(locate_discriminator(word, registry, report), word, "--init-disc")
    path = located.path
    if is_of_checkpoint(path) and not is_discriminator(path):  # older checkpoints have no cards
        return InitialWeights(path, read_tensors(path), None, 0, located.notes)
    if not path.is_file() or is_ours(path):
        card, tensors = read_discriminator_card(path), read_tensors(path)
        try:
            bound = bind_discriminator_card(card, path, registry)
        except RegistryError:
            bound = None
        return InitialWeights(path, tensors, bound, card.scale, located.notes)
    found = recognise(path, registry, kind="discriminator")
    notes = (*located.notes, *found.notes())
    return InitialWeights(path, found.tensors, found.bound, found.scale, notes)


def _found(located: LocatedWeights | None, word: str | Path, flag: str) -> LocatedWeights:
    if located is None:
        names = ", or a name of srkit weights list" if flag == "--init" else ""
        raise WeightsError(
            f"there are no weights '{word}' to start from",
            hint=f"{flag} FILE, {'' if names else 'or '}a run folder{names}",
        )
    return located


def what_fits(initial: InitialWeights, wanted: BoundComponent) -> InitialWeights:
    """Return the tensors that a network has under the same names and in the same shapes, with a
    list of the others on both sides.

    Raises WeightsError where there is none.
    """
    own, theirs = build_network(wanted).state_dict(), initial.tensors
    fitting = {name: one for name, one in theirs.items() if name in own and _alike(one, own[name])}
    if not any(one.is_floating_point() for one in fitting.values()):
        raise WeightsError(
            f"{initial.path} has no tensor that fits {wanted.expression}",
            hint="leave out --init-partial for what its tensors are",
            path=initial.path,
        )
    left = [f"{name} {_unlike(one, own.get(name))}" for name, one in theirs.items()]
    left = [one for name, one in zip(theirs, left, strict=True) if name not in fitting]
    said = [
        f"{initial.path}: {len(fitting)} of {len(own)} tensors of {wanted.component.name} are taken"
    ]
    said += [f"not taken: {_listed(left)}"] if left else []
    anew = [name for name in own if name not in fitting]
    said += [f"begin anew: {_listed(anew)}"] if anew else []
    return replace(initial, tensors=fitting, notes=(*initial.notes, *said), partial=True)


def _alike(one: Tensor, other: Tensor) -> bool:
    same = one.shape == other.shape
    return same and one.is_floating_point() == other.is_floating_point()


def _unlike(theirs: Tensor, own: Tensor | None) -> str:
    if own is None or theirs.shape == own.shape:
        return str(tuple(theirs.shape))
    return f"{tuple(theirs.shape)}, here {tuple(own.shape)}"


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return "; ".join(names[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def check_fits(
    initial: InitialWeights, wanted: BoundComponent, scale: int, asked: Collection[str]
) -> tuple[str, ...]:
    """Say in what the weights were of another network than a run trains, where that was `asked`
    for by name and can be.

    Raises WeightsError, in one sentence, where their tensors have other places or shapes, and where
    an option that nobody wrote makes another function of them.
    """
    bound = initial.bound
    if bound is None:
        return ()
    if bound.component.full_name != wanted.component.full_name:
        names = (bound.component.name, wanted.component.name)
        kind = f"of the {wanted.component.kind} '{names[0]}', and this run trains '{names[1]}'"
        raise _misfit(initial, f"holds weights {kind}", scale)
    differing = {
        name: (value, wanted.options[name])
        for name, value in bound.options.items()
        if name in wanted.options and value != wanted.options[name]
    }
    fits = _same_shapes(initial.tensors, wanted)
    if differing and not (fits and differing.keys() <= set(asked)):
        raise _misfit(initial, f"holds weights of another architecture: {_told(differing)}", scale)
    if wanted.component.kind != "generator":
        return (f"{initial.path} was trained with {_told(differing)}",) if differing else ()
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
    network = shlex.quote(str(initial.bound.expression)) if initial.bound else "NETWORK"
    is_generator = initial.bound is None or initial.bound.component.kind == "generator"
    flag = "--gen" if is_generator else "--disc"
    more = f" --scale {initial.scale}" if is_generator and initial.scale != scale else ""
    return WeightsError(
        f"{initial.path} {fact}", hint=f"{flag} {network}{more}; or {_PARTIAL}", path=initial.path
    )
