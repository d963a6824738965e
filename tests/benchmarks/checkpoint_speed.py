"""How long is a checkpoint, beside BasicSR's, and how much longer is a run with it?"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from tests.benchmarks.bench import FP32, PEER, Bench, Case
from tests.benchmarks.paired import Way
from tests.benchmarks.peers import BASICSR

STEPS = 8
WORDS = ["--batch", "1", "--patch", "32", "--steps", STEPS]
SAFE = "srkit's is whole on disk before it counts (fsync, then renamed); BasicSR's is not synced"


def cases() -> Sequence[Case]:
    """Return the works: steps with a checkpoint among them, and without."""
    return [
        Case(
            work=f"RRDB-4, {STEPS} steps on a crop of 32 {told} a checkpoint",
            open=partial(opened, words),
            peer=BASICSR,
            per=f"{STEPS} steps",
            pairs=5,
            note=SAFE if words else "",
        )
        for told, words in (("without", []), ("and", ["--checkpoint"]))
    ]


def opened(words: Sequence[str], bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start peer and srkit."""
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "step", "rrdb", 4, *WORDS, *words)
    ways[FP32] = bench.ours(
        stack, "step", "rrdb(blocks=4, upsampler=nearest)", "l1", *WORDS, *words
    )
    return ways
