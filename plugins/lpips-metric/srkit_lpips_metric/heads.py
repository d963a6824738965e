"""Which channels of a network matter to people?

The weights are those that the package `lpips` carries. They are read as data: importing it would
import torchvision.
"""

import importlib.util
from pathlib import Path
from typing import Final

from torch import Tensor

from srkit_core.arrays import read_arrays
from srkit_core.errors import WeightsError

_VERSION: Final = "v0.1"


def read_heads(net: str) -> tuple[Tensor, ...]:
    """Return a weight >= 0 for each channel, (1, C, 1, 1), of each of the five layers that LPIPS
    compares.

    `net` is alex or vgg. Raises WeightsError when the package is not installed as it should be.
    """
    arrays = read_arrays(_folder() / "weights" / _VERSION / f"{net}.pth")
    return tuple(arrays[key] for key in sorted(arrays))


def _folder() -> Path:
    spec = importlib.util.find_spec("lpips")
    if spec is None or spec.origin is None:
        raise WeightsError(
            "the package lpips, which holds the weights of LPIPS, is not installed",
            hint="pip install lpips",
        )
    return Path(spec.origin).parent
