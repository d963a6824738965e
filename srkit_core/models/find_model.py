"""Which model does this word mean?"""

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import torch

from srkit_core.devices import DeviceName, PrecisionName, choose_device, inference_dtype
from srkit_core.errors import (
    ExpressionError,
    IncompatibleError,
    UnknownComponentError,
    WeightsError,
)
from srkit_core.expressions import Call, parse_call
from srkit_core.models.build import build_network, to_device
from srkit_core.models.foreign_weights import import_command, import_weights, recognise
from srkit_core.models.model import Model
from srkit_core.models.weights_file import is_ours, read_card, read_model
from srkit_core.plan import bind_generator
from srkit_core.pretrained import DownloadProgress, obtain
from srkit_core.registry import Component, Registry, discover
from srkit_core.specs import GeneratorSpec

DEFAULT_SCALE: Final = 4
ModelLike: TypeAlias = str | Path | Model
"""A weights file, the name of known weights or of a baseline, or a model that is loaded."""

_FILE_ENDINGS: Final = frozenset({".safetensors", ".pth", ".pt", ".ckpt"})


def open_model(
    model: ModelLike,
    registry: Registry,
    scale: int,
    device: torch.device,
    precision: torch.dtype = torch.float32,
) -> Model:
    """Return the model of a weights file, of known weights by their name, or an interpolation
    baseline for a scale; a loaded model is moved to the device.

    An existing file wins. Raises WeightsError when the word is none of these, or a file of another
    project; AmbiguousError when several distributions provide the baseline.
    """
    if isinstance(model, Model):
        return replace(model, network=to_device(model.network.eval(), device), precision=precision)
    word = str(model)
    if is_file(word):
        found = read_model(own_file(Path(word), registry), registry, device=device)
        return replace(found, precision=precision)
    if _known(word, registry):
        imported, tensors = import_weights(obtain(registry.pretrained(word)).path, registry)
        network = build_network(imported.bound)
        network.load_state_dict(tensors)
        placed = to_device(network.eval(), device)
        return Model(placed, imported.bound, imported.scale, precision)
    bound = bind_generator(registry, _baseline(word, registry), scale)
    return Model(to_device(build_network(bound).eval(), device), bound, scale)


def load_model(
    model: ModelLike,
    *,
    scale: int | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    registry: Registry | None = None,
    report: DownloadProgress | None = None,
) -> Model:
    """Load a model in eval mode: a weights file, known weights by their name, or a baseline.

    Calling it upscales (B, 3, H, W) in [0, 1]. `scale` is for a baseline (default: 4); weights know
    their own. `precision` `auto` is fp32. `registry` is where components come from, by default the
    installed plugins; `report` is told of a download. Raises WeightsError, RegistryError or
    IncompatibleError with what to try instead.
    """
    registry, where = registry or discover(), choose_device(device)
    fetch(model, registry, report)
    own = own_scale(model, registry)
    if own and scale not in (None, own):
        fact = f"{model} is for scale {own}, not {scale}"
        raise IncompatibleError(fact, hint=f"--scale {own}, or another model")
    dtype = inference_dtype(precision, where)
    return open_model(model, registry, own or scale or DEFAULT_SCALE, where, dtype)


def fetch(model: ModelLike, registry: Registry, report: DownloadProgress | None = None) -> None:
    """Bring known weights onto this machine, where a word means some; `report` is told of the
    download.
    """
    if isinstance(model, Model):
        return
    word = str(model)
    if not is_file(word) and _known(word, registry):
        obtain(registry.pretrained(word), report)


def own_scale(model: ModelLike, registry: Registry) -> int | None:
    """Return the scale that weights were trained for, None for a baseline, which has any."""
    if isinstance(model, Model):
        return model.scale
    word = str(model)
    if is_file(word):
        return read_card(own_file(Path(word), registry)).scale
    if not _known(word, registry):
        return None
    return recognise(obtain(registry.pretrained(word)).path, registry).scale


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
