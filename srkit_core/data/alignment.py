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
        raise DataError(
            f"{path} has {hr.shape[1]}x{hr.shape[0]} pixels, too few for scale {scale}",
            hint="leave the file out",
            path=path,
        )
    return hr[: rows * scale, : columns * scale]


def aligned(hr: Pixels, lr: Pixels, scale: int, path: Path) -> tuple[Pixels, Pixels]:
    """Cut both at the bottom and right, HR to `scale` times LR.

    Raises DataError when LR is not of this scale.
    """
    if not all(
        _fits(large, small, scale) for large, small in zip(hr.shape[:2], lr.shape[:2], strict=True)
    ):
        raise DataError(
            f"{path} has {hr.shape[1]}x{hr.shape[0]} pixels and its LR "
            f"{lr.shape[1]}x{lr.shape[0]}: that is not scale {scale}",
            hint="--scale N, or LR of this scale",
            path=path,
        )
    cut = on_grid(hr[: lr.shape[0] * scale, : lr.shape[1] * scale], scale, path)
    return cut, lr[: cut.shape[0] // scale, : cut.shape[1] // scale]


def _fits(large: int, small: int, scale: int) -> bool:
    """Accept LR rounded up or down, and LR of an HR that was cut before, unless another scale is
    nearer.
    """
    return large // scale <= small <= -(-large // scale) or round(large / small) == scale
