"""How far is a picture in tiles from the whole one, by how much tiles see of each other?

    python tests/benchmarks/seams_figure.py realesrgan-x4plus photo.jpg --picture docs/seams.png

upscales the middle of a photograph whole and in tiles of 64, with several overlaps and with the
default one, prints a row of docs/upscaling.md for each, and draws the differences, forty times
amplified, beside each other. `--random` takes the word for a generator with random weights. Two
minutes on two busy cores for RRDB with 23 blocks and one overlap.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from srkit_core.expressions import parse_call
from srkit_core.io.images import read_image, write_image
from srkit_core.models.build import build_network
from srkit_core.models.model import Model
from srkit_core.plan import bind_generator
from srkit_core.registry import discover
from srkit_core.upscaling.backends.choice import open_backend
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.backends.torch_backend import TorchBackend
from srkit_core.upscaling.bands import upscale_bands
from srkit_core.upscaling.tile_choice import TileChoice

AMPLIFIED = 40
SHOWN = 384
GAP = 8


def opened(word: str, *, random: bool) -> Backend:
    """Return known or own weights, or a generator x4 with random ones, ready in fp32."""
    registry = discover()
    if not random:
        return open_backend(word, precision="fp32", registry=registry)
    torch.manual_seed(0)
    bound = bind_generator(registry, parse_call(word), 4)
    return TorchBackend(Model(build_network(bound).eval(), bound, 4))


def middle(path: Path, height: int, width: int) -> Any:
    """Return the middle (height, width, 3) of a photograph."""
    pixels = read_image(path)
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def in_tiles(backend: Backend, lr: Any, tile: int | None, overlap: int | None) -> Any:
    """Return SR as whole levels, (sH, sW, 3)."""
    bands = upscale_bands(backend, lr, TileChoice(tile or max(lr.shape), overlap))
    return np.concatenate([one.pixels for one in bands]).astype(np.int16)


def drawn(differences: Sequence[Any]) -> Any:
    """Draw the middles of (H, W, 3) beside each other."""
    top, left = ((length - SHOWN) // 2 for length in differences[0].shape[:2])
    parts = list[Any]()
    for one in differences:
        part = np.clip(one[top : top + SHOWN, left : left + SHOWN] * AMPLIFIED, 0, 255)
        parts += [part, np.full((SHOWN, GAP, 3), 255)]
    return np.concatenate(parts[:-1], axis=1).astype(np.uint8)


def parser() -> argparse.ArgumentParser:
    """Return the words of the command."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("model")
    made.add_argument("photograph", type=Path)
    made.add_argument("--random", action="store_true")
    made.add_argument("--height", type=int, default=96, help="LR pixels (default: 96)")
    made.add_argument("--width", type=int, default=224, help="LR pixels (default: 224)")
    made.add_argument("--tile", type=int, default=64)
    made.add_argument("--overlaps", type=int, nargs="*", default=[32])
    made.add_argument("--picture", type=Path, help="where differences are drawn")
    return made


def main() -> None:
    """Print a row for each overlap."""
    asked = parser().parse_args()
    backend = opened(asked.model, random=asked.random)
    lr = middle(asked.photograph, asked.height, asked.width)
    in_tiles(backend, lr[:16, :16], None, 0)  # else the first would be ready for its sides alone
    started = time.perf_counter()
    whole, differences = in_tiles(backend, lr, None, 0), list[Any]()
    print("| overlap | largest | differ by more than one step | work | seconds |")
    print(f"| whole | 0 | 0 | 1 | {time.perf_counter() - started:.1f} |", flush=True)
    for overlap in (*asked.overlaps, None):
        choice, started = TileChoice(asked.tile, overlap), time.perf_counter()
        off = np.abs(in_tiles(backend, lr, asked.tile, overlap) - whole)
        took, cut = time.perf_counter() - started, choice.cut(backend, lr.shape[:2])
        differences.append(off)
        print(
            f"| {cut.rows.overlap}{'' if overlap is not None else ' (default)'} | {off.max()} | "
            f"{100 * (off > 1).mean():.3f} % | {cut.cost:.2f} | {took:.1f} |",
            flush=True,
        )
    if asked.picture:
        write_image(asked.picture, drawn(differences[-2:]))


if __name__ == "__main__":
    main()
