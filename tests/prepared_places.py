"""How are prepared pictures written for a test, and what does a loader take of them?"""

import json

import numpy as np
from safetensors.numpy import save_file

from srkit_core.augmentation import bind_augment
from srkit_core.data.dataset import CropDataset
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.patches import CropRule
from srkit_core.expressions import parse_chain
from srkit_core.io.images import write_image
from srkit_core.registry import discover

SIZES = [(96, 80), (64, 128), (72, 72), (100, 64), (64, 64)]


SPLITS = ["train", "train", "val", "train", "test"]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def manifest(folder, pictures, kind="packed", **fields):
    document = {
        "version": 1,
        "format": kind,
        "scale": 4,
        "options": {},
        "pictures": pictures,
        "skipped": [],
        "filtered": {},
    } | fields
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(
        json.dumps(document, ensure_ascii=False), encoding="utf-8"
    )
    return folder


def entry(name, size, split, patches=1, **fields):
    about = {"source": f"{name}.jpg", "sha256": "", "crop": [0, 0, *size], "licence": None}
    return {
        "name": name,
        "size": list(size),
        "patches": patches,
        "split": split,
        "group": name,
        **about,
        **fields,
    }


def pack(folder, sizes=SIZES, splits=None, patches=None, lr=True):
    """Write pictures of noise as `srkit prepare` packs them, LR being every fourth pixel."""
    entries = []
    for number, size in enumerate(sizes):
        name, hr = f"bïld {number}", noise(*size, seed=number)
        shard = f"shards/{name}.safetensors"
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        small = {"lr": np.ascontiguousarray(hr[::4, ::4])} if lr else {}
        save_file(
            {"hr": hr, **small},
            folder / shard,
            metadata={"name": name, "sha256": "", "scale": "4", "degradation": "nearest"},
        )
        entries.append(
            entry(
                name,
                size,
                splits[number] if splits else "train",
                patches[number] if patches else 1,
                shard=shard,
            )
        )
    return manifest(folder, entries)


def plain(folder, sizes=SIZES):
    for number, size in enumerate(sizes):
        write_image(folder / "HR" / f"bïld {number}.png", noise(*size, seed=number))
        write_image(
            folder / "LR" / f"bïld {number}.png",
            np.ascontiguousarray(noise(*size, seed=number)[::4, ::4]),
        )
    return folder


def files(folder, layout, each=3):
    entries = []
    for number in range(4):
        names = [f"{number:02d}_{part}.png" for part in range(each)]
        for part, name in enumerate(names):
            hr = noise(64, 64, seed=10 * number + part)
            write_image(folder / layout[0] / name, hr)
            write_image(folder / layout[1] / name, np.ascontiguousarray(hr[::4, ::4]))
        listed = [f"{role}/{name}" for role in layout for name in names]
        entries.append(
            entry(
                f"{number:02d}",
                (64, 64),
                ["train", "train", "val", "test"][number],
                each,
                files=listed,
            )
        )
    return manifest(folder, entries, kind="files")


REGISTRY = discover()


def rule(**changes):
    fields = {
        "patch": 32,
        "scale": 4,
        "margin": 8,
        "seed": 0,
        "augment": bind_augment(REGISTRY, parse_chain("flip | turn")),
    }
    return CropRule(**(fields | changes))


def loaded(pictures, steps=6, workers=0, **changes):
    return list(
        training_batches(
            CropDataset(pictures, rule(**changes)),
            batch_indices(0, steps, 5),
            workers=workers,
            pin=False,
        )
    )


def contents(batch):
    names = [name.removeprefix("HR/") for name in batch.names]
    return (
        names,
        batch.corners,
        [stack.tolist() for stack in batch.windows],
        None if batch.lr is None else batch.lr.tolist(),
    )
