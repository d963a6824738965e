"""Which chains make the LR of a picture without torch?"""

from functools import lru_cache

import numpy as np

from srkit_core.chain import bind_chain
from srkit_core.data.preparation.prepare_options import DEFAULT_CHAIN
from srkit_core.errors import DataError, SrkitError
from srkit_core.expressions import parse_chain
from srkit_core.io.images import Pixels
from srkit_core.registry import Registry, discover
from srkit_core.specs import DegradationSpec, PixelDegradation


@lru_cache(maxsize=4)
def pixel_degradation(chain: str, scale: int) -> PixelDegradation | None:
    """Return what makes LR (H / scale, W / scale, 3) of HR (H, W, 3) of 8 bit, None where the chain
    has a step that is made for batches alone, or happens to some pictures only.

    Raises as `bind_chain`.
    """
    steps = list[PixelDegradation]()
    for step in bind_chain(_registry(chain), parse_chain(chain), scale).steps:
        bound = step.bound
        degrade = bound.spec(DegradationSpec).of_pixels(bound.arguments)
        if degrade is None or step.probability < 1:
            return None
        steps.append(degrade)
    return _OneAfterTheOther(chain, steps)


def _registry(chain: str) -> Registry:
    """Import no plugin for a chain that is srkit's own, whatever else is installed."""
    if chain == DEFAULT_CHAIN:
        return discover(limit=()).for_defaults(chain, DEFAULT_CHAIN)
    return discover()


class _OneAfterTheOther:
    """Applies the steps of a chain; raises DataError where one fails on the picture."""

    def __init__(self, chain: str, steps: list[PixelDegradation]) -> None:
        self._chain, self._steps = chain, steps

    def __call__(self, hr: Pixels, /) -> Pixels:
        try:
            for step in self._steps:
                hr = step(hr)
        except (MemoryError, SrkitError):
            raise
        except Exception as error:  # a plugin may raise anything
            first_line = str(error).partition("\n")[0]
            raise DataError(
                f"'{self._chain}' fails on it: {first_line}", hint="--degrade bicubic"
            ) from error
        return np.ascontiguousarray(hr)
