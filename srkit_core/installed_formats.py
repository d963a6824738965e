"""Which formats of pictures do the installed plugins bring?"""

from functools import cache

from srkit_core.registry import Installed, discover
from srkit_core.specs import FormatSpec


@cache
def announced_formats() -> tuple[Installed[FormatSpec], ...]:
    """Return what plugins announced, found out once in each process: one that only reads files of
    srkit's own formats never asks.
    """
    return discover().installed(FormatSpec)
