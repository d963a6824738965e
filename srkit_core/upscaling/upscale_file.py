"""How does a picture file become a larger one?"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F

from srkit_core.data.own_work import remember
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.home import at_home
from srkit_core.io.hidden_colours import fill_hidden
from srkit_core.io.images import (
    DEEP,
    Photo,
    Samples,
    check_holds,
    check_writable,
    image_size,
    looks_gray,
    read_photo,
    to_bytes,
    to_unit,
    to_words,
    write_photo,
)
from srkit_core.io.output_files import check_place
from srkit_core.io.raster import to_8_bit
from srkit_core.models.find_model import ModelLike, load_model
from srkit_core.models.model import Model, naming_picture
from srkit_core.oom import oom_guard
from srkit_core.registry import Registry
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.backends.torch_backend import TorchBackend
from srkit_core.upscaling.memory_advice import memory_hint
from srkit_core.upscaling.tiling import Tiling, tiling_of, upscale_array

Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Upscaled:
    """Sizes of a picture before and after, (height, width) in pixels.

    `notes` are what a person ought to know of how it was read, such as that it is the first of
    several frames.
    """

    before: Size
    after: Size
    notes: tuple[str, ...] = ()


def upscale(
    model: ModelLike,
    source: str | Path,
    target: str | Path,
    *,
    scale: int | None = None,
    tile: int | None = None,
    overlap: int | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    registry: Registry | None = None,
) -> Upscaled:
    """Upscale a picture file into another; a file of that name is replaced.

    `model` is a weights file, a run folder, the name of known weights or of a baseline, or a loaded
    model, which is the quickest for many pictures. `scale` is for a baseline (default: 4). The rest
    is as in `upscale_file` and `load_model`, with their errors.
    """
    loaded = load_model(model, scale=scale, device=device, precision=precision, registry=registry)
    named = "" if isinstance(model, Model) else str(model)
    source, target = at_home(Path(source)), at_home(Path(target))
    check_place(target)
    return upscale_file(
        TorchBackend(loaded), source, target, tile=tile, overlap=overlap, named=named
    )


def upscale_file(
    backend: Backend,
    source: Path,
    target: Path,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    named: str = "",
) -> Upscaled:
    """Upscale a picture into `target`, with a backend, clamped and rounded.

    16 bit stay 16 where the target's format has them, gray stays gray; alpha is upscaled apart, by
    bicubic interpolation, and laid on white where the target has none; what it hides does not bleed
    into what is seen. EXIF that still applies is kept, and a source with a profile gives a target
    with that of sRGB. `tile` and `overlap` are in LR pixels;
    by default pictures up to 512 x 512 are taken whole. Raises DataError when the source cannot be
    read or the target cannot be written, NotFiniteError, which calls the model `named`, when it
    makes NaN or infinity of it.
    """
    check_writable(target)
    before = image_size(source)
    after = (before[0] * backend.scale, before[1] * backend.scale)
    check_holds(target, after)
    tiling = tiling_of(backend, before, tile, overlap)
    doing = f"while {source} was upscaled to {after[1]}x{after[0]}"
    hint = memory_hint(
        backend, before, tiling, backend.free_bytes(), on_host=backend.device == "cpu"
    )
    with oom_guard(hint, doing), naming_picture(source, named):
        photo = _larger(backend, read_photo(source), tiling, deep=target.suffix.lower() in DEEP)
        write_photo(target, photo)
    remember(target)
    return Upscaled(before, after, photo.notes)


def _larger(backend: Backend, photo: Photo, tiling: Tiling, *, deep: bool) -> Photo:
    seen = fill_hidden(photo.pixels, photo.alpha)
    if not deep:
        seen = to_8_bit(seen)
    larger = upscale_array(backend, seen, tiling, gray=photo.gray or looks_gray(seen))
    alpha = photo.alpha
    if alpha is not None:
        alpha = _larger_alpha(alpha, backend.scale, deep=seen.dtype == np.uint16)
    return replace(photo, pixels=larger, alpha=alpha)


def _larger_alpha(alpha: Samples, scale: int, *, deep: bool) -> Samples:
    unit = to_unit(torch.from_numpy(alpha[:, :, None])[None])
    larger = F.interpolate(unit, scale_factor=float(scale), mode="bicubic", align_corners=False)
    samples: Samples = (to_words(larger) if deep else to_bytes(larger))[0, :, :, 0].numpy()
    return samples
