"""Which process prepares pictures as BasicSR's scripts do, once a turn?

What extract_subimages.py and MATLAB's imresize do, one after the other: HR cut into pieces of 480
pixels every 240, LR of the whole picture by BasicSR's `imresize` cut into pieces of 120 every 60,
all as PNG of level 3. Its processes are there before the first turn.
"""

import argparse
import shutil
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.benchmarks.turns import Turns

warnings.filterwarnings("ignore")


def corners(length, piece, step):
    """Return where pieces begin: every step, and at the end where something is left."""
    found = list(range(0, length - piece + 1, step))
    if found and found[-1] + piece < length:
        found.append(length - piece)
    return found


def write_pieces(picture, folder, stem, piece, step):
    import cv2

    number = 0
    for top in corners(picture.shape[0], piece, step):
        for left in corners(picture.shape[1], piece, step):
            number += 1
            cut = picture[top : top + piece, left : left + piece]
            name = str(folder / f"{stem}_s{number:03d}.png")
            cv2.imwrite(name, cut, [cv2.IMWRITE_PNG_COMPRESSION, 3])


def prepare(path, out):
    import cv2
    import numpy as np
    from basicsr.utils.matlab_functions import imresize

    cv2.setNumThreads(1)
    hr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    hr = hr[: hr.shape[0] // 4 * 4, : hr.shape[1] // 4 * 4]
    lr = imresize(hr.astype(np.float32) / 255, 1 / 4)
    lr = (lr * 255).round().clip(0, 255).astype(np.uint8)
    write_pieces(hr, out / "hr", path.stem, 480, 240)
    write_pieces(lr, out / "lr", path.stem, 120, 60)


def ready(_):
    import basicsr.utils.matlab_functions  # noqa: F401


def main():
    turns = Turns()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="prepare once into this folder, without turns")
    given = parser.parse_args()
    paths = sorted(path for path in given.source.iterdir() if path.suffix in {".png", ".jpg"})
    with ProcessPoolExecutor(given.workers) as pool:
        list(pool.map(ready, range(given.workers * 4)))

        def work(out):
            for name in ("hr", "lr"):
                (out / name).mkdir(parents=True)
            list(pool.map(partial(prepare, out=out), paths))

        if given.keep:
            work(given.keep)
        while not given.keep and turns.begin():
            work(Path("out"))
            turns.end(memory_mb=None)
            shutil.rmtree("out")


if __name__ == "__main__":
    main()
