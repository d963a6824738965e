"""How is a length of time said to a person?"""

from typing import Final

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR


def duration(seconds: float) -> str:
    """Say seconds as far as they matter: `0:42`, `3 h 20 min`, `2.4 days`, `78 days`."""
    whole = max(round(seconds), 0)
    if whole < _HOUR:
        return f"{whole // 60}:{whole % 60:02d} min"
    if whole < 2 * _DAY:
        minutes = round(whole / 60)
        return f"{minutes // 60} h {minutes % 60:02d} min"
    days = whole / _DAY
    return f"{days:.1f} days" if days < 10 else f"{days:,.0f} days"


def pace(seconds: float) -> str:
    """Say how long a step takes: `6.7 s`, `12 ms`."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
