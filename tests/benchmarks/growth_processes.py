"""What does it cost that several processes share work: a step, its gradients, pictures, tasks?"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.growth_curves import Point, asked, points_of, told
from tests.benchmarks.made_pictures import write_pictures
from tests.benchmarks.paired import Turn, in_turn
from tests.benchmarks.prepare_speed import into_nothing

STEPS = 5


def _launched(count: int, script: str, *words: object) -> list[tuple[float, float | None]]:
    """Return what a script tells that torchrun starts in so many processes of one thread."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launch += ["--nproc-per-node", str(count), "-m", f"tests.benchmarks.ours.{script}"]
    return told([*launch, *map(str, words)], OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")


def sharing_a_step(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of a step on a batch that so many processes share."""

    def step(count: int) -> Turn:
        ((seconds, memory),) = _launched(count, "shared_step", STEPS, _new_folder(bench))
        return Turn(seconds, memory)

    ways = {count: lambda count=count: step(count) for count in counts}
    yield from points_of(in_turn(ways, bench.pairs or 1, warm=0))


def _new_folder(bench: Bench) -> Path:
    folder = bench.folder / f"step-{len(list(bench.folder.glob('step-*')))}"
    folder.mkdir()
    return folder


def sharing_pictures(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of preparing 24 pictures of a megapixel in so many processes."""
    folder = bench.folder / "shared"
    if not folder.exists():
        write_pictures(folder, [(816, 1224)] * 24)
    ways = {
        count: into_nothing(folder, bench.folder / "prepared", "--workers", str(count))
        for count in counts
    }
    yield from points_of(in_turn(ways, bench.pairs or 1))


def averaging(parameters: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of averaging the gradients of so many parameters between two processes."""
    del bench
    found = _launched(2, "all_reduce", *parameters)
    yield from (Point(one, *cost) for one, cost in zip(parameters, found, strict=True))


def tasks(counts: Sequence[int], bench: Bench) -> Iterator[Point]:
    """Yield the cost of so many tasks that do nothing, over a Dask scheduler of this machine."""
    del bench
    found = asked("tasks", *counts)
    yield from (Point(count, *cost) for count, cost in zip(counts, found, strict=True))
