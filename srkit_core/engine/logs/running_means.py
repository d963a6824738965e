"""What are the means of the steps since the last row?"""

from collections.abc import Mapping

import torch
from torch import Tensor

from srkit_core.devices import backend_of
from srkit_core.engine.checkpoints.checkpoint import State
from srkit_core.engine.machine.processes import Processes


class RunningMeans:
    """Adds up the values of steps where they are computed, so that a device is asked for them when
    a row is written and never before.

    A value that is not finite, such as a gradient that overflowed under fp16, is in no mean.
    """

    def __init__(self) -> None:
        self._names = tuple[str, ...]()
        self._sums = torch.zeros(2, 0, dtype=torch.float64)

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add the values of a step, scalars on one device. A step may lack some of them; those are
        means over the steps that have them.
        """
        stacked = torch.stack([value.detach().float() for value in values.values()])
        kind = torch.float64 if backend_of(stacked.device).float64 else torch.float32
        finite = stacked.isfinite()
        step = torch.stack([stacked.nan_to_num(0, 0, 0), finite]).to(kind)
        names = tuple(dict.fromkeys([*self._names, *values]))
        before = _placed(self._sums.to(step), self._names, names)
        self._sums = before + _placed(step, tuple(values), names)
        self._names = names

    def share(self, processes: Processes) -> None:
        """Let every process hold the mean over all of them, so that what the main process saves
        stands for all.
        """
        if self._names and processes.world > 1:
            self._sums = processes.mean(self._sums)

    def take(self, processes: Processes) -> dict[str, float]:
        """Return the means over steps and processes, and begin anew; what was never finite has
        none.
        """
        if not self._names:
            return {}
        sums, counts = processes.mean(self._sums).tolist()
        named = zip(self._names, sums, counts, strict=True)
        self._names, self._sums = (), self._sums[:, :0]
        return {name: total / count for name, total, count in named if count}

    def __bool__(self) -> bool:
        """Whether there is a step that no row has told of."""
        return bool(self._names)

    def state(self) -> State:
        """Return what a resumed run needs to write the same row."""
        return State({"sums": self._sums}, {"names": list(self._names)})

    def restore(self, state: State) -> None:
        """Go on from what a checkpoint holds."""
        self._names = tuple(state.values.get("names", ()))
        self._sums = state.tensors.get("sums", self._sums)


def _placed(sums: Tensor, names: tuple[str, ...], among: tuple[str, ...]) -> Tensor:
    """Return sums (2, N) by the places that their names have among others, 0 for the rest."""
    if names == among:
        return sums
    places = torch.tensor([among.index(name) for name in names], device=sums.device).long()
    return sums.new_zeros(2, len(among)).index_copy(1, places, sums)
