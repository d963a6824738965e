"""How long does `srkit prepare` take as a whole command, beside BasicSR's inner loop?

The peer's clock starts when its processes are there and everything is imported, srkit's when the
command is typed. Both end with HR and bicubic LR on disk.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image

from tests.benchmarks.bench import FP32, PEER, Bench, Case, Limit, SkippedError
from tests.benchmarks.paired import Turn, Way, command
from tests.benchmarks.peers import BASICSR

QUARTER = (1024, 768)
"""Width and height of the largest of the 64 pictures, which are quarters of photographs."""


def cases() -> Sequence[Case]:
    """Return the works."""
    return [
        Case(
            work=f"{count} photographs, --format {form}",
            open=partial(opened, count, form),
            peer=f"{BASICSR}'s inner loop, its processes started before",
            per="a command",
            pairs=3,
            group=f"{count} photographs",
            limit=written,
            goals={FP32: 3.5} if count == 5 and form == "packed" else {},
            note="two processes; HR and bicubic LR; the peer writes overlapping pieces of 480",
        )
        for count in (5, 64)
        for form in ("packed", "files")
    ]


def opened(count: int, form: str, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start the peer; srkit is a command."""
    source = bench.folder / f"photographs-{count}"
    if not source.exists():
        _write_source(source, bench.photographs(), 5 if bench.quick else count)
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "prepare", source.absolute(), threads=1)
    ways[FP32] = into_nothing(source, bench.folder / "prepared", "--format", form)
    return ways


def into_nothing(source: Path, out: Path, *words: str) -> Way:
    """Return the way that prepares into a folder, and removes it when the clock stands."""
    typed = [sys.executable, "-m", "srkit_core", "prepare", source, out, "--degrade", "bicubic"]
    run = command([*typed, "--workers", "2", *words])

    def prepare() -> Turn:
        try:
            turn = run()
            left = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
            return replace(
                turn, size=float(left), memory_mb=None
            )  # several processes share the work
        finally:
            shutil.rmtree(out, ignore_errors=True)

    return prepare


def _write_source(folder: Path, photographs: Sequence[Path], count: int) -> None:
    """Make the folder: five photographs as they are, more as quarters of them."""
    parts = count if count <= 5 else -(-count // 4)
    if len(photographs) < parts:
        raise SkippedError(f"needs {parts} photographs, there are {len(photographs)}")
    folder.mkdir()
    for path in photographs[:parts]:
        if count <= 5:
            shutil.copy(path, folder)
        else:
            _write_quarters(folder, path)


def _write_quarters(folder: Path, path: Path) -> None:
    with Image.open(path) as photograph:
        width = min(photograph.width // 2, QUARTER[0])
        height = min(photograph.height // 2, QUARTER[1])
        for number in range(4):
            left, top = width * (number % 2), height * (number // 2)
            quarter = photograph.convert("RGB").crop((left, top, left + width, top + height))
            quarter.save(folder / f"{path.stem}-{number}.jpg", quality=92)


def written(rates: Mapping[str, float], turns: Mapping[str, Sequence[Turn]]) -> Limit:
    """Return how long the disk takes for as many bytes as srkit leaves there."""
    size = turns[FP32][0].size or 0.0
    seconds = {FP32: size / rates["bytes written"]}
    return Limit(f"{size / 1e6:,.0f} MB: as many bytes as srkit leaves, written to disk", seconds)
