"""Which model does this word mean?"""

import difflib
from dataclasses import replace
from pathlib import Path

import torch

from srkit_core.errors import ExpressionError, UnknownComponentError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.parts.build import build_network, place
from srkit_core.parts.model import Model
from srkit_core.parts.weights import load_model, read_card
from srkit_core.plan import bind_generator
from srkit_core.registry import Component, Registry
from srkit_core.specs import GeneratorSpec

DEFAULT_SCALE = 4
_FILE_ENDINGS = frozenset({".safetensors", ".pth", ".pt", ".ckpt"})


def open_model(word: str, registry: Registry, *, scale: int, device: torch.device, precision: torch.dtype = torch.float32) -> Model:
    """Return the model of a weights file, or an interpolation baseline for a scale; an existing file wins.

    Raises WeightsError when the word is neither, AmbiguousError when several distributions provide the baseline.
    """
    if is_file(word):
        model = load_model(Path(word), registry, device=device)
        return replace(model, precision=precision)
    part = bind_generator(registry, _baseline(word, registry), scale)
    return Model(place(build_network(part).eval(), device), part, scale)


def own_scale(word: str) -> int | None:
    """Return the scale that a weights file was trained for, None for a baseline, which has any."""
    return read_card(Path(word)).scale if is_file(word) else None


def is_file(word: str) -> bool:
    """Whether a word means a weights file rather than a baseline."""
    return Path(word).is_file() or Path(word).suffix in _FILE_ENDINGS


def baselines(registry: Registry) -> list[str]:
    """Return the names of generators that need no weights."""
    return [part.name for part in registry.of_kind("generator") if _is_baseline(part)]


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
    nearest = difflib.get_close_matches(word, known, n=1)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"a .safetensors file, or one of {', '.join(known)}"
    return WeightsError(f"'{word}' is neither a weights file nor a baseline", hint=hint)
