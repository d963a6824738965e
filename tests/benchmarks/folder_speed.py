"""How long does `srkit upscale` take for each picture of a folder, and for each of its acts alone?

    python tests/benchmarks/folder_speed.py [--pictures 8] [--size 1280x720] [--device auto]

makes pictures and random weights, lets the command upscale the folder, and prints a line of JSON:
`seconds_a_picture` from the end of the first file to the end of the last, `start` until the first
is there, and, of one picture in this process, the seconds of CPU that decoding and encoding take,
and the seconds of computing. The pace should be that of the slowest of the three: computing, or
what is decoded and encoded shared out over all cores. The goal on an H100 or H200 is 0.5 s for 720p
with RRDB-23. Without a GPU `--device cpu --generator "srvgg(features=8, blocks=1)"` tries it all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image

from srkit_core.expressions import parse_call
from srkit_core.io.images import Pixels, read_photo, write_image
from srkit_core.models.build import build_network
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover
from srkit_core.upscaling.backends.choice import open_backend
from srkit_core.upscaling.bands import upscale_bands
from srkit_core.upscaling.tile_choice import TileChoice

REGISTRY: Final = discover()
SCALE: Final = 4


def write_weights(path: Path, generator: str) -> Path:
    """Write random weights of a generator."""
    bound = bind_generator(REGISTRY, parse_call(generator), SCALE)
    save_weights(path, build_network(bound).state_dict(), card_of(bound, SCALE, REGISTRY))
    return path


def write_pictures(folder: Path, count: int, width: int, height: int) -> None:
    """Write pictures that compress about as photographs do: soft shapes and a fine grain."""
    folder.mkdir()
    for number in range(count):
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
        shapes = np.asarray(
            Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        )
        grain = rng.normal(0, 3, shapes.shape)
        write_image(folder / f"{number:03}.png", (shapes + grain).clip(0, 255).astype(np.uint8))


def timed(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the least of three times, after one that does not count."""
    work()
    seconds = []
    for _ in range(3):
        began = clock()
        work()
        seconds.append(clock() - began)
    return round(min(seconds), 3)


def acts(weights: Path, picture: Path, folder: Path, device: str) -> dict[str, float]:
    """Return what each act takes alone, of one picture."""
    backend = open_backend(weights, backend="torch", device=device, registry=REGISTRY)
    photo, choice = read_photo(picture), TileChoice()

    def compute() -> Pixels:
        return np.concatenate([one.pixels for one in upscale_bands(backend, photo.pixels, choice)])

    larger = compute()
    return {
        "decode_cpu_s": timed(lambda: read_photo(picture), time.process_time),
        "compute_s": timed(compute),
        "encode_cpu_s": timed(lambda: write_image(folder / "x.png", larger), time.process_time),
    }


def command_seconds(weights: Path, pictures: Path, out: Path, device: str) -> dict[str, float]:
    """Return how long the public command takes for a folder, by when its files were there."""
    words = ["upscale", str(weights), str(pictures), "--out", str(out), "--device", device]
    began = time.time()
    subprocess.run(
        [sys.executable, "-m", "srkit_core", *words, "--backend", "torch"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    ended = sorted(one.stat().st_mtime for one in out.glob("*.png"))
    pace = (ended[-1] - ended[0]) / max(len(ended) - 1, 1)
    return {"start": round(ended[0] - began, 2), "seconds_a_picture": round(pace, 3)}


def main() -> None:
    """Time what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--size", default="1280x720", metavar="WxH")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--generator", default="rrdb")
    parser.add_argument("--runs", type=int, default=2)
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = write_weights(folder / "weights.safetensors", given.generator)
        write_pictures(folder / "lr", given.pictures, width, height)
        told = {"size": given.size, "generator": given.generator, "cores": os.cpu_count()}
        told |= {"device": given.device, "cuda": torch.cuda.is_available()}
        told |= acts(weights, folder / "lr/000.png", folder, given.device)
        for run in range(given.runs):
            seconds = command_seconds(weights, folder / "lr", folder / f"sr{run}", given.device)
            print(json.dumps(told | seconds), flush=True)


if __name__ == "__main__":
    main()
