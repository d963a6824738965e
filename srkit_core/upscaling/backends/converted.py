"""Which file of an inference engine computes what these weights do?

A file is converted once, compared with torch, and kept in srkit's cache under the digest of the
weights; later runs need no torch.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srkit_core.io.atomic import write_error, write_text
from srkit_core.locks import locked
from srkit_core.models.weights_digest import weights_digest
from srkit_core.upscaling.backends.engines import EngineKind
from srkit_core.user_cache import cache_folder

if TYPE_CHECKING:
    from srkit_core.models.model import Model

_ABOUT: Final = "about.json"
_FORM: Final = 2
"""Moves when what was kept before means something else: since 2 `receptive` is measured."""


@dataclass(frozen=True)
class ConvertedModel:
    """What a file of an engine does not say of its network: its `NetworkTraits`, the largest
    `difference` between the engine and torch, of values in [0, 1], that was seen, the bytes that
    torch takes for an LR pixel, and what is to be told of how its weights were found.
    """

    generator: str
    scale: int
    size_multiple: int
    min_size: int
    receptive: int
    difference: float
    pixel_bytes: int | None = None
    notes: tuple[str, ...] = ()


def folder_of_converted(weights: Path, engine: str, versions: Mapping[str, str]) -> Path:
    """Return where the converted file of these weights is kept: another one for other `versions` of
    what converts and computes.

    Raises WeightsError where this machine has no place for it.
    """
    about = json.dumps([_FORM, weights_digest(weights), engine, dict(versions)], sort_keys=True)
    return cache_folder() / "engines" / hashlib.sha256(about.encode()).hexdigest()[:32]


def read_converted(folder: Path) -> ConvertedModel | None:
    """Return what was converted into a folder, None where nothing was, or not to its end."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return ConvertedModel(**{**about, "notes": tuple(about["notes"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def convert_into(
    folder: Path, kind: EngineKind, model: "Model", notes: Sequence[str] = ()
) -> ConvertedModel:
    """Convert a model for an engine into a folder; of several processes one does, the others wait.

    Raises IncompatibleError where the model cannot be converted, or the engine computes something
    else; DataError or DiskFullError where the folder cannot be written.
    """
    from srkit_core.upscaling.backends.layer_memory import bytes_of_a_pixel

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(error, folder) from error
    with locked(folder / ".lock", wait=True):
        if found := read_converted(folder):
            return found
        about = ConvertedModel(
            generator=model.bound.component.name,
            scale=model.scale,
            size_multiple=model.size_multiple,
            min_size=model.min_size,
            receptive=model.receptive,
            difference=kind.convert(model, folder / kind.file),
            pixel_bytes=bytes_of_a_pixel(model),
            notes=tuple(notes),
        )
        write_text(folder / _ABOUT, json.dumps(asdict(about)))
    return about
