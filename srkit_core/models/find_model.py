"""Which model does this word mean?"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import torch

from srkit_core.devices import DeviceName, PrecisionName, choose_device, inference_dtype
from srkit_core.errors import IncompatibleError
from srkit_core.models.build import build_network, to_device
from srkit_core.models.foreign_weights import import_weights
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.model import Model
from srkit_core.models.model_words import DEFAULT_SCALE, baseline_call, fetch
from srkit_core.models.weights_card import is_ours
from srkit_core.models.weights_file import read_model
from srkit_core.plan import bind_generator
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry, discover

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
        bound = bind_generator(registry, baseline_call(str(model), registry), scale)
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
    found, _ = import_weights(path, registry)
    network = to_device(found.network.eval(), device)
    return Model(network, found.bound, found.scale), found.notes()


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
    dtype = inference_dtype(precision, where)
    opened = open_model(model, registry, scale or DEFAULT_SCALE, where, dtype, note=note)
    if scale not in (None, opened.scale):
        fact = f"{model} is for scale {opened.scale}, not {scale}"
        raise IncompatibleError(fact, hint=f"--scale {opened.scale}, or another model")
    return opened
