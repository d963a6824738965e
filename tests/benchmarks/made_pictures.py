"""Which pictures do works take that need no photographs?

The same numbers everywhere: smooth shapes with noise, which cost a decoder about what a photograph
does.
"""

from pathlib import Path

import numpy as np
from PIL import Image


def made_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return (H, W, 3), uint8."""
    draw = np.random.default_rng(seed)
    coarse = draw.integers(0, 256, (max(2, height // 16), max(2, width // 16), 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    noise = draw.normal(0, 4, (height, width, 1)).astype(np.float32)
    return np.clip(np.asarray(smooth, np.float32) + noise, 0, 255).astype(np.uint8)


def write_pictures(folder: Path, sizes: list[tuple[int, int]], ending: str = "png") -> Path:
    """Write a picture of each (height, width) into a folder that is made; return the folder."""
    folder.mkdir(parents=True)
    for number, (height, width) in enumerate(sizes):
        picture = Image.fromarray(made_picture(height, width, number))
        picture.save(folder / f"picture-{number:05d}.{ending}", compress_level=1)
    return folder
