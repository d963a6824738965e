"""How does an inference engine, which knows no torch, upscale pictures that are numpy arrays?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from srkit_core.errors import NotFiniteError
from srkit_core.io.raster import Samples
from srkit_core.upscaling.backends.converted import ConvertedModel
from srkit_core.upscaling.backends.shaped_engine import Engine
from srkit_core.upscaling.free_memory import free_host_bytes

_RED, _BLUE = 0.299, 0.114


class EngineBackend:
    """A converted model in an engine on the CPU; a `Backend`."""

    device = "cpu"

    def __init__(self, name: str, converted: ConvertedModel, engine: Engine) -> None:
        self.name, self._engine, self._named = name, engine, converted.generator
        self._pixel_bytes = converted.pixel_bytes
        self.scale, self.size_multiple = converted.scale, converted.size_multiple
        self.min_size, self.receptive = converted.min_size, converted.receptive

    def __call__(self, lr: Samples, /, *, gray: bool = False) -> Samples:
        """Upscale (H, W, 3), as `Backend` says."""
        most = np.iinfo(lr.dtype).max
        unit = np.multiply(lr.transpose(2, 0, 1)[None], np.float32(1 / most), dtype=np.float32)
        sr = self._engine(np.ascontiguousarray(unit))[0]
        if not (np.isfinite(sr.min()) and np.isfinite(sr.max())):
            raise NotFiniteError(
                f"the generator '{self._named}' made NaN or infinity in {self.name}",
                hint="--backend torch, or --precision fp32",
                by_model=True,
            )
        seen = _without_colour(sr) if gray else sr
        return _samples(seen, most, lr.dtype)

    def free_bytes(self) -> int | None:
        """Return how much memory the host has left, None where nobody says it."""
        return free_host_bytes()

    def pixel_bytes(self) -> int | None:
        """Return what torch takes: engines do not tell, and take less (empirical)."""
        return self._pixel_bytes


def _without_colour(sr: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma of (3, H, W) in three channels (ITU-R BT.601)."""
    red, green, blue = sr
    luma = green + np.float32(_RED) * (red - green) + np.float32(_BLUE) * (blue - green)
    return np.broadcast_to(luma, sr.shape)


def _samples(unit: NDArray[np.float32], most: int, dtype: np.dtype[Any]) -> Samples:
    """Turn (3, H, W) into (H, W, 3): clamped to [0, 1], rounded to the nearest of `most` steps."""
    clamped = np.clip(unit, 0, 1)
    clamped *= most
    samples: Samples = np.rint(clamped, out=clamped).astype(dtype).transpose(1, 2, 0)
    return np.ascontiguousarray(samples)
