"""How is each picture of a batch filtered with its own kernel?

Pictures continue outside mirrored, the edge pixel not repeated, as in Real-ESRGAN's code.
"""

import torch
from torch import Tensor
from torch.nn import functional

from srkit_degradations.canvas import Canvas
from srkit_degradations.shipping import shipped


def filtered(canvas: Canvas, kernels: Tensor) -> Canvas:
    """Correlate B pictures with (B, K, K) kernels, K odd; same sizes."""
    margin = kernels.shape[-1] // 2
    mirrored = _mirrored(_mirrored(canvas.pixels, canvas, margin, -1), canvas, margin, -2)
    return canvas.showing(_by_channel(mirrored, kernels))


def filtered_separably(canvas: Canvas, taps: Tensor) -> Canvas:
    """Correlate B pictures with (B, K) taps along the rows and then the columns, K odd; same
    sizes.
    """
    margin = taps.shape[-1] // 2
    taps = shipped(taps, canvas.pixels)
    rows = _by_channel(_mirrored(canvas.pixels, canvas, margin, -1), taps[:, None, :])
    return canvas.showing(_by_channel(_mirrored(rows, canvas, margin, -2), taps[:, :, None]))


def edges_repeated(pixels: Tensor, extent: Tensor, room: tuple[int, int]) -> Tensor:
    """Continue pictures of (B, 2) sizes with their last row and column until `room` is full."""
    for axis in (-1, -2):
        places = torch.arange(room[axis], device=pixels.device)
        pixels = _taken(pixels, torch.minimum(places, extent[:, axis, None] - 1), axis)
    return pixels


def _taken(pixels: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Take the rows (axis -2) or columns (axis -1) with (B, N) indices of each picture."""
    shape = list(pixels.shape)
    shape[axis] = indices.shape[-1]
    aligned = indices[:, None, None, :] if axis == -1 else indices[:, None, :, None]
    return pixels.gather(axis, aligned.expand(shape))


def _by_channel(pictures: Tensor, kernels: Tensor) -> Tensor:
    """Filter all channels of all pictures as groups of one convolution: (B, C, H, W) and (B, KH,
    KW).
    """
    batch, channels, height, width = pictures.shape
    weights = shipped(kernels, pictures).repeat_interleave(channels, 0)[:, None]
    joined = functional.conv2d(
        pictures.reshape(1, batch * channels, height, width), weights, groups=batch * channels
    )
    return joined.view(batch, channels, *joined.shape[2:])


def _mirrored(pixels: Tensor, canvas: Canvas, margin: int, axis: int) -> Tensor:
    """Continue one axis on both ends, also of a picture that is smaller than `margin`."""
    side = pixels.shape[axis]
    indices = torch.arange(-margin, side + margin, device=pixels.device)
    if canvas.extent is None:
        period = max(2 * side - 2, 1)
        indices = indices.remainder(period)
        return pixels.index_select(axis, torch.minimum(indices, period - indices))
    period_of_each = (2 * canvas.extent[:, axis] - 2).clamp_(min=1)[:, None]
    of_each = indices.remainder(period_of_each)
    return _taken(pixels, torch.minimum(of_each, period_of_each - of_each), axis)
