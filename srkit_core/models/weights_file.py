"""What is in a weights file, and which model does it rebuild?

A file is safetensors; its metadata names the component with all its options, the scale, the recipe
and the versions, so that nothing has to be repeated to use it.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from srkit_core.binding import BoundComponent
from srkit_core.errors import ExpressionError, UnknownComponentError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.io.atomic import write_bytes
from srkit_core.misses import with_maker
from srkit_core.models.build import build_network, to_device
from srkit_core.models.model import Model
from srkit_core.plan import bind_generator
from srkit_core.registry import Registry
from srkit_core.specs import GeneratorSpec

FORMAT = "srkit-weights-1"
DISCRIMINATOR_FORMAT = "srkit-discriminator-1"
_SHOWN_KEYS = 20
_HEADER_BYTES = 2**16
_MANY_TIMES, _MANY_NUMBERS, _MANY_TENSORS = 4, 10**6, 500
"""By how much the network that a card names may be larger than what its file holds: tensors that
are not stored, or are while it is built.
"""

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Card:
    """Who a weights file says it is.

    `versions` are of srkit, torch and the plugins that made it; `origin` says what an imported file
    was made from, `opened_by` which other tools open it, where the generator's author says so.
    `held_out` are sha256 and bytes (0: unknown) of the files of pictures that it was judged by and
    never trained on.
    """

    generator: Call
    scale: int
    recipe: str
    versions: Mapping[str, str]
    step: int
    origin: str = ""
    opened_by: str = ""
    held_out: tuple[tuple[str, int], ...] = ()

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of the file."""
        return {
            "format": FORMAT,
            "generator": str(self.generator),
            "scale": str(self.scale),
            "recipe": self.recipe,
            "versions": json.dumps(dict(self.versions), sort_keys=True),
            "step": str(self.step),
            "origin": self.origin,
            "opened_by": self.opened_by,
            "held_out": json.dumps([list(one) for one in self.held_out]),
        }


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


def is_ours(path: Path) -> bool:
    """Whether an existing file begins as srkit's weights do, of a generator or a discriminator.

    One that is cut off further on still is.
    """
    formats = (FORMAT, DISCRIMINATOR_FORMAT)
    try:
        return read_header(path).get("format") in formats
    except WeightsError:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        return any(one.encode() in head for one in formats)


def step_of(path: Path) -> int | None:
    """Return the step of the run after which a file of srkit was saved; None where no whole file
    says it.
    """
    try:
        step = read_header(path).get("step", "")
    except WeightsError:
        return None
    return int(step) if step.isdigit() else None


def read_card(path: Path) -> Card:
    """Return who a weights file is; raises WeightsError when it is no complete srkit file."""
    metadata = read_header(path)
    if metadata.get("format") == DISCRIMINATOR_FORMAT:
        raise WeightsError(
            f"{path} holds a discriminator, not a generator",
            hint=f"--init-disc {shlex.quote(str(path))} of srkit train takes it",
            path=path,
        )
    if metadata.get("format") != FORMAT:
        hint = (
            f"srkit weights import {shlex.quote(str(path))} --gen GENERATOR --out NEW.safetensors"
        )
        raise WeightsError(f"{path} does not say which model it is for", hint=hint, path=path)
    try:
        return Card(
            generator=parse_call(metadata["generator"]),
            scale=int(metadata["scale"]),
            recipe=metadata.get("recipe", ""),
            versions=table_of_versions(metadata.get("versions", "{}")),
            step=int(metadata.get("step", 0)),
            origin=metadata.get("origin", ""),
            opened_by=metadata.get("opened_by", ""),
            held_out=_digests(metadata.get("held_out", "[]")),
        )
    except (KeyError, TypeError, ValueError, RecursionError, ExpressionError) as error:
        raise WeightsError(
            f"the metadata of {path} is damaged: {error}", hint="copy the file again", path=path
        ) from error


def read_header(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file.

    Raises WeightsError when it is missing, truncated or none.
    """
    try:
        _check_file(path)
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, on the CPU.

    Raises WeightsError as `read_header` does.
    """
    try:
        _check_file(path)
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


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


def _check_file(path: Path) -> None:
    """Raise OSError for a device, which never ends, and for a pipe, which never begins."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is no file")


def _type_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def table_of_versions(text: str) -> dict[str, str]:
    """Return the versions that a card says; raises ValueError where it is none."""
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError(f"{text} is no table of versions")
    return table


def _digests(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((str(sha256), int(size)) for sha256, size in json.loads(text))


def _mismatch(path: Path, faults: list[str], hint: str) -> WeightsError:
    shown = "; ".join(faults[:_SHOWN_KEYS]) + (
        f"; and {len(faults) - _SHOWN_KEYS} more" if len(faults) > _SHOWN_KEYS else ""
    )
    return WeightsError(
        f"{path} holds weights of another architecture: {shown}", hint=hint, path=path
    )


def _unreadable(path: Path, error: Exception) -> WeightsError:
    if not path.is_file():
        return WeightsError(
            f"there is no weights file {path}"
            if path.is_dir() or not path.exists()
            else f"{path} is no weights file, but a pipe or a device",
            hint="check the path, or name a baseline such as bicubic",
            path=path,
        )
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        fact = f"{path} lies under a name that is not UTF-8, which safetensors cannot open"
        return WeightsError(fact, hint="give it another name", path=path)
    return WeightsError(
        f"{path} is truncated or no safetensors file: {error}",
        hint="copy or download it again",
        path=path,
    )
