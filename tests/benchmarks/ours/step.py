"""Which process trains with srkit, one step a turn?

`srkit_core.train`, as `srkit train` calls it, with a callback that waits between steps: crops of
the bundled photographs are cut, LR is made of them and weights are averaged in the step that is
timed. The run goes on until nobody asks for another step.
"""

import argparse
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.turns import Turns

turns = Turns()

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from srkit_core import Callback, Recipe, RunOptions, Stage, StepEvent, Validation, train  # noqa: E402

END = 143
"""The exit code that passes through callbacks, as after a signal."""


class OneStepATurn(Callback):
    """Counts the operations of the second step, and waits for a turn before each after it."""

    def __init__(self) -> None:
        self._counting, self._counter = ExitStack(), FlopCounterMode(display=False)

    def on_step(self, event: StepEvent) -> None:
        """End the turn that this step was, and wait for the next."""
        if event.run_step == 1:
            self._counting.enter_context(self._counter)
            return
        self._counting.close()
        if turns.on:
            turns.end(flop=self._counter.get_total_flops())
        if not turns.begin():
            raise SystemExit(END)


def main() -> None:
    """Train until nobody asks for another step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generator")
    parser.add_argument("loss")
    parser.add_argument("--disc")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--patch", type=int, default=128)
    given = parser.parse_args()
    never = 10**9
    stage = Stage(
        loss=given.loss,
        steps=never,
        batch=given.batch,
        patch=given.patch,
        ema=0.999,
        validate_every=never,
        checkpoint_every=never,
    )
    recipe = Recipe(
        generator=given.generator,
        discriminator=given.disc,
        validation=Validation(pictures=0),
        stages=[stage],
    )
    options = RunOptions(
        out=Path("run").absolute(), device="cpu", workers=0, precision=given.precision
    )
    train(recipe, options, callbacks=[OneStepATurn()])


if __name__ == "__main__":
    main()
