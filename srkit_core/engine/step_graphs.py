"""How does a GPU take the turns of a step without waiting for Python?

A step of an SR network is some thousand small kernels, and launching them one by one takes longer
than they run. Where shapes and losses stay the same, each turn is captured as two CUDA graphs, its
gradients and its update, and replayed: the same kernels on the same numbers. Between the two the
trainer looks whether everything is finite, as in any other step.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer
from srkit_core.engine.step_turn import StepContext, StepTurn, StepTurns
from srkit_core.engine.train_step import turns_of
from srkit_core.errors import SrkitError

WARM: Final = 3
"""So many equal steps are taken as they are before one is captured: they choose algorithms, and
make what optimizers remember.
"""
_KINDS: Final = 8
"""So many kinds of steps are told apart; where weights of losses move, each step is its own."""


@dataclass(frozen=True)
class CapturedTurn:
    """A turn whose values lie where `gradients` puts them at each replay."""

    turn: StepTurn
    gradients: "torch.cuda.CUDAGraph"
    update: "torch.cuda.CUDAGraph"

    def replayed(self) -> StepTurn:
        """Compute the gradients, and return the turn with values of its own."""
        self.gradients.replay()
        stacked = torch.stack([one.detach().float() for one in self.turn.values.values()])
        values = dict(zip(self.turn.values, stacked.unbind(), strict=True))
        return replace(self.turn, values=values, update=self.update.replay)


@dataclass(frozen=True)
class CapturedStep:
    """The turns of a step, and the examples that they read."""

    examples: Examples
    turns: tuple[CapturedTurn, ...]

    def replay(self, examples: Examples) -> Iterator[StepTurn]:
        """Compute the turns on other examples of the same shapes."""
        for name, held in _by_name(self.examples).items():
            held.copy_(getattr(examples, name))
        for one in self.turns:
            yield one.replayed()


@dataclass
class StepGraphs:
    """Computes the turns of a stage's steps as `turns_of` does, captured where that is possible.

    Where it is not, `on_note` is told why, once, and all steps stay as they are.
    """

    on_note: Callable[[str], None]
    capture: Callable[[NetworkPair, StepContext, Examples], CapturedStep]
    _seen: Counter[Hashable] = field(default_factory=Counter)
    _captured: dict[Hashable, CapturedStep] = field(default_factory=dict)
    _refused: bool = False

    def __call__(
        self, pair: NetworkPair, context: StepContext, examples: Examples
    ) -> Iterator[StepTurn]:
        """Yield the turns of one step."""
        kind = _kind(context, examples)
        if self._is_due(kind):
            self._try(kind, pair, context, examples)
        captured = self._captured.get(kind)
        if captured is None:
            return turns_of(pair, context, examples)
        return captured.replay(examples)

    def _is_due(self, kind: Hashable) -> bool:
        if self._refused or kind in self._captured:
            return False
        if len(self._seen) > _KINDS:
            self._seen.clear()
        self._seen[kind] += 1
        return self._seen[kind] > WARM

    def _try(
        self, kind: Hashable, pair: NetworkPair, context: StepContext, examples: Examples
    ) -> None:
        """Capture one kind of step; nothing is computed by that."""
        try:
            self._captured[kind] = self.capture(pair, context, examples)
        except (RuntimeError, SrkitError) as error:
            self._refused = True
            for network in pair.by_name().values():
                network.optimizer.zero_grad(set_to_none=True)
            self.on_note(f"steps are not captured as CUDA graphs: {_reason(error)}")


def turns_on(processes: Processes, on_note: Callable[[str], None]) -> StepTurns:
    """Return how the turns of a stage's steps are computed: in graphs on one GPU, else one kernel
    after the other.
    """
    alone = processes.world == 1 and processes.backend.captures
    if not alone or processes.precision == "fp16":  # its scaler decides on the host
        return turns_of
    return StepGraphs(on_note, capture_step)


def capture_step(pair: NetworkPair, context: StepContext, examples: Examples) -> CapturedStep:
    """Capture the turns of a step.

    Raises RuntimeError, or PluginError that it caused, where something in it cannot be captured.
    """
    for name, network in pair.by_name().items():
        if counts_on_the_host(network):
            kind = type(network.optimizer).__name__
            raise RuntimeError(f"{kind}, the optimizer of the {name}, counts its steps on the host")
    held = _held(examples)
    pool = torch.cuda.graph_pool_handle()
    return CapturedStep(held, tuple(_captured(turns_of(pair, context, held), pool)))


def counts_on_the_host(network: NetworkWithOptimizer) -> bool:
    """Return whether an optimizer's steps are counted, and its rate read, by Python."""
    return not all(group.get("capturable") for group in network.optimizer.param_groups)


def _captured(turns: Iterator[StepTurn], pool: Any) -> Iterator[CapturedTurn]:
    """Capture turn after turn; all share memory, since they are replayed in this order."""
    while True:
        gradients, update = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        with _capturing(gradients, pool):
            turn = next(turns, None)
        if turn is None:
            return
        with _capturing(update, pool):
            turn.update()
        yield CapturedTurn(turn, gradients, update)


@contextmanager
def _capturing(graph: "torch.cuda.CUDAGraph", pool: Any) -> Iterator[None]:
    """Capture what is launched here; threads that load pictures may go on meanwhile."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*CUDA Graph is empty")
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            yield


def _kind(context: StepContext, examples: Examples) -> Hashable:
    """Return what has to be equal for the same kernels to be launched."""
    objective = context.objective
    weights = tuple(one.weight for one in objective.reference)
    weights += tuple(one.weight for one in objective.adversarial)
    shapes = tuple((name, one.shape, one.dtype) for name, one in _by_name(examples).items())
    return context.trains_generator, weights, shapes


def _by_name(examples: Examples) -> dict[str, Tensor]:
    """Return the pictures of a batch; a target that is HR itself is there once."""
    named = {"lr": examples.lr, "hr": examples.hr}
    return named if examples.target is examples.hr else named | {"target": examples.target}


def _held(examples: Examples) -> Examples:
    copies = {name: one.clone() for name, one in _by_name(examples).items()}
    return Examples(copies["lr"], copies["hr"], copies.get("target", copies["hr"]))


def _reason(error: BaseException) -> str:
    """Return what stopped a capture, with the line of code outside torch that did it; what torch
    says at the end of a capture only follows from that.
    """
    first = error
    while first.__context__ is not None:
        first = first.__context__
    fact = str(first).splitlines()[0] if str(first) else type(first).__name__
    torch_folder = str(Path(torch.__file__).parent)
    frames = [one for one in extract_tb(first.__traceback__) if torch_folder not in one.filename]
    if not frames or frames[-1].filename == __file__:
        return fact
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: {fact}"
