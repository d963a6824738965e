"""What does ever more work cost: pixels, files, plugins, processes, rows, pictures?"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from math import log
from pathlib import Path
from statistics import median
from typing import Any, Literal

from tests.benchmarks.bench import ROOT, Bench
from tests.benchmarks.hundred_runs import make_runs
from tests.benchmarks.made_pictures import made_picture, write_pictures
from tests.benchmarks.many_plugins import make_plugins
from tests.benchmarks.paired import Turn, command, in_turn
from tests.benchmarks.prepare_speed import into_nothing

Expected = Literal["linear", "flat", "fewer"]
"""Cost grows with the work; it does not; or it falls with what shares the work."""


@dataclass(frozen=True)
class Point:
    """So much work took so long, and so much memory in MB."""

    size: float
    seconds: float
    memory_mb: float | None = None


@dataclass(frozen=True)
class Growth:
    """A curve: `unit` is what grows; `why` is what its ends are made of; `load` is the machine's
    load average before and after.
    """

    name: str
    unit: str
    expected: Expected
    points: Sequence[Point] = field(default_factory=tuple)
    why: str = ""
    load: Sequence[float] = ()
    day: str = ""

    @property
    def exponent(self) -> float | None:
        """Return the exponent of the last two points: 1 is linear, 0 is flat."""
        if len(self.points) < 2:
            return None
        before, last = self.points[-2:]
        return log(last.seconds / before.seconds) / log(last.size / before.size)

    @property
    def verdict(self) -> str:
        """Say in a word how the cost grows at its end."""
        exponent = self.exponent
        if exponent is None:
            return "unknown"
        if exponent > 1.15:
            return "steeper than linear"
        if exponent >= 0.8:
            return "linear"
        if exponent > 0.2:
            return "flatter than linear"
        return "flat" if exponent > -0.2 else "falling"

    @property
    def each(self) -> float | None:
        """Return the seconds of one more, between the last two points."""
        if len(self.points) < 2:
            return None
        before, last = self.points[-2:]
        return (last.seconds - before.seconds) / (last.size - before.size)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Growth":
        """Read what `asdict` made."""
        points = tuple(Point(**one) for one in told["points"])
        return cls(**{**told, "points": points, "load": tuple(told.get("load", ()))})


def asked(*words: object) -> list[tuple[float, float | None]]:
    """Return seconds and memory of each work that `ours.growth` does in a process of its own."""
    return told([sys.executable, "-m", "tests.benchmarks.ours.growth", *map(str, words)])


def told(typed: Sequence[str], **env: str) -> list[tuple[float, float | None]]:
    """Return seconds and memory of each line of a command that says them. Raises RuntimeError with
    its last words where it fails.
    """
    done = subprocess.run(
        typed, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    points = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"what"')]
    return [(one["seconds"], one["memory_mb"]) for one in points]


def points_of(turns: Mapping[int, Sequence[Turn]]) -> Iterator[Point]:
    """Yield the point of each size: the median of its turns."""
    for size, found in turns.items():
        yield Point(size, median(one.seconds for one in found), found[-1].memory_mb)


def _sides(megapixels: float) -> tuple[int, int]:
    """Return height and width of a picture of 2 : 3, multiples of 4."""
    height = max(4, round((megapixels * 1e6 / 1.5) ** 0.5 / 4) * 4)
    return height, height * 3 // 2


def _pictures(bench: Bench, megapixels: Sequence[float]) -> list[Path]:
    """Return a PNG of each size; a large one repeats a smaller one, which costs a decoder alike."""
    import numpy as np
    from PIL import Image

    files = list[Path]()
    for one in megapixels:
        height, width = _sides(one)
        file = bench.folder / f"{one:g}-megapixels" / "picture.png"
        if not file.exists():
            file.parent.mkdir()
            block = made_picture(min(height, 1000), min(width, 1500))
            times = -(-height // block.shape[0]), -(-width // block.shape[1]), 1
            pixels = np.tile(block, times)[:height, :width]
            Image.fromarray(pixels).save(file, compress_level=1)
        files.append(file)
    return files


def upscaling(model: str, megapixels: Sequence[float], bench: Bench) -> Iterator[Point]:
    """Yield the cost of pixels of SR, a sixteenth of them LR."""
    files = _pictures(bench, [one / 16 for one in megapixels])
    found = asked("upscale", model, *files)
    yield from (Point(one, *cost) for one, cost in zip(megapixels, found, strict=True))


def preparing(megapixels: Sequence[float], bench: Bench) -> Iterator[Point]:
    """Yield the cost of pixels of a single picture, as a whole command."""
    for one, file in zip(megapixels, _pictures(bench, megapixels), strict=True):
        turn = into_nothing(file.parent, bench.folder / "prepared")()
        yield Point(one, turn.seconds, turn.memory_mb)


def _many_files(bench: Bench, count: int) -> Path:
    folder = bench.folder / f"files-{count}"
    if not folder.exists():
        write_pictures(folder, [(64, 96)])
        first = next(folder.iterdir())
        for number in range(1, count):
            (folder / f"picture-{number:05d}.png").write_bytes(first.read_bytes())
    return folder


def preparing_files(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of files in `srkit prepare`, of 64 x 96 pixels each."""
    for count in counts:
        words = ["--patch", "48"]
        turn = into_nothing(_many_files(bench, count), bench.folder / "prepared", *words)()
        yield Point(count, turn.seconds, turn.memory_mb)


