"""What does a person want of their pictures, and how is that said to srkit?"""

import re
from dataclasses import dataclass
from typing import Final

from srkit_core.errors import RecipeError

SCALES: Final = ("2x", "4x", "custom")
PAGE_FORMATS: Final = {"PNG": "png", "JPEG": "jpg", "WebP": "webp", "TIFF": "tif", "JPEG XL": "jxl"}
"""As people call them, and as `srkit upscale --format` does."""
WITH_QUALITY: Final = ("jpg", "webp", "jxl")
_FACTOR: Final = re.compile(r"(\d{1,2})x?")


@dataclass(frozen=True)
class Wish:
    """What `srkit upscale` would be told: `scale`, or a `size` as WxH, Wx or xH."""

    model: str
    scale: int | None = None
    size: str = ""
    picture_format: str = "png"
    quality: int | None = None

    @property
    def added(self) -> str:
        """Return what is added to the names of pictures."""
        return f"_{self.size}" if self.size else f"_x{self.scale}"


def wish_of(
    model: str, scale: str, custom: str, picture_format: str, quality: float | None = None
) -> Wish:
    """Return what the fields of the page mean: `custom` counts where the scale is "custom", as a
    factor (3) or a size (3840x).

    Raises RecipeError where nothing is written there, or no such thing.
    """
    rate = None if quality is None or picture_format not in WITH_QUALITY else int(quality)
    if scale != "custom":
        return Wish(model, int(scale[0]), "", picture_format, rate)
    text = custom.strip().lower().replace(" ", "")
    if factor := _FACTOR.fullmatch(text):
        if int(factor[1]):
            return Wish(model, int(factor[1]), "", picture_format, rate)
    elif re.fullmatch(r"\d+x\d*|x\d+", text):
        return Wish(model, None, text, picture_format, rate)
    said = f"'{custom.strip()}' is" if custom.strip() else "an empty field is"
    raise RecipeError(f"{said} no scale and no size", hint="3, or a size in pixels such as 3840x")
