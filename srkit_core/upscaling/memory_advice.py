"""What helps when a picture does not fit into memory while it is upscaled?

SR is held whole whatever the tile: a smaller tile saves only what the network needs of one.
"""

from typing import Final

from srkit_core.upscaling.backends.interface import NetworkTraits
from srkit_core.upscaling.tiling import Tiling

WRITTEN_BYTES: Final = 27
"""So many bytes of memory a pixel of SR takes until it is a file: three channels as float, once
more clamped, and as bytes (27.4 were measured).
"""

SCORED_BYTES: Final = 100
"""So many bytes a pixel takes until it is scored: SR and HR as float, as float64 and as luma, and
what metrics make of them (99 were measured with psnr and ssim).
"""

_TILES: Final = (512, 256, 128, 64, 32)


def memory_hint(
    model: NetworkTraits,
    lr: tuple[int, int],
    tiling: Tiling,
    free: int | None,
    *,
    on_host: bool = True,
    bytes_a_pixel: int = WRITTEN_BYTES,
) -> str:
    """Say what to try for LR of (height, width): a tile smaller than the one in use, where that can
    help, else what else there is. `free` is how many bytes there are, told before the work.
    """
    needed = lr[0] * lr[1] * model.scale**2 * bytes_a_pixel
    elsewhere = "" if on_host else "--device cpu, or "
    if free is not None and needed > free:
        return (
            f"no tile helps: SR alone takes about {_gigabytes(needed)}, and {_gigabytes(free)} are "
            f"free; {elsewhere}cut the picture into parts, or a machine with more memory"
        )
    used = min(tiling.tile or max(lr), max(lr))
    smaller = next((one for one in _TILES if one < used and one >= model.min_size), None)
    if smaller is None:
        return f"{elsewhere}a smaller network, or a machine with more memory"
    return f"--tile {smaller}; SR alone takes about {_gigabytes(needed)} whatever the tile"


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
