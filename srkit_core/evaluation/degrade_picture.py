"""What does a degradation do to a picture, and what did it draw?"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from srkit_core.chain import DegradationPlan, bind_chain
from srkit_core.errors import DataError, IncompatibleError, NotFiniteError
from srkit_core.expressions import Chain, parse_chain
from srkit_core.home import at_home
from srkit_core.interfaces import TracedDegradation
from srkit_core.io.images import Pixels, all_finite, read_image_noted, to_bytes, to_unit
from srkit_core.models.build import build_degradation
from srkit_core.registry import Registry, discover
from srkit_core.upscaling.naming_picture import naming_picture


@dataclass(frozen=True)
class DegradedPicture:
    """LR of one draw, uint8 (H, W, 3), and what was drawn, such as `{"blur.sigma": 1.7}`."""

    lr: Pixels
    draws: dict[str, float | str]


@dataclass(frozen=True)
class DegradationResult:
    """HR as it was degraded, uint8 (H, W, 3) of whole LR pixels, the scale of LR, and every LR.

    `notes` are what a person ought to know of how the picture was read.
    """

    hr: Pixels
    scale: int
    results: tuple[DegradedPicture, ...]
    notes: tuple[str, ...] = ()


def degrade(
    picture: str | Path,
    chain: str,
    *,
    scale: int | None = None,
    count: int = 1,
    side: int | None = None,
    seed: int = 0,
    registry: Registry | None = None,
) -> DegradationResult:
    """Degrade a picture file `count` times, each time with draws of its own.

    `chain` reads from left to right, such as `blur(sigma=0.2..3) | bicubic`. `scale` is HR size
    over LR size, by default what the chain makes of itself, else 4. `side` cuts the picture to its
    central square of so many HR pixels. Raises ExpressionError, IncompatibleError or RegistryError
    for a chain that cannot be built, DataError for a picture that cannot be read or is too small.
    """
    picture = at_home(Path(picture))
    plan = _bound(registry or discover(), parse_chain(chain), scale)
    pixels, notes = read_image_noted(Path(picture))
    hr = _cut(pixels, Path(picture), plan.scale, side)
    with naming_picture(picture):
        results = degrade_pixels(build_degradation(plan), hr, count, seed)
    return DegradationResult(hr, plan.scale, tuple(results), notes)


def degrade_pixels(
    degradation: TracedDegradation, hr: Pixels, count: int, seed: int
) -> list[DegradedPicture]:
    """Degrade uint8 (H, W, 3) of whole LR pixels `count` times, each time with draws of its own."""
    pictures = to_unit(torch.from_numpy(hr)[None]).expand(count, -1, -1, -1).contiguous()
    with torch.no_grad():
        lr, draws = degradation.traced(pictures, rng=torch.Generator().manual_seed(seed))
    for one, drawn in zip(lr, draws, strict=True):
        if not all_finite(one):
            said = ", ".join(f"{name} {value}" for name, value in drawn.items()) or "nothing"
            fact = f"the degradation made NaN or infinity; it had drawn {said}"
            raise NotFiniteError(fact, hint="--degrade bicubic")
    return [DegradedPicture(_pixels(one), drawn) for one, drawn in zip(lr, draws, strict=True)]


def _bound(registry: Registry, chain: Chain, scale: int | None) -> DegradationPlan:
    """Bind a chain for the scale that was asked for, else the one it makes of itself, else 4."""
    for guess in (4, 1, 2, 3) if scale is None else ():
        with suppress(IncompatibleError):
            return bind_chain(registry, chain, guess)
    return bind_chain(registry, chain, scale or 4)


def _cut(pixels: Pixels, path: Path, scale: int, side: int | None) -> Pixels:
    """Cut a picture to whole LR pixels, or to its central square."""
    height, width = (length // scale * scale for length in pixels.shape[:2])
    if not height or not width:
        fact = f"{path} is smaller than one LR pixel"
        raise DataError(fact, hint="give a larger picture", path=path)
    if side is None:
        return pixels[:height, :width].copy()
    kept = min(side // scale * scale or scale, height, width)
    top, left = ((length - kept) // 2 // scale * scale for length in pixels.shape[:2])
    return pixels[top : top + kept, left : left + kept].copy()


def _pixels(picture: Tensor) -> Pixels:
    pixels: Pixels = to_bytes(picture[None])[0].cpu().numpy()
    return pixels
