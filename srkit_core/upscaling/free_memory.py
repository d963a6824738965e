"""How much memory can this process still have?"""

import sys
from pathlib import Path


def free_host_bytes() -> int | None:
    """Return how many bytes can still be had without swapping, None where nobody says it."""
    known = [one for one in (_available(), _within_limit()) if one is not None]
    return min(known) if known else None


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
