"""What helps when a picture does not fit into memory while it is upscaled?

SR is held whole whatever the tile: a smaller tile saves only what the network needs of one.
"""

import sys
from pathlib import Path
from typing import Final

import torch

from srkit_core.models.model import Model
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
    model: Model,
    lr: tuple[int, int],
    tiling: Tiling,
    *,
    bytes_a_pixel: int = WRITTEN_BYTES,
) -> str:
    """Say what to try for LR of (height, width): a tile smaller than the one in use, where that can
    help, else what else there is. Told before the work, while memory is as free as it will be.
    """
    needed = lr[0] * lr[1] * model.scale**2 * bytes_a_pixel
    free = free_bytes(model.device)
    elsewhere = "" if model.device.type == "cpu" else "--device cpu, or "
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


def free_bytes(device: torch.device) -> int | None:
    """Return how much memory can still be had on a device, None where nobody says it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    known = [one for one in (_available(), _within_limit()) if one is not None]
    return min(known) if device.type == "cpu" and known else None


def _available() -> int | None:
    """Return what Linux says is available without swapping (proc(5), MemAvailable)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, ValueError, StopIteration):
        return None


def _within_limit() -> int | None:
    """Return how much address space this process may still take (ulimit -v)."""
    if sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return None
    return None if limit == resource.RLIM_INFINITY else limit - pages * resource.getpagesize()


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
