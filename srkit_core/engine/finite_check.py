"""Is everything finite that a training step computed?

A CPU is asked before each update, so that no weight moves. A GPU would stand still meanwhile: its
answer is fetched while it computes the next step, and nothing is logged, validated or saved before
the answer is there. Either way what was saved is from before.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Protocol

import torch
from torch import Tensor

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.step_turn import StepContext, StepTurn
from srkit_core.errors import DivergedError, NotFiniteError
from srkit_core.io.images import all_finite
from srkit_core.recipe import Stage


@dataclass(frozen=True)
class Answer:
    """What a turn says of itself, with what its error has to name."""

    names: tuple[str, ...]
    values: Tensor
    context: StepContext
    examples: Examples

    def check(self) -> None:
        """Raise DivergedError where a value is not finite, or NotFiniteError where already the
        examples were not: then the degradation is to blame and not the rate.
        """
        if self.values.isfinite().all():
            return
        everyones = self.context.processes.collect(self.context.pictures)
        examples = self.examples
        if all(all_finite(one) for one in (examples.lr, examples.hr, examples.target)):
            raise self._diverged(everyones)
        pictures = ", ".join(dict.fromkeys(self.context.pictures)) or "the pictures"
        raise NotFiniteError(
            f"the degradation made NaN or infinity of {pictures} at step {self.context.step}",
            hint="leave out one step of the chain after the other",
        )

    def _diverged(self, names: Sequence[str]) -> DivergedError:
        context, named = self.context, zip(self.names, self.values.tolist(), strict=True)
        name, value = next((name, value) for name, value in named if not isfinite(value))
        pictures = ", ".join(dict.fromkeys(names))
        where = f"step {context.step}{f' on {pictures}' if pictures else ''}"
        return DivergedError(
            f"{name} became {value} at {where}; nothing that came of it was saved",
            step=context.step,
            term=name,
            hint=smaller_rate_hint(context.stage),
        )


class FiniteCheck(Protocol):
    """Looks at every turn of every step; what one process finds, all of them know."""

    def look(self, turn: StepTurn, context: StepContext, examples: Examples) -> None:
        """Look at a turn that is about to update."""

    def settle(self, before: int | None = None) -> None:
        """Raise what was found in steps before that of a number, or in all."""


class CheckAtOnce:
    """Raises before the update; reads from the device once a turn."""

    def look(self, turn: StepTurn, context: StepContext, examples: Examples) -> None:
        """Raise where the turn is not finite."""
        Answer(turn.guards, _stacked(turn, context), context, examples).check()

    def settle(self, before: int | None = None) -> None:
        """Everything was said."""


@dataclass
class CheckLater:
    """Fetches what a turn says while the device goes on; `fetch` begins that, and returns what
    waits for its end.
    """

    fetch: Callable[[Tensor], Callable[[], Tensor]]
    _asked: deque[tuple[Callable[[], Tensor], StepTurn, StepContext, Examples]] = field(
        default_factory=deque
    )

    def look(self, turn: StepTurn, context: StepContext, examples: Examples) -> None:
        """Ask, and wait for no answer."""
        self._asked.append((self.fetch(_stacked(turn, context)), turn, context, examples))

    def settle(self, before: int | None = None) -> None:
        """Raise what was found, in the order of the turns."""
        while self._asked and (before is None or self._asked[0][2].step < before):
            answer, turn, context, examples = self._asked.popleft()
            Answer(turn.guards, answer(), context, examples).check()


def finite_check(processes: Processes) -> FiniteCheck:
    """Return how the steps of a stage are looked at on the device of its processes."""
    return CheckLater(begin_to_copy) if processes.backend.runs_ahead else CheckAtOnce()


def begin_to_copy(values: Tensor) -> Callable[[], Tensor]:
    """Begin to copy from a GPU to the host; what is returned waits for that copy alone."""
    copy = values.to("cpu", non_blocking=True)
    done = torch.Event(values.device)
    done.record()

    def wait() -> Tensor:
        done.synchronize()
        return copy

    return wait


def smaller_rate_hint(stage: Stage) -> str:
    """Return what to try when training diverged."""
    return f"a new run with a smaller rate: --lr {stage.lr / 10:g} --out NEW"


def _stacked(turn: StepTurn, context: StepContext) -> Tensor:
    """Return what has to be finite, as the mean over processes."""
    stacked = torch.stack([turn.values[name].detach().float() for name in turn.guards])
    return context.processes.mean(stacked)
