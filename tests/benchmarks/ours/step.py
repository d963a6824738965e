"""Which process trains with srkit, so many steps a turn?

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

from srkit_core import (  # noqa: E402
    Callback,
    Recipe,
    RunOptions,
    Stage,
    StepEvent,
    Validation,
    ValidationSet,
    train,
)

END = 143
"""The exit code that passes through callbacks, as after a signal."""


class StepsInTurns(Callback):
    """Counts the operations of the second step, and waits for a turn after every so many steps."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._counting, self._counter = ExitStack(), FlopCounterMode(display=False)

    def on_step(self, event: StepEvent) -> None:
        """End the turn that this step was the last of, and wait for the next."""
        if event.run_step == 1:
            self._counting.enter_context(self._counter)
        elif event.run_step == 2:
            self._counting.close()
        if event.run_step < 2 or event.run_step % self._steps:
            return
        if turns.on:
            turns.end(flop=self._counter.get_total_flops() * self._steps)
        if not turns.begin():
            raise SystemExit(END)


def main() -> None:
    """Train until nobody asks for another step."""
    given = _parser().parse_args()
    never = 10**9
    stage = Stage(
        loss=given.loss,
        steps=never,
        batch=given.batch,
        patch=given.patch,
        ema=0.999,
        validate_every=given.steps if given.val else never,
        checkpoint_every=given.steps if given.checkpoint else never,
    )
    recipe = Recipe(
        generator=given.generator,
        discriminator=given.disc,
        validation=Validation(pictures=0, sets=_paired() if given.val else {}),
        stages=[stage],
    )
    options = RunOptions(
        out=Path("run").absolute(),
        val={"": given.val} if given.val else None,
        device="cpu",
        workers=0,
        precision=given.precision,
    )
    train(recipe, options, callbacks=[StepsInTurns(given.steps)])


def _paired() -> dict[str, ValidationSet]:
    """Return that validation reads LR from disk, as the peer does."""
    return {"val": ValidationSet(degradation="paired")}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generator")
    parser.add_argument("loss")
    parser.add_argument("--disc")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=1, help="of a turn")
    parser.add_argument("--val", type=Path, help="HR and LR that are scored after each turn")
    parser.add_argument("--checkpoint", action="store_true", help="write one in each turn")
    return parser


if __name__ == "__main__":
    main()
