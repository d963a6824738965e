"""How many samples a CPU second does the training loader deliver from packed data, with LR made and
with LR stored?

Run as a script with a folder of photographs; packs them into a temporary folder and prints JSON
lines. With the Python of BasicSR's environment, the folder of the peer's scripts, and what its
preparation wrote, it runs in turn with BasicSR's loader and also prints ratios. One thread; batches
of 16 crops of 256 pixels at scale 4, flips and quarter turns, LR to the last bit that of the whole
picture.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from srkit_core.augmentation import bind_augment
from srkit_core.chain import bind_chain
from srkit_core.data.dataset import CropDataset
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.patches import CropRule
from srkit_core.data.picture_set import open_picture_set
from srkit_core.engine.machine.malloc import keep_freed_memory
from srkit_core.expressions import parse_chain
from srkit_core.io.images import read_image, to_bytes, to_unit
from srkit_core.models.build import build_degradation
from srkit_core.registry import discover

REGISTRY = discover()

BATCH, PATCH, SCALE = 16, 256, 4
WARM, BATCHES = 60, 100


def pack(photographs, folder, degrade):
    (folder / "shards").mkdir()
    pictures = []
    for path in photographs:
        pixels = read_image(path)
        height, width = (side // SCALE * SCALE for side in pixels.shape[:2])
        hr = np.ascontiguousarray(pixels[:height, :width])
        lr = (
            to_bytes(degrade(to_unit(torch.from_numpy(hr)[None]), rng=torch.Generator()))[0]
            .contiguous()
            .numpy()
        )
        shard = f"shards/{path.stem}.safetensors"
        save_file({"hr": hr, "lr": lr}, folder / shard)
        entry = {
            "name": path.stem,
            "size": [height, width],
            "patches": height // PATCH * (width // PATCH),
            "split": "train",
        }
        pictures.append(entry | {"group": path.stem, "shard": shard})
    (folder / "manifest.json").write_text(
        json.dumps({"version": 1, "format": "packed", "scale": SCALE, "pictures": pictures})
    )


def draw(folder, chain, *, stored):
    """Yield after each batch; the first ones bring what is mapped into memory."""
    pictures = open_picture_set(str(folder), paired=stored, scale=SCALE).pictures
    rule = CropRule(
        PATCH,
        SCALE,
        0 if stored else chain.margin,
        0,
        bind_augment(REGISTRY, parse_chain("flip | turn")),
    )
    lr_maker, rng = LrMaker(None if stored else build_degradation(chain)), torch.Generator()
    for batch in training_batches(
        CropDataset(pictures, rule), batch_indices(0, 10**9, BATCH), workers=0, pin=False
    ):
        make_examples(batch, rule, lr_maker, rng)
        yield


def samples_per_cpu_second(drawn):
    start = time.process_time()
    for _ in range(BATCHES):
        next(drawn)
    return BATCH * BATCHES / (time.process_time() - start)


def peer(python, scripts, prepared):
    words = [python, "basicsr_loader.py", prepared / "hr", prepared / "lr"]
    told = subprocess.run(words, cwd=scripts, capture_output=True, text=True, check=True).stdout
    return json.loads(told.splitlines()[-1])["samples_per_cpu_s"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--peer", nargs=3, metavar=("PYTHON", "SCRIPTS", "PREPARED"), type=Path)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as a run does
    found = [
        path
        for path in sorted(given.photographs.iterdir())
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
    ]
    chain = bind_chain(discover(limit=()), parse_chain("bicubic"), SCALE)
    with tempfile.TemporaryDirectory() as folder:
        pack(found, Path(folder), build_degradation(chain))
        ways = {
            "lr made": draw(folder, chain, stored=False),
            "lr stored": draw(folder, chain, stored=True),
        }
        for drawn in ways.values():
            for _ in range(WARM):
                next(drawn)
        ratios = {way: [] for way in ways}
        for _ in range(given.turns):
            figures = {way: samples_per_cpu_second(drawn) for way, drawn in ways.items()}
            if given.peer:
                theirs = peer(*(path.absolute() for path in given.peer))
                for way, figure in figures.items():
                    ratios[way].append(figure / theirs)
                figures["peer"] = theirs
            print(json.dumps({way: round(figure) for way, figure in figures.items()}), flush=True)
        if given.peer:
            print(
                json.dumps(
                    {
                        f"ratio, {way}": round(statistics.median(values), 2)
                        for way, values in ratios.items()
                    }
                )
            )
