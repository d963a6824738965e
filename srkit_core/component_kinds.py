"""Which kinds of components are there?"""

from typing import Final, Literal, get_args

Kind = Literal["generator", "discriminator", "loss", "metric", "degradation"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""All of them."""
