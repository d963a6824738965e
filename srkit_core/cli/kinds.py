"""Which kinds can a person ask for?"""

import difflib
from typing import Final

from srkit_core.component_kinds import KINDS
from srkit_core.errors import RecipeError
from srkit_core.interfaces import INTERFACES

EXTENSION_KINDS: Final = tuple(kind for kind in INTERFACES if kind not in KINDS)
"""Kinds of what is no component, in the words that people type."""


def checked_kind(kind: str | None) -> str | None:
    """Return a kind that is one, or None; raises RecipeError for another word."""
    if kind is None or kind in (*KINDS, *EXTENSION_KINDS):
        return kind
    nearest = difflib.get_close_matches(kind, [*KINDS, *EXTENSION_KINDS], n=1, cutoff=0.4)
    raise RecipeError(
        f"there is no kind '{kind}'; kinds are {', '.join((*KINDS, *EXTENSION_KINDS))}",
        hint=f"srkit list {nearest[0]}" if nearest else "srkit list",
    )
