"""What is a turn of a training step, and what does a step compute with?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.objective import Objective, Values
from srkit_core.engine.optimizer import NetworkPair
from srkit_core.recipe import Stage


@dataclass(frozen=True)
class StepTurn:
    """Gradients that are there, and what is left to do with them.

    `update` takes the optimizer steps, which is right when all `values` that `guards` names are
    finite: what a step says of it under the names of its columns, norms of gradients included.
    `shown` says whether these are the step's values; of several turns, the last ones that are.
    """

    values: Values
    guards: tuple[str, ...]
    update: Callable[[], None]
    shown: bool = True


@dataclass(frozen=True)
class StepContext:
    """What a step computes with: the fields and losses of its stage, and the processes of the run.

    Its number in the run and the names of its pictures are for errors. `trains_generator` is false
    where the generator stays as it is, and the discriminator learns alone.
    """

    stage: Stage
    objective: Objective
    processes: Processes
    step: int
    pictures: tuple[str, ...] = ()
    trains_generator: bool = True


class StepTurns(Protocol):
    """Computes the turns of a step, each when the one before has updated."""

    def __call__(
        self, pair: NetworkPair, context: StepContext, examples: Examples
    ) -> Iterator[StepTurn]:
        """Yield each turn when its gradients are there."""
