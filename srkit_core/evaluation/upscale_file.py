"""How does a picture file become a larger one?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from srkit_core.evaluation.tiling import choose_tiling, upscale_tiled
from srkit_core.io.images import (
    DEEP,
    Photo,
    Samples,
    check_writable,
    read_photo,
    to_bytes,
    to_unit,
    to_words,
    write_photo,
)
from srkit_core.models.model import Model

Size = tuple[int, int]


@dataclass(frozen=True)
class Upscaled:
    """Sizes of a picture before and after, (height, width) in pixels."""

    before: Size
    after: Size


def upscale_file(
    model: Model, source: Path, target: Path, *, tile: int | None = None, overlap: int | None = None
) -> Upscaled:
    """Upscale a picture into `target`, on the device of the model's weights, clamped and rounded.

    16 bit stay 16 where the target's format has them; alpha is upscaled apart, by bicubic
    interpolation, and laid on white where the target has none; EXIF that still applies is kept, and
    a source with a profile gives a target with that of sRGB. `tile` and `overlap` are in LR pixels;
    by default pictures up to 512 x 512 are taken whole. Raises DataError when the source cannot be
    read or the target cannot be written.
    """
    check_writable(target)
    photo = read_photo(source)
    deep = photo.pixels.dtype == np.uint16 and target.suffix.lower() in DEEP
    lr = _tensor(photo.pixels, model.device)
    larger = _samples(upscale_tiled(model, lr, choose_tiling(model, lr, tile, overlap)), deep)
    alpha = (
        None
        if photo.alpha is None
        else _samples(_bicubic(_tensor(photo.alpha[:, :, None], model.device), model.scale), deep)
    )
    write_photo(
        target, Photo(larger, None if alpha is None else alpha[:, :, 0], photo.exif, photo.profiled)
    )
    return Upscaled(
        (photo.pixels.shape[0], photo.pixels.shape[1]), (larger.shape[0], larger.shape[1])
    )


def _tensor(samples: Samples, device: torch.device) -> Tensor:
    return to_unit(torch.from_numpy(samples)[None]).to(device)


def _samples(unit: Tensor, deep: bool) -> Samples:
    samples: Samples = (to_words(unit.cpu()) if deep else to_bytes(unit))[0].cpu().numpy()
    return samples


def _bicubic(alpha: Tensor, scale: int) -> Tensor:
    return F.interpolate(alpha, scale_factor=float(scale), mode="bicubic", align_corners=False)
