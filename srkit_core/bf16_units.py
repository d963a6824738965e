"""Is bf16 fast on this processor?

Importing this module does not import torch.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import torch

UNITS: Final = ("amx_bf16", "avx512_bf16", "bf16")
"""What Linux calls units for products in bf16: two of x86, and that of Arm."""
_REPEATS: Final = 3


def bf16_units(told: Path = Path("/proc/cpuinfo")) -> tuple[str, ...] | None:
    """Return which units for bf16 this processor has; None where the system does not tell."""
    try:
        lines = told.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    flags = [line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Feat"))]
    return tuple(one for one in UNITS if one in flags[0]) if flags else None


def bf16_slowdown() -> float:
    """Return how many times as long a convolution takes in bf16 as in fp32, measured in some
    hundredths of a second.
    """
    import torch

    return _seconds(torch.bfloat16) / _seconds(torch.float32)


def slow_bf16() -> str | None:
    """Return why bf16 is the slower precision on this processor; None where it is the faster.

    Known from its units, and measured where it has none or nobody tells.
    """
    found = bf16_units()
    if found:
        return None
    times = bf16_slowdown()
    if times < 1:
        return None
    fact = f"a convolution takes {times:.1f} times as long in bf16 as in fp32"
    return fact if found is None else f"this processor has no units for bf16, and {fact}"


def slow_bf16_note(precision: str, device: "torch.device") -> str | None:
    """Return one sentence for a person who asked for bf16 where it is the slower precision; None
    elsewhere, and without a measurement.
    """
    slow = slow_bf16() if precision == "bf16" and device.type == "cpu" else None
    said = f"--precision bf16 is the slower one here: {slow}; try: --precision fp32"
    return said if slow else None


def cpu_precision() -> str:
    """Return which precision is the fast one on this CPU, and how that is known."""
    slow = slow_bf16()
    if slow:
        return f"fp32 ({slow}, measured now)"
    units = bf16_units()
    return f"bf16 (units: {', '.join(units)})" if units else "bf16 (measured now)"


def _seconds(dtype: "torch.dtype") -> float:
    import torch

    pictures = torch.ones(1, 64, 48, 48, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.ones(64, 64, 3, 3, dtype=dtype).to(memory_format=torch.channels_last)
    times = []
    with torch.no_grad():
        for _ in range(1 + _REPEATS):
            began = time.perf_counter()
            torch.nn.functional.conv2d(pictures, weight, padding=1)
            times.append(time.perf_counter() - began)
    return min(times[1:])
