"""How is a picture that is a tensor upscaled, in one piece or in tiles?

Its tiles see as much as the network needs, so that what is scored is the whole picture's.
"""

import torch
from torch import Tensor

from srkit_core.models.model import Model
from srkit_core.specs import EVERYWHERE
from srkit_core.upscaling.tile_choice import SEEN_OF_EVERYWHERE
from srkit_core.upscaling.tiling import Tiling, spans

WHOLE = Tiling()
AUTO_TILE = 256
AUTO_WHOLE = 512 * 512
"""Up to so many LR pixels `auto` does not cut.

Beyond, tiles of AUTO_TILE keep memory bounded (empirical).
"""


def exact_tiling(model: Model, lr: Tensor, tile: int | None = None) -> Tiling:
    """Return the tiling for (B, 3, H, W): the tile that was asked for, else whole pictures up to
    512 x 512 and tiles beyond; the overlap is the generator's receptive field as its spec declares
    it. Where the whole picture matters only a tile that was asked for is one, and sees 32 pixels.
    """
    everywhere = model.receptive >= EVERYWHERE
    large = lr.shape[-2] * lr.shape[-1] > AUTO_WHOLE and not everywhere
    overlap = SEEN_OF_EVERYWHERE if everywhere else model.receptive
    return Tiling(tile or (AUTO_TILE if large else None), overlap)


@torch.no_grad()
def upscale_tiled(model: Model, lr: Tensor, tiling: Tiling = WHOLE) -> Tensor:
    """Upscale (B, 3, H, W) in [0, 1] to (B, 3, scale*H, scale*W), not clamped.

    Tiles see `overlap` pixels of the picture beyond themselves, which are cut away afterwards: no
    seams where the overlap covers the receptive field.
    """
    (height, width), scale = lr.shape[-2:], model.scale
    if tiling.tile is None or max(height, width) <= tiling.tile:
        return model(lr)
    sr = lr.new_empty((*lr.shape[:-2], height * scale, width * scale))
    for rows in spans(height, tiling, model):
        for columns in spans(width, tiling, model):
            seen = lr[..., rows.seen_start : rows.seen_stop, columns.seen_start : columns.seen_stop]
            made = model(seen)[..., rows.within(scale), columns.within(scale)]
            sr[..., rows.outer(scale), columns.outer(scale)] = made
    return sr
