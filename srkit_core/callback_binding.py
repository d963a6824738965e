"""Which callbacks of plugins does a run want?"""

from collections.abc import Sequence
from typing import Final

from srkit_core.binding import BoundExtension, bind_extension
from srkit_core.expressions import parse_call
from srkit_core.registry import Registry
from srkit_core.specs import CallbackSpec

NOBODY: Final = "none"
"""The word for no callback, in the place of those that a run was made with."""


def bind_callbacks(written: Sequence[str], registry: Registry) -> tuple[BoundExtension, ...]:
    """Find callbacks and bind their options.

    Raises ExpressionError, UnknownComponentError, AmbiguousError or OptionError.
    """
    return tuple(
        bind_extension(registry, CallbackSpec, parse_call(text))
        for text in written
        if text.strip() != NOBODY
    )
