"""How large is a picture to become (`--scale N`, `--size WxH`)?"""

import re
from dataclasses import dataclass
from typing import Final

from srkit_core.errors import RecipeError

_SIZE: Final = re.compile(r"(\d*)x(\d*)")


@dataclass(frozen=True)
class WantedSize:
    """A scale, or sides in pixels, of which one follows the other where it is left out; nothing of
    all this is the model's own scale.
    """

    scale: int | None = None
    width: int | None = None
    height: int | None = None

    def of(self, before: tuple[int, int], own_scale: int) -> tuple[int, int]:
        """Return the (height, width) that a picture of (height, width) gets."""
        height, width = before
        if self.width is None and self.height is None:
            scale = self.scale or own_scale
            return height * scale, width * scale
        if self.width is None:
            return self._height, max(1, round(width * self._height / height))
        if self.height is None:
            return max(1, round(height * self.width / width)), self.width
        return self.height, self.width

    def factor(self, before: tuple[int, int]) -> float:
        """Return how many times longer the side of a picture of (height, width) becomes that grows
        most, where that is not left to the model.
        """
        after = self.of(before, 1)
        return max(long / short for long, short in zip(after, before, strict=True))

    def __str__(self) -> str:
        if self.width is None and self.height is None:
            return f"x{self.scale}" if self.scale else ""
        return f"{self.width or ''}x{self.height or ''}"

    def name(self, own_scale: int | None) -> str:
        """Return what is added to the names of pictures of this size; the model's own scale may not
        be known yet.
        """
        return f"_{self}" if str(self) else f"_x{own_scale or 'N'}"

    @property
    def _height(self) -> int:
        return self.height or 1


def parse_size(text: str, scale: int | None = None) -> WantedSize:
    """Read `3840x2160`, `3840x` or `x2160`, of "" the scale alone.

    Raises RecipeError for anything else, and where a scale is given too.
    """
    if not text:
        return WantedSize(scale)
    match = _SIZE.fullmatch(text)
    sides = [int(one) if one else None for one in match.groups()] if match else []
    if not any(sides) or 0 in sides:
        fact = f"--size takes WxH, Wx or xH in pixels, not '{text}'"
        raise RecipeError(fact, hint="--size 3840x")
    if scale is not None:
        raise RecipeError(f"--scale {scale} and --size {text} say two things", hint="leave one out")
    return WantedSize(None, *sides)
