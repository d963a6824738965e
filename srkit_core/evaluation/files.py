"""How does a picture file become a larger one?"""

from dataclasses import dataclass
from pathlib import Path

import torch

from srkit_core.evaluation.upscale import choose_tiling, upscale
from srkit_core.io.images import read_image, to_bytes, to_unit, write_image
from srkit_core.parts.model import Model

Size = tuple[int, int]


@dataclass(frozen=True)
class Upscaled:
    """Sizes of a picture before and after, (height, width) in pixels."""

    before: Size
    after: Size


def upscale_file(model: Model, source: Path, target: Path, *, tile: int | None = None, overlap: int | None = None) -> Upscaled:
    """Upscale a picture into `target`, on the device of the model's weights, clamped and rounded to 8 bit.

    `tile` and `overlap` are in LR pixels; by default pictures up to 512 x 512 are taken whole. Raises DataError when
    the source cannot be read or the target cannot be written.
    """
    pixels = read_image(source)
    lr = to_unit(torch.from_numpy(pixels)[None].to(model.device))
    larger = to_bytes(upscale(model, lr, choose_tiling(model, lr, tile, overlap)))[0].cpu().numpy()
    write_image(target, larger)
    return Upscaled((pixels.shape[0], pixels.shape[1]), (larger.shape[0], larger.shape[1]))
