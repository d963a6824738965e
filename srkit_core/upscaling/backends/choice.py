"""With which backend is this model computed?

An engine that computes converted weights needs no torch, so torch is imported where it is used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srkit_core.devices import (
    BackendName,
    DeviceName,
    Precision,
    PrecisionName,
    choose_device,
    surely_cpu,
)
from srkit_core.errors import DataError, IncompatibleError, NotFiniteError, WeightsError
from srkit_core.models.locate_weights import LocatedWeights, locate_weights
from srkit_core.registry import Registry, discover
from srkit_core.upscaling.backends.converted import (
    ConvertedModel,
    convert_into,
    folder_of_converted,
    read_converted,
)
from srkit_core.upscaling.backends.engine_backend import EngineBackend
from srkit_core.upscaling.backends.engines import ENGINES, EngineKind
from srkit_core.upscaling.backends.interface import Backend

if TYPE_CHECKING:
    from srkit_core.models.find_model import ModelLike
    from srkit_core.models.model import Model

_FASTER: Final = ("openvino",)
"""What `auto` takes before torch where it is installed; docs/upscaling.md has the figures."""


@dataclass(frozen=True)
class _Wish:
    """What `load_model` is asked for, and whom it tells."""

    model: "ModelLike"
    scale: int | None
    device: DeviceName
    precision: PrecisionName
    registry: Registry
    note: Callable[[str], None]

    def load(self, note: Callable[[str], None] | None = None) -> "Model":
        """Load the model."""
        from srkit_core.models.find_model import load_model

        return load_model(
            self.model,
            scale=self.scale,
            device=self.device,
            precision=self.precision,
            registry=self.registry,
            note=note or self.note,
        )


def open_backend(
    model: "ModelLike",
    *,
    backend: BackendName = "auto",
    scale: int | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    registry: Registry | None = None,
    note: Callable[[str], None] | None = None,
) -> Backend:
    """Make a model ready to upscale pictures, with the backend of that name.

    `auto` takes the fastest that is installed and computes what torch does, to one step of 8 bit:
    OpenVINO on a CPU, else torch; `note` is told which, and why it is torch. A model is converted
    for an engine once, compared with torch, and kept in srkit's cache. Precision `auto` is that of
    `upscaling_precision`. The rest is as in `load_model`, with its errors. Raises
    IncompatibleError where the engine that was named is not installed or cannot compute the model.
    """
    wish = _Wish(model, scale, device, precision, registry or discover(), note or _tell_nobody)
    if backend == "auto":
        return _quickest(wish)
    kind = _engine(backend)
    if kind is None:
        return _in_torch(wish)
    try:
        return _in_engine(kind, wish)
    except _NotComputedError as error:
        raise IncompatibleError(error.message, hint="--backend torch") from None


def _quickest(wish: _Wish) -> Backend:
    """Open what `auto` takes, and say what it is."""
    why = f"{' and '.join(_FASTER)} is not installed"
    if kind := next((one for one in ENGINES if one.name in _FASTER and one.installed), None):
        try:
            opened = _in_engine(kind, wish)
            wish.note(f"computed by {kind.name}")
            return opened
        except _NoFileError:  # a baseline, or a model that is loaded: nobody had a choice
            return _in_torch(wish)
        except _NotComputedError as error:
            why = error.message
    wish.note(f"computed by torch: {why}")
    return _in_torch(wish)


class _NotComputedError(Exception):
    """An engine does not compute what is wished."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _NoFileError(_NotComputedError):
    """There is no file of weights to convert."""


def _engine(backend: BackendName) -> EngineKind | None:
    """Return the engine of a name, None for torch; raises IncompatibleError where it is not
    installed.
    """
    kind = next((one for one in ENGINES if one.name == backend), None)
    if kind is not None and not kind.installed:
        raise IncompatibleError(
            f"the backend '{backend}' is not installed",
            hint=f"pip install 'srkit[{backend}]', or --backend torch",
        )
    return kind


def _in_torch(wish: _Wish) -> Backend:
    from srkit_core.upscaling.backends.torch_backend import torch_backend

    return torch_backend(wish.load(), wish.precision, wish.note)


def _in_engine(kind: EngineKind, wish: _Wish) -> EngineBackend:
    precision: Precision = "fp32" if wish.precision == "auto" else wish.precision
    if precision not in kind.precisions:
        fact = f"'{kind.name}' computes in {' and '.join(kind.precisions)}, not in {precision}"
        raise _NotComputedError(fact)
    if not surely_cpu(wish.device) and choose_device(wish.device).type != "cpu":
        raise _NotComputedError(f"'{kind.name}' computes on the CPU here")
    folder = _folder(kind, _file_of(kind, wish), wish.registry)
    converted = read_converted(folder) or _convert(kind, wish, folder)
    if wish.scale not in (None, converted.scale):
        wish.load()  # which says what is wrong
    for text in converted.notes:
        wish.note(text)
    return EngineBackend(kind.name, converted, kind.open(folder / kind.file, precision))


def _file_of(kind: EngineKind, wish: _Wish) -> Path:
    """Return the file of the weights."""
    located: LocatedWeights | None = None
    if isinstance(wish.model, (str, Path)):
        located = locate_weights(wish.model, wish.registry)
    if located is None or not located.path.is_file():
        raise _NoFileError(f"'{kind.name}' computes the weights of a file")
    return located.path


def _folder(kind: EngineKind, weights: Path, registry: Registry) -> Path:
    """Return where a converted file is kept: another one for other versions of what makes it."""
    try:
        versions = {"srkit": version("srkit"), **registry.versions, **kind.versions}
        return folder_of_converted(weights, kind.name, versions)
    except WeightsError as error:
        raise _NotComputedError(error.message) from error


def _convert(kind: EngineKind, wish: _Wish, folder: Path) -> ConvertedModel:
    notes = list[str]()
    model = wish.load(notes.append)
    wish.note(f"converting {wish.model} for {kind.name}, once")
    try:
        return convert_into(folder, kind, model, notes)
    except (IncompatibleError, DataError, NotFiniteError) as error:
        raise _NotComputedError(f"{kind.name} cannot compute it: {error.message}") from error


def _tell_nobody(text: str) -> None:
    """Take a note."""
