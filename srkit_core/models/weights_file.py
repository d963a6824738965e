"""What is in a weights file, and which model does it rebuild?

A file is safetensors; its metadata names the component with all its options, the scale, the recipe
and the versions, so that nothing has to be repeated to use it.
"""

import shlex
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from srkit_core.binding import BoundComponent
from srkit_core.errors import UnknownComponentError, WeightsError
from srkit_core.io.atomic import write_bytes
from srkit_core.misses import with_maker
from srkit_core.models.build import build_network, to_device
from srkit_core.models.model import Model
from srkit_core.models.weights_card import Card, check_is_file, read_card, unreadable_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import Registry
from srkit_core.specs import GeneratorSpec

_SHOWN_KEYS = 20
_MANY_TIMES, _MANY_NUMBERS, _MANY_TENSORS = 4, 10**6, 500
"""By how much the network that a card names may be larger than what its file holds: tensors that
are not stored, or are while it is built.
"""

Tensors = Mapping[str, Tensor]


def card_of(
    bound: BoundComponent,
    scale: int,
    registry: Registry,
    *,
    recipe: str = "",
    step: int = 0,
    origin: str = "",
    held_out: tuple[tuple[str, int], ...] = (),
) -> Card:
    """Return the card of a generator's weights that are written here and now."""
    opened_by = bound.spec(GeneratorSpec).opened_by(bound.arguments)
    made_with = versions(registry)
    return Card(bound.expression, scale, recipe, made_with, step, origin, opened_by, held_out)


def versions(registry: Registry) -> dict[str, str]:
    """Return the versions of srkit, torch and every plugin."""
    return {"srkit": version("srkit"), "torch": torch.__version__, **registry.versions}


class AnyCard(Protocol):
    """Says who the tensors of a file are."""

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of the file."""


def save_weights(path: Path, tensors: Tensors, card: AnyCard) -> None:
    """Write a state dict with its card; the file appears whole or not at all.

    Tensors that share memory are written each on its own, which a file of safetensors demands.
    """
    own = {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    write_bytes(path, save(own, metadata=card.to_metadata()))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, on the CPU.

    Raises WeightsError as `read_header` does.
    """
    try:
        check_is_file(path)
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    except (OSError, SafetensorError) as error:
        raise unreadable_weights(path, error) from error


def read_model(path: Path, registry: Registry, *, device: torch.device | None = None) -> Model:
    """Rebuild the model of a weights file, in eval mode on `device`."""
    card = read_card(path)
    bound = bind_card(card, path, registry)
    tensors = read_tensors(path)
    numbers = sum(one.numel() for one in tensors.values())
    most = (_MANY_TIMES * numbers + _MANY_NUMBERS, _MANY_TIMES * len(tensors) + _MANY_TENSORS)
    network = build_network(bound, most=most)
    fill(network, tensors, path)
    return Model(to_device(network.eval(), device or torch.device("cpu")), bound, card.scale)


def bind_card(card: Card, path: Path, registry: Registry) -> BoundComponent:
    """Bind the generator that a weights file is for; a bare name in an older card is that of the
    distribution that it was made with.

    Raises UnknownComponentError that says with which distribution and version it was made, where
    that is not installed.
    """
    names = registry.preferring(card.versions)
    try:
        return bind_generator(names, card.generator, card.scale)
    except UnknownComponentError as error:
        raise with_maker(error, path, card.versions) from None


def fill(network: nn.Module, tensors: Tensors, path: Path, *, hint: str = "") -> None:
    """Copy tensors into a network, all or nothing: the door for weights of every origin.

    Raises WeightsError listing what does not match, or naming a tensor with a number that is not
    finite.
    """
    own = network.state_dict()
    faults = [f"missing {name}" for name in own.keys() - tensors.keys()]
    faults += [f"unexpected {name}" for name in tensors.keys() - own.keys()]
    faults += [
        f"{name} is {tuple(tensors[name].shape)}, not {tuple(own[name].shape)}"
        for name in own.keys() & tensors.keys()
        if own[name].shape != tensors[name].shape
    ]
    faults += [
        f"{name} holds whole numbers ({_type_name(tensors[name])})"
        for name in own.keys() & tensors.keys()
        if own[name].is_floating_point() and not tensors[name].is_floating_point()
    ]
    if faults:
        raise _mismatch(
            path, sorted(faults), hint or f"srkit weights show {shlex.quote(str(path))}"
        )
    cast = {name: value.to(own[name].dtype) for name, value in tensors.items()}
    broken = not_finite(cast)
    if broken:
        raise WeightsError(
            f"{path} holds numbers that are not finite, in {broken[0]}"
            + (f" and {len(broken) - 1} more" if len(broken) > 1 else ""),
            hint="use weights from before that, such as best-*.safetensors of their run",
            path=path,
        )
    network.load_state_dict(cast)


def not_finite(tensors: Tensors) -> list[str]:
    """Return the names of tensors that hold NaN or an infinity."""
    return [
        name
        for name, value in tensors.items()
        if value.is_floating_point() and not bool(value.float().isfinite().all())
    ]


def _type_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _mismatch(path: Path, faults: list[str], hint: str) -> WeightsError:
    shown = "; ".join(faults[:_SHOWN_KEYS]) + (
        f"; and {len(faults) - _SHOWN_KEYS} more" if len(faults) > _SHOWN_KEYS else ""
    )
    return WeightsError(
        f"{path} holds weights of another architecture: {shown}", hint=hint, path=path
    )
