"""Which frequencies does SR lack, the worst ones first?"""

import torch
from torch import Tensor

from srkit_core.errors import DataError

_SIDES = (-2, -1)


class FocalFrequencyLoss:
    """Mean squared difference of the Fourier spectra of SR and HR, each frequency weighted by how
    far off it is (Jiang et al. 2021, section 3.2).

    Spectra are those of each channel of (B, C, H, W) pictures, divided by sqrt(H W). A weight is
    |difference|^alpha, or log(1 + that), divided by the largest of the spectrum; to the gradient
    weights are constants. A scalar >= 0.
    """

    def __init__(self, *, alpha: float, logarithm: bool, parts: int) -> None:
        """Take the exponent, whether its logarithm is the weight, and into how many parts each side
        is cut, each with a spectrum of its own.
        """
        self._alpha, self._logarithm, self._parts = alpha, logarithm, parts

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss, at least in float32.

        Raises DataError for sides that cannot be cut into so many parts.
        """
        dtype = torch.promote_types(sr.dtype, torch.float32)  # there are no spectra of bfloat16
        pieces = self._cut((sr - hr).to(dtype))
        spectrum = torch.fft.fft2(pieces, norm="ortho")  # of the difference: it is linear
        squares = spectrum.real.square() + spectrum.imag.square()
        loss: Tensor = (self._weights(squares.detach()) * squares).mean()
        return loss

    def _weights(self, squares: Tensor) -> Tensor:
        weights = squares.sqrt() ** self._alpha
        weights = weights.log1p() if self._logarithm else weights
        largest = weights.amax(_SIDES, keepdim=True)
        return weights / largest.clamp(min=torch.finfo(weights.dtype).tiny)

    def _cut(self, difference: Tensor) -> Tensor:
        batch, channels, height, width = difference.shape
        if height % self._parts or width % self._parts:
            raise DataError(
                f"a picture of {width} x {height} pixels cannot be cut into {self._parts} x "
                f"{self._parts} equal parts",
                hint="focal-frequency(parts=1)",
            )
        sides = (self._parts, height // self._parts, self._parts, width // self._parts)
        return difference.reshape(batch, channels, *sides).transpose(-3, -2)
