"""Which model does this word mean?"""

import difflib
from collections.abc import Callable, Sequence
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
from srkit_core.models.foreign_weights import import_weights, recognise
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.model import Model
from srkit_core.models.weights_card import is_ours, read_card
from srkit_core.models.weights_file import read_model
from srkit_core.plan import bind_generator
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Component, Registry, discover
from srkit_core.specs import GeneratorSpec

DEFAULT_SCALE: Final = 4
_NEAREST: Final = 3
_A_PART: Final = 4
"""How many names are offered, and letters of a word that may be a part of one."""
ModelLike: TypeAlias = str | Path | Model
"""A weights file of anybody, a run folder, the name of known weights or of a baseline, or a model
that is loaded.
"""


def open_model(
    model: ModelLike,
    registry: Registry,
    scale: int,
    device: torch.device,
    precision: torch.dtype = torch.float32,
    *,
    note: Callable[[str], None] | None = None,
) -> Model:
    """Return the model of a weights file, of a run folder (its best weights by its first metric),
    of known weights by their name, or an interpolation baseline for a scale; a loaded model is
    moved to the device.

    An existing path wins; `note` is told what was chosen and assumed. Raises WeightsError when the
    word is none of these, or a file that cannot be used; AmbiguousError when several distributions
    provide the baseline.
    """
    if isinstance(model, Model):
        return replace(model, network=to_device(model.network.eval(), device), precision=precision)
    located = locate_weights(model, registry)
    if located is None:
        bound = bind_generator(registry, _baseline(str(model), registry), scale)
        return Model(to_device(build_network(bound).eval(), device), bound, scale)
    found, more = _read(located.path, registry, device)
    if note:
        for text in (*located.notes, *more):
            note(text)
    return replace(found, precision=precision)


def _read(path: Path, registry: Registry, device: torch.device) -> tuple[Model, tuple[str, ...]]:
    """Return the model of a file, and what was chosen and assumed."""
    if not path.is_file() or is_ours(path):
        return read_model(path, registry, device=device), ()
    found, tensors = import_weights(path, registry)
    network = build_network(found.bound)
    network.load_state_dict(tensors)
    return Model(to_device(network.eval(), device), found.bound, found.scale), found.notes()


def load_model(
    model: ModelLike,
    *,
    scale: int | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    registry: Registry | None = None,
    report: DownloadProgress | None = None,
    note: Callable[[str], None] | None = None,
) -> Model:
    """Load a model in eval mode: a weights file of anybody, a run folder, known weights by their
    name, or a baseline.

    Calling it upscales (B, 3, H, W) in [0, 1]. `scale` is for a baseline (default: 4); weights know
    their own. `precision` `auto` is fp32. `registry` is where components come from, by default the
    installed plugins; `report` is told of a download, `note` of what was chosen. Raises
    WeightsError, RegistryError or IncompatibleError with what to try instead.
    """
    registry, where = registry or discover(), choose_device(device)
    fetch(model, registry, report)
    own = own_scale(model, registry)
    if own and scale not in (None, own):
        fact = f"{model} is for scale {own}, not {scale}"
        raise IncompatibleError(fact, hint=f"--scale {own}, or another model")
    dtype = inference_dtype(precision, where)
    return open_model(model, registry, own or scale or DEFAULT_SCALE, where, dtype, note=note)


def fetch(model: ModelLike, registry: Registry, report: DownloadProgress | None = None) -> None:
    """Bring known weights onto this machine, where a word means some; `report` is told of the
    download.
    """
    if not isinstance(model, Model):
        locate_weights(model, registry, report)


def own_scale(model: ModelLike, registry: Registry) -> int | None:
    """Return the scale that weights were trained for, None for a baseline, which has any."""
    if isinstance(model, Model):
        return model.scale
    located = locate_weights(model, registry)
    if located is None:
        return None
    path = located.path
    if not path.is_file() or is_ours(path):
        return read_card(path).scale
    return recognise(path, registry).scale


def baselines(registry: Registry) -> list[str]:
    """Return the names of generators that need no weights."""
    return [bound.name for bound in registry.of_kind("generator") if _is_baseline(bound)]


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


def near_models(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that a word is nearest to, in spelling or as a part of them, whatever its
    case and separators.
    """
    plain = {_plain(name): name for name in names}
    spelt = difflib.get_close_matches(_plain(word), list(plain), n=_NEAREST)
    within = [one for one in plain if len(_plain(word)) >= _A_PART and _plain(word) in one]
    return [plain[one] for one in dict.fromkeys((*spelt, *within))][:_NEAREST]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _neither(word: str, registry: Registry) -> WeightsError:
    if word and Path(word).is_dir():
        hint = "name a weights file, or a folder that srkit train wrote"
        return WeightsError(f"there is no run in the folder {word}", hint=hint, path=Path(word))
    known = baselines(registry)
    names = [*known, *(spec.name for spec in registry.weights if spec.may_be_model)]
    nearest = [f"'{name}'" for name in near_models(word, names)]
    hint = (
        f"did you mean {' or '.join(nearest)}?"
        if nearest
        else f"a .safetensors file, one of {', '.join(known)}, or a name of srkit models"
    )
    return WeightsError(f"'{word}' is neither a weights file nor a baseline", hint=hint)
