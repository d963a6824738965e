"""What does a network of pyiqa think of a picture?"""

from pathlib import Path

import torch
from torch import Tensor

from srkit_pyiqa.pyiqa_networks import pyiqa_network


class PyiqaMetric:
    """A metric of pyiqa without reference, each picture by itself and in float32.

    Its networks tell every other size of pictures apart and look at crops, so that a batch has
    nothing to gain.
    """

    def __init__(self, name: str, path: Path) -> None:
        """Take what pyiqa calls it, and the file of its network."""
        self._name, self._path = name, path

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, 3, H, W) RGB in [0, 1]: (B,) float32; `hr` is not looked at.

        Raises WeightsError for a file that is not of this network.
        """
        network = pyiqa_network(self._name, self._path, sr.device)
        with torch.no_grad(), torch.autocast(sr.device.type, enabled=False):
            # A tensor that is written to by pyiqa is its own.
            scores = [network(one[None].float().contiguous().clone()) for one in sr]
        return torch.cat([one.reshape(1) for one in scores]).float()
