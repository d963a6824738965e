"""What is computed of a whole picture, whatever its size: its LR, and an augmented copy?"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

import numpy as np
import torch

from srkit_core.augmentation import Augment, bind_augment
from srkit_core.augmentation.affine import Frame
from srkit_core.chain import DegradationPlan, bind_chain
from srkit_core.data.preparation.prepare_options import DEFAULT_CHAIN
from srkit_core.data.transforms import draw_change, draw_view
from srkit_core.errors import DataError, NotFiniteError, SrkitError
from srkit_core.expressions import parse_chain
from srkit_core.interfaces import TracedDegradation
from srkit_core.io.images import Pixels, to_bytes, to_unit
from srkit_core.models.build import build_degradation
from srkit_core.registry import discover
from srkit_core.specs import DegradationSpec

COPY_AUGMENT = "srkit/affine | srkit/flip"
"""Rotation within 90 degrees, shifts, shear and zoom of 0.2 with the nearest colour beyond the
border, and a horizontal flip.
"""

_BAND = 256
"""Rows that are degraded at a time: they stay in the processor's cache, which is half as fast
again, and in little memory (empirical).
"""


def augmented_copy(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a copy of (H, W, 3), of the same size, changed about its centre.

    Shares are of its shorter side.
    """
    augment = _copy_augment()
    height, width = pixels.shape[:2]
    change, view = draw_change(augment, rng), draw_view(augment, rng)
    frame = Frame(0, 0, height, width, ((height - 1) / 2, (width - 1) / 2), min(height, width))
    return view.of(np.ascontiguousarray(change.of(pixels, frame)))


@cache
def _copy_augment() -> Augment:
    return bind_augment(discover(), parse_chain(COPY_AUGMENT))


def degrade_picture(hr: Pixels, chain: str, scale: int, seed: int) -> Pixels:
    """Return LR (H / scale, W / scale, 3) of HR (H, W, 3) of whole LR pixels, drawn once for the
    picture.

    A chain that says that the LR of a crop is the crop of the LR is applied in bands, each with the
    same draws, and no band can be seen. Raises DataError when the degradation fails on the picture.
    """
    plan, degrade = _built(chain, scale)
    band = max(_BAND // scale, 1) * scale if _in_bands(plan) else hr.shape[0]
    try:
        with torch.no_grad(), _one_thread():
            bands = [
                _band(hr, top, band, plan, degrade, seed) for top in range(0, hr.shape[0], band)
            ]
    except NotFiniteError as error:
        fact = f"'{chain}' makes NaN or infinity of it"
        raise DataError(fact, hint="--degrade bicubic") from error
    except (MemoryError, SrkitError):
        raise
    except Exception as error:  # a plugin may raise anything
        raise DataError(
            f"'{chain}' fails on it: {str(error).partition(chr(10))[0]}", hint="--degrade bicubic"
        ) from error
    return np.concatenate(bands) if len(bands) > 1 else bands[0]


def _band(
    hr: Pixels, top: int, band: int, plan: DegradationPlan, degrade: TracedDegradation, seed: int
) -> Pixels:
    """Degrade some rows with their margin, which is cut off again."""
    bottom = min(top + band, hr.shape[0])
    first, last = max(top - plan.margin, 0), min(bottom + plan.margin, hr.shape[0])
    unit = to_unit(torch.from_numpy(hr[first:last])[None])
    lr: Pixels = to_bytes(degrade(unit, rng=torch.Generator().manual_seed(seed)))[0].numpy()
    return np.ascontiguousarray(lr[(top - first) // plan.scale : (bottom - first) // plan.scale])


def _in_bands(plan: DegradationPlan) -> bool:
    return all(
        step.bound.spec(DegradationSpec).exact_in_crops(step.bound.arguments) for step in plan.steps
    )


@lru_cache(maxsize=4)
def _built(chain: str, scale: int) -> tuple[DegradationPlan, TracedDegradation]:
    registry = discover().for_defaults(chain, DEFAULT_CHAIN)
    plan = bind_chain(registry, parse_chain(chain), scale)
    return plan, build_degradation(plan)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Leave the other cores to the other processes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
