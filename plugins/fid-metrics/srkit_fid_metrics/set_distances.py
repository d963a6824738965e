"""How far are two sets of features from each other?

Sums are float64, on the CPU.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

_SEED = 2020
"""That of torch-fidelity, so that its subsets are the same."""


class FrechetDistance:
    """|m - m'|^2 + Tr(C + C' - 2 (C C')^(1/2)) of the means and covariances of features (Heusel et
    al. 2017, eq. 6).
    """

    def __init__(self, features: Callable[[Tensor], Tensor]) -> None:
        """Take what makes features of pictures, (B, 3, H, W) -> (B, F)."""
        self.features = features

    def compare(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the distance of two sets of features, (N, F) each; nan for fewer than two."""
        if len(sr) < 2 or len(hr) < 2:
            return torch.tensor(torch.nan)
        sr, hr = sr.double(), hr.double()
        root, other = _root_of_covariance(sr), _root_of_covariance(hr)
        # The eigenvalues of C C' with C = A^T A are the squared singular values of A A'^T.
        common = torch.linalg.svdvals(root @ other.T).sum()
        spread = root.square().sum() + other.square().sum()
        distance: Tensor = (sr.mean(0) - hr.mean(0)).square().sum() + spread - 2 * common
        return distance


class KernelDistance:
    """Unbiased squared maximum mean discrepancy under k(x, y) = (x y / F + 1)^3 (Bińkowski et al.
    2018, section 4, and Gretton et al. 2012, eq. 3).

    Of a set that is larger than a subset it is the mean over random ones, those of torch-fidelity.
    """

    def __init__(self, features: Callable[[Tensor], Tensor], *, subset: int, subsets: int) -> None:
        """Take what makes features of pictures, (B, 3, H, W) -> (B, F), and the subsets."""
        self.features = features
        self._subset, self._subsets = subset, subsets

    def compare(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the distance of two sets of features, (N, F) each; nan for fewer than two."""
        if len(sr) < 2 or len(hr) < 2:
            return torch.tensor(torch.nan)
        pairs = self._pairs(sr.double(), hr.double())
        return torch.stack([_discrepancy(one, other) for one, other in pairs]).mean()

    def _pairs(self, sr: Tensor, hr: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        if len(sr) <= self._subset:
            yield sr, hr
            return
        rng = np.random.RandomState(_SEED)
        for _ in range(self._subsets):
            one, other = (
                torch.from_numpy(rng.choice(len(side), self._subset, replace=False))
                for side in (sr, hr)
            )
            yield sr[one], hr[other]


def _root_of_covariance(features: Tensor) -> Tensor:
    """Return A with A^T A the covariance of (N, F), of at most F rows."""
    centred: Tensor = (features - features.mean(0)) / (len(features) - 1) ** 0.5
    if len(features) <= features.shape[1]:
        return centred
    triangle: Tensor = torch.linalg.qr(centred, mode="r").R
    return triangle


def _discrepancy(sr: Tensor, hr: Tensor) -> Tensor:
    within = [_off_diagonal_mean(_kernel(one, one)) for one in (sr, hr)]
    discrepancy: Tensor = within[0] + within[1] - 2 * _kernel(sr, hr).mean()
    return discrepancy


def _kernel(one: Tensor, other: Tensor) -> Tensor:
    kernel: Tensor = (one @ other.T / one.shape[1] + 1) ** 3
    return kernel


def _off_diagonal_mean(kernel: Tensor) -> Tensor:
    count = len(kernel)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
