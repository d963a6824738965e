"""How is a number of bytes said to a person?"""

from typing import Final

_FLOAT: Final = 4
_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"))


def said_size(count: float) -> str:
    """Say bytes as disks are sold: `333 MB`, `1.2 GB`."""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{_three_digits(count / unit)} {name}"
    return f"{_three_digits(count / 1000)} kB"


def size_of(count: int | None, numbers: int | None) -> str:
    """Say the bytes of a file of weights; of an unknown size, about those of its fp32 numbers."""
    if count is not None:
        return said_size(count)
    return f"~{said_size(_FLOAT * numbers)}" if numbers else ""


def _three_digits(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.2g}" if number < 10 else f"{number:.3g}"