def opening_files(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of files where training opens a folder."""
    found = asked("open", *[_many_files(bench, count) for count in counts])
    yield from (Point(count, *cost) for count, cost in zip(counts, found, strict=True))


def listing_plugins(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of installed plugins in `srkit list`, beside those of this environment."""
    ways = {}
    for count in counts:
        folder = bench.folder / f"plugins-{count}"
        folder.mkdir()
        make_plugins(folder, count)
        listing = [sys.executable, "-m", "srkit_core", "list"]
        ways[count] = command(listing, PYTHONPATH=str(folder))
    yield from points_of(in_turn(ways, bench.pairs or 1))


@cache
def _logged(runs: tuple[Path, ...]) -> list[tuple[float, float | None]]:
    """Return what three parts of each run's log cost, which is measured once."""
    return asked("rows", *runs)


def logged_rows(place: int, counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of a part of a run's log after so many rows: a row, its safety, the curves."""
    found = _logged(tuple(_run(bench, count) for count in counts))
    yield from (Point(count, *cost) for count, cost in zip(counts, found[place::3], strict=True))


def reported_rows(words: Sequence[str], counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of a command that reads runs of so many rows."""
    for count in counts:
        run, page = _run(bench, count), bench.folder / f"page-{count}.html"
        typed = [one.format(run=run, folder=run.parent, page=page) for one in words]
        turn = command([sys.executable, "-m", "srkit_core", *typed])()
        page.unlink(missing_ok=True)
        yield Point(count, turn.seconds, turn.memory_mb)


def listed_runs(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of runs of 2,000 rows in `srkit runs`."""
    for count in counts:
        folder = bench.folder / f"runs-{count}"
        make_runs(folder, count, 2000)
        turn = command([sys.executable, "-m", "srkit_core", "runs", folder])()
        yield Point(count, turn.seconds, turn.memory_mb)


def _run(bench: Bench, count: int) -> Path:
    folder = bench.folder / f"rows-{count}"
    if not folder.exists():
        make_runs(folder, 1, count)
    return folder / "made-0"


def validated_pictures(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of pictures of 128 x 192 in a validation, with the two steps around it."""
    for count in counts:
        folder = bench.folder / f"validated-{count}"
        write_pictures(folder / "HR", [(128, 192)] * count)
        write_pictures(folder / "LR", [(32, 48)] * count)
        words = ["srvgg(features=16, blocks=8)", "l1", "--batch", 1, "--patch", 32]
        with ExitStack() as opened:
            way = bench.ours(opened, "step", *words, "--val", folder, "--steps", 2)
            yield from points_of(in_turn({count: way}, bench.pairs or 1, warm=2))


@dataclass(frozen=True)
class Asked:
    """A curve that can be measured: what it is, its sizes, and how. `long` are sizes beyond those,
    which take minutes.
    """

    growth: Growth
    sizes: Sequence[float]
    points: Callable[[Sequence[Any], Bench], Iterator[Point]]
    long: Sequence[float] = ()

    def chosen(self, *, quick: bool, long: bool) -> Sequence[float]:
        """Return the sizes: the first two in a quick run."""
        return self.sizes[:2] if quick else (*self.sizes, *(self.long if long else ()))
