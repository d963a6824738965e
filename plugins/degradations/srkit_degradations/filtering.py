"""How is each picture of a batch filtered with its own kernel?

Pictures continue outside mirrored, the edge pixel not repeated, as in Real-ESRGAN's code.
"""

import torch
from torch import Tensor
from torch.nn import functional


def filtered(pictures: Tensor, kernels: Tensor) -> Tensor:
    """Correlate (B, C, H, W) pictures with (B, K, K) kernels, K odd; same size."""
    margin = kernels.shape[-1] // 2
    return _by_channel(_mirrored(_mirrored(pictures, margin, -1), margin, -2), kernels)


def filtered_separably(pictures: Tensor, taps: Tensor) -> Tensor:
    """Correlate (B, C, H, W) pictures with (B, K) taps along the rows and then the columns, K odd;
    same size.
    """
    margin = taps.shape[-1] // 2
    rows = _by_channel(_mirrored(pictures, margin, -1), taps[:, None, :])
    return _by_channel(_mirrored(rows, margin, -2), taps[:, :, None])


def _by_channel(pictures: Tensor, kernels: Tensor) -> Tensor:
    """Filter all channels of all pictures as groups of one convolution: (B, C, H, W) and (B, KH,
    KW).
    """
    batch, channels, height, width = pictures.shape
    weights = kernels.to(pictures).repeat_interleave(channels, 0)[:, None]
    joined = functional.conv2d(
        pictures.reshape(1, batch * channels, height, width), weights, groups=batch * channels
    )
    return joined.view(batch, channels, *joined.shape[2:])


def _mirrored(pictures: Tensor, margin: int, axis: int) -> Tensor:
    """Continue one axis on both ends, also of a picture that is smaller than `margin`."""
    side = pictures.shape[axis]
    period = max(2 * side - 2, 1)
    indices = torch.arange(-margin, side + margin, device=pictures.device).remainder(period)
    return pictures.index_select(axis, torch.minimum(indices, period - indices))
