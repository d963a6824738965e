"""How is a number of bytes said to a person?"""

from typing import Final

_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"))


def said_size(count: float) -> str:
    """Say bytes as disks are sold: `333 MB`, `1.2 GB`."""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{_three_digits(count / unit)} {name}"
    return f"{_three_digits(count / 1000)} kB"


def _three_digits(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.2g}" if number < 10 else f"{number:.3g}"
