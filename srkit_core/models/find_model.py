"""Which model does this word mean?"""

import difflib
from dataclasses import replace
from pathlib import Path

import torch

from srkit_core.errors import ExpressionError, UnknownComponentError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.models.build import build_network, to_device
from srkit_core.models.foreign_weights import import_command, import_weights, recognise
from srkit_core.models.model import Model
from srkit_core.models.weights_file import is_ours, load_model, read_card
from srkit_core.plan import bind_generator
from srkit_core.pretrained import Report, obtain
from srkit_core.registry import Component, Registry
from srkit_core.specs import GeneratorSpec

DEFAULT_SCALE = 4
_FILE_ENDINGS = frozenset({".safetensors", ".pth", ".pt", ".ckpt"})


def open_model(
    word: str,
    registry: Registry,
    *,
    scale: int,
    device: torch.device,
    precision: torch.dtype = torch.float32,
) -> Model:
    """Return the model of a weights file, of known weights by their name, or an interpolation
    baseline for a scale.

    An existing file wins. Raises WeightsError when the word is none of these, or a file of another
    project; AmbiguousError when several distributions provide the baseline.
    """
    if is_file(word):
        return replace(
            load_model(own_file(Path(word), registry), registry, device=device), precision=precision
        )
    if _known(word, registry):
        found, tensors = import_weights(obtain(registry.pretrained(word)).path, registry)
        network = build_network(found.bound)
        network.load_state_dict(tensors)
        return Model(to_device(network.eval(), device), found.bound, found.scale, precision)
    bound = bind_generator(registry, _baseline(word, registry), scale)
    return Model(to_device(build_network(bound).eval(), device), bound, scale)


def fetch(word: str, registry: Registry, report: Report | None = None) -> None:
    """Bring known weights onto this machine, where a word means some.

    `report` is told of the download.
    """
    if not is_file(word) and _known(word, registry):
        obtain(registry.pretrained(word), report)


def own_scale(word: str, registry: Registry) -> int | None:
    """Return the scale that weights were trained for, None for a baseline, which has any."""
    if is_file(word):
        return read_card(own_file(Path(word), registry)).scale
    return (
        recognise(obtain(registry.pretrained(word)).path, registry).scale
        if _known(word, registry)
        else None
    )


def is_file(word: str) -> bool:
    """Whether a word means a weights file rather than a baseline."""
    return Path(word).is_file() or Path(word).suffix in _FILE_ENDINGS


def baselines(registry: Registry) -> list[str]:
    """Return the names of generators that need no weights."""
    return [bound.name for bound in registry.of_kind("generator") if _is_baseline(bound)]


def own_file(path: Path, registry: Registry) -> Path:
    """Return the path of a file that srkit wrote.

    Raises WeightsError with the command that imports one of another project.
    """
    if path.is_file() and not is_ours(path):
        raise WeightsError(
            f"{path} is not in srkit's format, and has to be imported first",
            hint=import_command(path, registry),
            path=path,
        )
    return path


def _known(word: str, registry: Registry) -> bool:
    return any(spec.name == word and spec.generator for spec in registry.weights)


def _baseline(word: str, registry: Registry) -> Call:
    try:
        call = parse_call(word)
        found = registry.find("generator", call.name)
    except (ExpressionError, UnknownComponentError):
        raise _neither(word, registry) from None
    if not _is_baseline(found):
        raise _neither(word, registry)
    return call


def _is_baseline(component: Component) -> bool:
    return isinstance(component.spec, GeneratorSpec) and not component.spec.trainable


def _neither(word: str, registry: Registry) -> WeightsError:
    known = baselines(registry)
    nearest = difflib.get_close_matches(
        word, [*known, *(spec.name for spec in registry.weights if spec.generator)], n=1
    )
    hint = (
        f"did you mean '{nearest[0]}'?"
        if nearest
        else f"a .safetensors file, one of {', '.join(known)}, or a name of srkit weights list"
    )
    return WeightsError(f"'{word}' is neither a weights file nor a baseline", hint=hint)
