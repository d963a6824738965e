"""What helps when a picture does not fit into memory while it is upscaled or scored?"""

from pathlib import Path
from typing import Final

from srkit_core.io.formats import encoders
from srkit_core.upscaling.backends.interface import Backend, NetworkTraits
from srkit_core.upscaling.tile_choice import TileChoice
from srkit_core.upscaling.tiling import Tiling

SCORED_BYTES: Final = 100
"""So many bytes a pixel takes until it is scored: SR and HR as float, as float64 and as luma, and
what metrics make of them (99 were measured with psnr and ssim).
"""
_HELD_BYTES: Final = 6
"""So many bytes a pixel of SR takes in a format that is written at once: three channels, and as
much for the file and what encodes it.
"""

_TILES: Final = (512, 256, 128, 64, 32)


def upscaling_hint(backend: Backend, lr: tuple[int, int], target: Path, choice: TileChoice) -> str:
    """Say what to try for LR of (height, width) that is upscaled into `target`, where the tiles of
    `choice` did not fit. Told before the work, while memory is as free as it will be.
    """
    elsewhere = "" if backend.device == "cpu" else "--device cpu, or "
    held = lr[0] * lr[1] * backend.scale**2 * _HELD_BYTES
    free = backend.free_bytes() if backend.device == "cpu" else None
    by_rows = encoders()[target.suffix.lower()].by_rows
    if not by_rows and free is not None and held > free:
        return (
            f"--out with the ending .png, which is written row by row: {target.suffix} takes "
            f"about {_gigabytes(held)} at once, and {_gigabytes(free)} are free"
        )
    smaller = _smaller(backend, lr, choice.cut(backend, lr).tile)
    if choice.is_asked and smaller:
        return f"--tile {smaller}, or none, which finds one that fits"
    return f"{elsewhere}a smaller network, or a machine with more memory"


def scoring_hint(
    model: NetworkTraits, lr: tuple[int, int], tiling: Tiling, free: int | None, *, on_host: bool
) -> str:
    """Say what to try for LR of (height, width) that is scored: a tile smaller than the one in use,
    where that can help, else what else there is; `free` is how many bytes there are.

    SR is held whole whatever the tile: a smaller tile saves only what the network needs of one.
    """
    needed = lr[0] * lr[1] * model.scale**2 * SCORED_BYTES
    elsewhere = "" if on_host else "--device cpu, or "
    if free is not None and needed > free:
        return (
            f"no tile helps: SR alone takes about {_gigabytes(needed)}, and {_gigabytes(free)} are "
            f"free; {elsewhere}cut the picture into parts, or a machine with more memory"
        )
    smaller = _smaller(model, lr, tiling.tile)
    if smaller is None:
        return f"{elsewhere}a smaller network, or a machine with more memory"
    return f"--tile {smaller}; SR alone takes about {_gigabytes(needed)} whatever the tile"


def _smaller(model: NetworkTraits, lr: tuple[int, int], tile: int | None) -> int | None:
    used = min(tile or max(lr), max(lr))
    return next((one for one in _TILES if one < used and one >= model.min_size), None)


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
