"""Which options shape the pixels that are prepared?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from srkit_core.data.prepared import SHARDS
from srkit_core.errors import RecipeError

Format = Literal["packed", "files"]


@dataclass(frozen=True)
class Options:
    """What is written: sides in HR pixels, `patch` None for whole pictures, `resize` (width,
    height), `degrade` "" for no LR.

    `layout` are the folders of HR and LR, `names` the pattern of file names; both are for the
    format `files` alone. Each picture is written in `variants`, itself the first; `limit` is the
    most that are written of all together.
    """

    patch: int | None = 256
    stride: int = 256
    resize: tuple[int, int] | None = None
    scale: int = 4
    degrade: str = ""
    format: Format = "packed"
    layout: tuple[str, str] = ("hr", "lr")
    names: str = ""
    variants: int = 1
    limit: int | None = None

    def __post_init__(self) -> None:
        for flag, side in (("--patch", self.patch), ("--stride", self.stride)):
            if self.patch and side and side % self.scale:
                whole = max(side // self.scale, 1) * self.scale
                raise RecipeError(
                    f"{flag} {side} is no whole number of LR pixels at scale {self.scale}",
                    hint=f"{flag} {whole}",
                )

    def in_words(self) -> dict[str, str]:
        """Return every option that shapes pixels, as text."""
        words = {
            "format": self.format,
            "scale": str(self.scale),
            "patch": str(self.patch or "whole"),
            "degrade": self.degrade,
        }
        words |= {"stride": str(self.stride)} if self.patch else {}
        words |= {"resize": "{}x{}".format(*self.resize)} if self.resize else {}
        words |= (
            {"layout": ",".join(self.layout), "names": self.names} if self.format == "files" else {}
        )
        words |= {"variants": str(self.variants)} if self.variants > 1 else {}
        return words | ({"limit": str(self.limit)} if self.limit is not None else {})


def folders_in(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that pixels are written into, by options in words."""
    return tuple(words["layout"].split(",")) if words["format"] == "files" else (SHARDS,)
