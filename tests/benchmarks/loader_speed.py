"""How many CPU seconds is a training batch, beside BasicSR's?

One thread each; batches of 16 crops of 256 pixels at scale 4, from what each side prepared of the
same photographs, LR to the last bit that of the whole picture.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from PIL import Image

from tests.benchmarks.bench import FP32, PEER, ROOT, Bench, Case, Limit
from tests.benchmarks.paired import Turn, Way
from tests.benchmarks.peers import BASICSR

LARGEST = (1600, 1200)
BATCH_BYTES = 16 * (256 * 256 + 64 * 64) * 3


def cases() -> Sequence[Case]:
    """Return the works."""
    return [
        Case(
            work=f"16 crops of 256 from packed data, LR {how}",
            open=partial(opened, how == "stored"),
            peer=BASICSR,
            per="a batch",
            pairs=5,
            warm=2,
            limit=copied,
            note="CPU seconds; both from what they prepared; the peer reads PNG pieces with LR",
        )
        for how in ("made", "stored")
    ]


def opened(stored: bool, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Prepare with each side once, and start both."""
    source = bench.folder / "loaded"
    if not source.exists():
        _shrink(bench.photographs()[:5], source)
    words = ["--stored"] if stored else []
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "loader", _theirs(bench, source), threads=1)
    ways[FP32] = bench.ours(stack, "loader", _ours(bench, source), *words, threads=1)
    return ways


def _shrink(photographs: Sequence[Path], folder: Path) -> None:
    folder.mkdir()
    for path in photographs:
        with Image.open(path) as photograph:
            photograph.thumbnail(LARGEST)
            photograph.save(folder / f"{path.stem}.jpg", quality=92)


def _ours(bench: Bench, source: Path) -> Path:
    out = bench.folder / "loaded-by-srkit"
    if not out.exists():
        words = ["prepare", source, out, "--degrade", "bicubic", "--workers", "2"]
        _run([sys.executable, "-m", "srkit_core", *words])
    return out


def _theirs(bench: Bench, source: Path) -> Path:
    out = bench.folder / "loaded-by-peer"
    if not out.exists():
        words = ["tests.benchmarks.theirs.prepare", source, "--keep", out]
        _run([bench.peer_python, "-m", *words])
    return out


def _run(words: Sequence[object]) -> None:
    subprocess.run([str(word) for word in words], cwd=ROOT, check=True, capture_output=True)


def copied(rates: Mapping[str, float], turns: Mapping[str, Sequence[Turn]]) -> Limit:
    """Return how long the pixels of a batch take to be copied once."""
    del turns
    what = f"{BATCH_BYTES / 1e6:.1f} MB: the pixels of a batch, copied once"
    return Limit(what, {FP32: BATCH_BYTES / rates["bytes copied"]})
