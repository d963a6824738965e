"""Where are the pixels of a picture, and how much of them is meant?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from srkit_core.data.alignment import aligned, on_grid
from srkit_core.data.shards import ENDING, shard_pixels, unreadable
from srkit_core.io.images import Pixels, image_size, read_image

Split: TypeAlias = Literal["", "train", "val", "test"]
"""What a picture was prepared for; "" where nobody said."""


@dataclass(frozen=True)
class Picture:
    """An HR picture: `name` tells it from the others, sides in pixels.

    Pictures of one `group` are never split.

    `path` is its file or its shard, and `lr` that of its LR where LR comes from disk. `limit` cuts
    it to its central square of that side. It comes `crops` times an epoch, `weight` times as often
    as it would alone. `origin` is the sha256 of the file that a prepared one was made of.
    """

    name: str
    path: Path
    group: str
    height: int
    width: int
    lr: Path | None = None
    limit: int | None = None
    weight: float = 1.0
    crops: int = 1
    split: Split = ""
    origin: str = ""

    def sides(self, scale: int) -> tuple[int, int]:
        """Return (height, width) of what `read` returns, from the headers of the files."""
        small = [side // scale for side in (self.height, self.width)]
        if self.lr is not None and self.lr.suffix != ENDING:
            small = [min(sides) for sides in zip(small, image_size(self.lr), strict=True)]
        if self.limit is not None:
            small = [min(side, self.limit // scale) for side in small]
        return small[0] * scale, small[1] * scale

    def read(
        self, scale: int, read: Callable[[Path], Pixels] = read_image
    ) -> tuple[Pixels, Pixels | None]:
        """Return (HR, LR or None), uint8 (H, W, 3), cut to whole LR pixels of `scale` and to
        `limit`; nobody may write to them.

        Files are read whole by `read`, of shards only what is looked at. Raises DataError when one
        cannot be read or LR is not of this scale.
        """
        hr = self._stored_hr() if self.path.suffix == ENDING else read(self.path)
        if self.lr is None:
            hr, lr = on_grid(hr, scale, self.path), None
        else:
            hr, lr = aligned(
                hr,
                shard_pixels(self.lr, "lr") if self.lr.suffix == ENDING else read(self.lr),
                scale,
                self.path,
            )
        if self.limit is None:
            return hr, lr
        small = self.limit // scale
        top, left = (max(side // scale - small, 0) // 2 for side in hr.shape[:2])
        hr = hr[top * scale : (top + small) * scale, left * scale : (left + small) * scale]
        return hr, None if lr is None else lr[top : top + small, left : left + small]

    def _stored_hr(self) -> Pixels:
        hr = shard_pixels(self.path, "hr")
        if hr.shape[:2] != (self.height, self.width):
            raise unreadable(
                self.path,
                f"it has {hr.shape[1]}x{hr.shape[0]} pixels, its manifest says "
                f"{self.width}x{self.height}",
            )
        return hr


def centre_crop(picture: Picture, side: int, scale: int) -> Picture:
    """Return a picture of which only the central square of `side` HR pixels is meant, a multiple of
    `scale`; 0, or more than it has, leaves it as it is.
    """
    if not side or min(picture.sides(scale)) < side:
        return picture
    return replace(picture, limit=side)
