"""How long is a training step that the processes of torchrun share?

`python -m torch.distributed.run --standalone --nproc-per-node N -m
tests.benchmarks.ours.shared_step STEPS FOLDER` trains RRDB-4 so many steps and prints a line of
JSON: the median of the steps after the second.
"""

import json
import os
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

from srkit_core import Callback, Recipe, RunOptions, Stage, StepEvent, Validation, train
from tests.benchmarks.turns import peak_memory_mb

WARM = 2


class Ends(Callback):
    """When each step ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step(self, event: StepEvent) -> None:
        """Look at the clock."""
        del event
        self.times.append(time.perf_counter())

    def median(self) -> float:
        """Return the median seconds of a step."""
        known = self.times[WARM:]
        return statistics.median(after - before for before, after in pairwise(known))


def main() -> None:
    """Train and tell."""
    steps, ends = int(sys.argv[1]) + WARM + 1, Ends()
    never = 10**9
    stage = Stage(
        loss="l1", steps=steps, batch=4, patch=64, validate_every=never, checkpoint_every=never
    )
    recipe = Recipe(generator="rrdb(blocks=4)", validation=Validation(pictures=0), stages=[stage])
    out = Path(sys.argv[2], "run")
    train(recipe, RunOptions(out=out, device="cpu", workers=0), callbacks=[ends])
    if os.environ["RANK"] == "0":
        point = {"what": f"{steps} steps", "seconds": ends.median()}
        print(json.dumps({**point, "memory_mb": peak_memory_mb()}), flush=True)


if __name__ == "__main__":
    main()
