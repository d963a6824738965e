"""What does a text hold that should be TOML?"""

import tomllib
from typing import Any

from srkit_core.errors import RecipeError


def parse_toml(text: str, origin: object, hint: str) -> dict[str, Any]:
    """Return the tables of a text; `origin` names it in errors.

    Raises RecipeError, with the hint, for what is no TOML, and for numbers and nestings beyond what
    Python reads.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{origin} is not TOML: {error}", hint=hint) from None
