"""How often does each picture come in an epoch?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from srkit_core.data.sources import Picture


@dataclass(frozen=True)
class _Run:
    """Neighbours of one weight: `count` pictures from `first`, which fill `turns` places of an epoch."""

    first: int
    count: int
    turns: int


@dataclass(frozen=True)
class Mixture:
    """Pictures with weights: one of weight 3 comes three times an epoch, of those of weight 0.5 another half in each epoch."""

    runs: tuple[_Run, ...]

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> "Mixture":
        """Return the mixture that the weights of pictures ask for, at least one place for neighbours of one weight."""
        runs, first = list[_Run](), 0
        for weight, alike in groupby(pictures, key=lambda picture: picture.weight):
            count = len(list(alike))
            runs.append(_Run(first, count, max(round(weight * count), 1)))
            first += count
        return cls(tuple(runs))

    @cached_property
    def length(self) -> int:
        """How many crops an epoch has."""
        return sum(run.turns for run in self.runs)

    def picture(self, epoch: int, turn: int) -> int:
        """Return which picture has a place, 0 <= turn < length, of an epoch; of a source in halves the next half each time."""
        for run in self.runs:
            if turn < run.turns:
                return run.first + (epoch * run.turns + turn) % run.count
            turn -= run.turns
        raise IndexError(turn)
