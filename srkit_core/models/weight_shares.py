"""Of which weights does a word want how much (`W1:0.8+W2:0.2`)?"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srkit_core.errors import RecipeError, WeightsError

_TERM: Final = re.compile(r"(.+?):([0-9]*\.?[0-9]+(?:[eE]-?[0-9]+)?)(?:\+|$)")
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class WeightedPart:
    """A word for weights, and its share of the sum."""

    word: str
    share: float


def parse_interpolation(word: str) -> tuple[WeightedPart, ...]:
    """Return the parts of `W1:0.8+W2:0.2`, none where a word is no such sum or a path that exists.

    Raises RecipeError where the shares do not add up to 1.
    """
    found = list(_TERM.finditer(word))
    if len(found) < 2 or "".join(one[0] for one in found) != word or Path(word).exists():
        return ()
    parts = tuple(WeightedPart(one[1], float(one[2])) for one in found)
    total = sum(one.share for one in parts)
    if abs(total - 1) > _ROUNDING:
        raise RecipeError(
            f"the shares of {word} add up to {total:g}, not to 1",
            hint=shlex.quote(_made_one(parts, total)) if total else "such as A:0.8+B:0.2",
        )
    return parts


def no_weights(word: str) -> WeightsError:
    """Return the error of a part whose word means no weights."""
    return WeightsError(f"'{word}' names no weights", hint="srkit models")


def _made_one(parts: Sequence[WeightedPart], total: float) -> str:
    """Return the sum with shares that add up to 1."""
    shares = [round(one.share / total, 4) for one in parts[:-1]]
    words = [f"{one.word}:{share:g}" for one, share in zip(parts, shares, strict=False)]
    return "+".join([*words, f"{parts[-1].word}:{1 - sum(shares):.4g}"])
