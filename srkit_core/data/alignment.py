"""Which pixels of HR and of LR show the same?"""

from pathlib import Path

from srkit_core.errors import DataError
from srkit_core.io.images import Pixels


def on_grid(hr: Pixels, scale: int, path: Path) -> Pixels:
    """Cut (H, W, 3) at the bottom and right to whole LR pixels.

    Raises DataError when nothing is left.
    """
    rows, columns = (side // scale for side in hr.shape[:2])
    if not rows or not columns:
        raise _too_small(_sides(hr), scale, path)
    return hr[: rows * scale, : columns * scale]


def aligned(hr: Pixels, lr: Pixels, scale: int, path: Path) -> tuple[Pixels, Pixels]:
    """Cut both at the bottom and right, HR to `scale` times LR.

    Raises DataError when LR is not of this scale.
    """
    rows, columns = aligned_sides(_sides(hr), _sides(lr), scale, path)
    return hr[: rows * scale, : columns * scale], lr[:rows, :columns]


def aligned_sides(
    hr: tuple[int, int], lr: tuple[int, int], scale: int, path: Path
) -> tuple[int, int]:
    """Return (height, width) of the LR that HR and LR of these sides have in common.

    Raises DataError when LR is not of this scale.
    """
    if not all(_fits(large, small, scale) for large, small in zip(hr, lr, strict=True)):
        raise DataError(
            f"{path} has {hr[1]}x{hr[0]} pixels and its LR {lr[1]}x{lr[0]}: that is not scale "
            f"{scale}",
            hint="--scale N, or LR of this scale",
            path=path,
        )
    rows, columns = (min(large // scale, small) for large, small in zip(hr, lr, strict=True))
    if not rows or not columns:
        raise _too_small(hr, scale, path)
    return rows, columns


def _sides(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]


def _too_small(hr: tuple[int, int], scale: int, path: Path) -> DataError:
    return DataError(
        f"{path} has {hr[1]}x{hr[0]} pixels, too few for scale {scale}",
        hint="leave the file out",
        path=path,
    )


def _fits(large: int, small: int, scale: int) -> bool:
    """Accept LR rounded up or down, and LR of an HR that was cut before, unless another scale is
    nearer.
    """
    return large // scale <= small <= -(-large // scale) or round(large / small) == scale
