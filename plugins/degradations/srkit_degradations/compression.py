"""What does JPEG compression leave of pictures?

The arithmetic of libjpeg with its default settings, on tensors: quantisation tables of ITU-T T.81,
annex K.1, chroma at half the size, and smooth chroma upsampling. Entropy coding loses nothing and
is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.interfaces import Range
from srkit_degradations.canvas import Canvas, corner
from srkit_degradations.filtering import edges_repeated
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation
from srkit_degradations.shipping import kept_on_device, shipped

_LUMA_TABLE: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""ITU-T T.81, table K.1."""

_CHROMA_CORNER: Final = ((17, 18, 24, 47), (18, 21, 26, 66), (24, 26, 56, 99), (47, 66, 99, 99))
"""The low frequencies of ITU-T T.81, table K.2; all others are 99."""

_BLOCK: Final = 8
_MIDDLE: Final = 128
_HALF: Final = 0.5 + 1e-4
"""Rounds halves away from zero, as libjpeg does, also a half that lost its last bits in a float32
sum; they are common.
"""


@dataclass(frozen=True, kw_only=True)
class Jpeg(PerPictureDegradation):
    """Compresses each picture with a drawn quality, a whole number of 1 to 100.

    The result holds 8-bit values.
    """

    name: ClassVar[str] = "jpeg"

    quality: int | Range

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Compress and decompress."""
        return compressed(Canvas.of(pictures), self.draw(sampler)).pixels

    def draw(self, sampler: ParameterSampler) -> list[int]:
        """Draw a quality for each picture."""
        qualities = [round(one) for one in sampler.value("quality", self.quality)]
        return (
            sampler.record("quality", qualities) if isinstance(self.quality, Range) else qualities
        )


def compressed(canvas: Canvas, qualities: Sequence[int]) -> Canvas:
    """Compress and decompress three channels in [0, 1] with B qualities.

    Sides that no block ends at are continued.
    """
    ycbcr = _mixed(_continued_to_blocks((canvas.pixels * 255).round().clamp_(0, 255), canvas))
    chosen = shipped([one - 1 for one in qualities], canvas.pixels, torch.int64)
    luma, chroma = kept_on_device(_every_table, canvas.pixels).index_select(0, chosen).unbind(1)
    y = _quantised(ycbcr[:, :1] - _MIDDLE, luma) + _MIDDLE
    small = _quantised(_rounded(functional.avg_pool2d(ycbcr[:, 1:], 2), _when_halved), chroma)
    height, width = canvas.pixels.shape[-2:]
    full = _rounded(_doubled(small, canvas), _when_doubled)
    joined = torch.cat([corner(one, (height, width)) for one in (y, full)], 1)
    return canvas.showing(_mixed(joined, back=True).clamp_(0, 255).div_(255))


def _continued_to_blocks(pixels: Tensor, canvas: Canvas) -> Tensor:
    """Repeat the last row and column of each picture until whole blocks of chroma end."""
    height, width = pixels.shape[-2:]
    below, right = -height % (2 * _BLOCK), -width % (2 * _BLOCK)
    if canvas.extent is None:
        return functional.pad(pixels, (0, right, 0, below), mode="replicate")
    return edges_repeated(pixels, canvas.extent, (height + below, width + right))


def _doubled(small: Tensor, canvas: Canvas) -> Tensor:
    """Enlarge chroma as the decoder does, which knows the true size: what was continued for the
    last blocks takes no part.
    """
    height, width = canvas.pixels.shape[-2:]
    visible = -(-height // 2), -(-width // 2)
    if canvas.extent is None:
        small = corner(small, visible)
    else:
        small = edges_repeated(small, (canvas.extent + 1) // 2, visible)
    return functional.interpolate(small, scale_factor=2, mode="bilinear")


def quantisation_tables(quality: Tensor) -> Tensor:
    """Return (B, 2, 64) divisors for luma and chroma, scaled for (B,) qualities of 1 to 100 as
    libjpeg does.
    """
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    return ((_base_tables() * percent[:, None, None] + 50) / 100).floor().clamp(1, 255)


def _every_table() -> Tensor:
    """Return the tables of the qualities 1 to 100, (100, 2, 64)."""
    return quantisation_tables(torch.arange(1, 101))


def _base_tables() -> Tensor:
    chroma = torch.full((_BLOCK, _BLOCK), 99.0, dtype=torch.float64)
    chroma[:4, :4] = torch.tensor(_CHROMA_CORNER)
    return torch.stack([torch.tensor(_LUMA_TABLE, dtype=torch.float64), chroma]).flatten(1)


def _mixed(pixels: Tensor, *, back: bool = False) -> Tensor:
    """Turn RGB into YCbCr, or back, in whole numbers."""
    matrix = kept_on_device(_to_rgb if back else _to_ycbcr, pixels)
    return torch.bmm(matrix.expand(len(pixels), 3, 3), pixels.flatten(2)).view_as(pixels).round_()


def _to_ycbcr() -> Tensor:
    """Return the matrix of JFIF 1.02."""
    return torch.tensor(
        [
            [0.299, 0.587, 0.114],
            [-0.168735892, -0.331264108, 0.5],
            [0.5, -0.418687589, -0.081312411],
        ],
        dtype=torch.float64,
    )


def _to_rgb() -> Tensor:
    """Return the matrix of JFIF 1.02."""
    return torch.tensor(
        [[1, 0, 1.402], [1, -0.344136286, -0.714136286], [1, 1.772, 0]], dtype=torch.float64
    )


def _rounded(chroma: Tensor, columns: Callable[[], Tensor]) -> Tensor:
    """Round down after adding something that differs between even and odd columns, so that
    libjpeg's rounding has no bias.
    """
    return (chroma + kept_on_device(columns, chroma).repeat(chroma.shape[-1] // 2)).floor_()


def _when_halved() -> Tensor:
    """Return what is added to the means of four."""
    return torch.tensor([1 / 4, 2 / 4], dtype=torch.float64)


def _when_doubled() -> Tensor:
    """Return what is added to interpolated chroma."""
    return torch.tensor([8 / 16, 7 / 16], dtype=torch.float64)


def _quantised(planes: Tensor, tables: Tensor) -> Tensor:
    """Round the cosine coefficients of (B, C, H, W) planes to multiples of their (B, 64) divisors;
    back to whole numbers in -128..127.
    """
    batch, channels, height, width = planes.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = (
        planes.view(batch, channels, rows, _BLOCK, columns, _BLOCK)
        .transpose(3, 4)
        .reshape(batch, -1, _BLOCK**2)
    )
    cosines, divisors = kept_on_device(_cosines, planes), tables[:, None]
    steps = blocks @ cosines.T / divisors
    halves = torch.full_like(steps, _HALF).copysign_(steps)
    coefficients = halves.add_(steps).trunc_().mul_(divisors)
    pixels = (
        (coefficients @ cosines)
        .view(batch, channels, rows, columns, _BLOCK, _BLOCK)
        .transpose(3, 4)
    )
    return pixels.reshape(batch, channels, height, width).round_().clamp_(-_MIDDLE, _MIDDLE - 1)


def _cosines() -> Tensor:
    """Return the (64, 64) orthonormal two-dimensional DCT-II of 8x8 blocks (ITU-T T.81, A.3.3)."""
    k = torch.arange(_BLOCK, dtype=torch.float64)
    one = torch.cos((2 * k + 1) * k[:, None] * torch.pi / (2 * _BLOCK)) * 0.5
    one[0] /= 2**0.5
    return torch.kron(one, one)
