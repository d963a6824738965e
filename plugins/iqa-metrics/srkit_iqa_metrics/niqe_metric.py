"""How far is a picture from what natural pictures look like?"""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from srkit_core.errors import DataError
from srkit_iqa_metrics.niqe_statistics import BLOCK, block_features

_LUMA: Final = (65.481, 128.553, 24.966)
_LUMA_OFFSET: Final = 16
"""Of ITU-R BT.601, for RGB in [0, 1]."""


def read_pristine_model(path: Path) -> tuple[Tensor, Tensor]:
    """Return mean (36,) and covariance (36, 36) of pristine pictures' statistics from BasicSR's
    file.
    """
    with np.load(path) as arrays:
        return torch.from_numpy(arrays["mu_pris_param"][0]), torch.from_numpy(
            arrays["cov_pris_param"]
        )


class NIQE:
    """Distance of two Gaussians, of the statistics of a picture's blocks and of pristine pictures'
    (Mittal et al. 2013, eq. 10).

    It is taken of luma in 16..235, rounded. Not differentiable; nan for a picture with fewer than
    two blocks that are not flat.
    """

    def __init__(self, *, mean: Tensor, covariance: Tensor, border: int) -> None:
        """Take the pristine model, (36,) and (36, 36), and the pixels to cut from each side."""
        self._mean = mean.double()
        self._covariance = covariance.double()
        self._border = border

    @torch.no_grad()
    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, 3, H, W) RGB in [0, 1]: (B,) float64 >= 0; `hr` is not looked at.

        Raises DataError for pictures that hold fewer than two blocks.
        """
        pictures = sr.cpu() if sr.device.type == "mps" else sr  # mps has no float64
        return torch.stack(
            [self._distance(block_features(self._luma(picture))) for picture in pictures]
        )

    def _luma(self, picture: Tensor) -> Tensor:
        height, width = (side - 2 * self._border for side in picture.shape[1:])
        if max(height, 0) // BLOCK * (max(width, 0) // BLOCK) < 2:
            raise DataError(
                f"a picture of {picture.shape[2]} x {picture.shape[1]} pixels is too small for "
                f"'niqe' with a border of {self._border}",
                hint=f"'niqe' compares blocks of {BLOCK} x {BLOCK} pixels and needs two at least: "
                "give it larger pictures",
            )
        inner = picture[:, self._border :, self._border :][:, :height, :width].double()
        weights = torch.tensor(_LUMA, dtype=inner.dtype, device=inner.device).view(3, 1, 1)
        return ((inner * weights).sum(0) + _LUMA_OFFSET).round()

    def _distance(self, statistics: Tensor) -> Tensor:
        difference = self._mean.to(statistics.device) - statistics.nanmean(0)
        textured = statistics[~statistics.isnan().any(1)]
        if len(textured) < 2:
            return difference.new_tensor(torch.nan)
        pooled = (self._covariance.to(statistics.device) + textured.T.cov()) / 2
        squared: Tensor = difference @ torch.linalg.pinv(pooled, hermitian=True) @ difference
        return squared.sqrt()
