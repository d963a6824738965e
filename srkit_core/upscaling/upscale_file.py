"""How does a picture file become a larger one?"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

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
from srkit_core.models.build import build_network, to_device
from srkit_core.models.find_model import ModelLike, load_model
from srkit_core.models.model import Model, naming_picture
from srkit_core.oom import oom_guard
from srkit_core.registry import Registry
from srkit_core.upscaling.memory_advice import memory_hint
from srkit_core.upscaling.tiling import Tiling, tiling_of, upscale_tiled

_RED, _BLUE = 0.299, 0.114
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
    return upscale_file(loaded, source, target, tile=tile, overlap=overlap, named=named)


def upscale_file(
    model: Model,
    source: Path,
    target: Path,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    named: str = "",
) -> Upscaled:
    """Upscale a picture into `target`, on the device of the model's weights, clamped and rounded.

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
    after = (before[0] * model.scale, before[1] * model.scale)
    check_holds(target, after)
    tiling = tiling_of(model, before, tile, overlap)
    doing = f"while {source} was upscaled to {after[1]}x{after[0]}"
    with oom_guard(memory_hint(model, before, tiling), doing), naming_picture(source, named):
        photo = _larger(model, read_photo(source), tiling, deep=target.suffix.lower() in DEEP)
        write_photo(target, photo)
    remember(target)
    return Upscaled(before, after, photo.notes)


def _larger(model: Model, photo: Photo, tiling: Tiling, *, deep: bool) -> Photo:
    seen = fill_hidden(photo.pixels, photo.alpha)
    deep = deep and seen.dtype == np.uint16
    suited = _keeping_16_bit(model) if deep else model
    sr = upscale_tiled(suited, _tensor(seen, model.device), tiling)
    larger = _samples(_without_colour(sr) if photo.gray or looks_gray(seen) else sr, deep)
    alpha = None if photo.alpha is None else _larger_alpha(photo.alpha, model, deep)
    return replace(photo, pixels=larger, alpha=alpha)


def _keeping_16_bit(model: Model) -> Model:
    """Return a model that does not round to 8 bit: an interpolation does, as published ones did."""
    options = {**model.bound.options, **model.spec.keeps_16_bit}
    if options == model.bound.options:
        return model
    bound = replace(model.bound, options=options)
    network = build_network(bound).eval()
    network.load_state_dict(model.network.state_dict())
    return replace(model, network=to_device(network, model.device), bound=bound)


def _without_colour(sr: Tensor) -> Tensor:
    """Return the luma of (1, 3, H, W) in three channels (ITU-R BT.601); what has no colour stays as
    it is, to the last bit.
    """
    red, green, blue = sr.unbind(1)
    luma = green + _RED * (red - green) + _BLUE * (blue - green)
    return luma[:, None].expand_as(sr)


def _larger_alpha(alpha: Samples, model: Model, deep: bool) -> Samples:
    unit = _bicubic(_tensor(alpha[:, :, None], model.device), model.scale)
    return _samples(unit, deep)[:, :, 0]


def _tensor(samples: Samples, device: torch.device) -> Tensor:
    return to_unit(torch.from_numpy(samples)[None]).to(device)


def _samples(unit: Tensor, deep: bool) -> Samples:
    samples: Samples = (to_words(unit.cpu()) if deep else to_bytes(unit))[0].cpu().numpy()
    return samples


def _bicubic(alpha: Tensor, scale: int) -> Tensor:
    return F.interpolate(alpha, scale_factor=float(scale), mode="bicubic", align_corners=False)
