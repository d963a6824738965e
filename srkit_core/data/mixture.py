"""How often does each picture come in an epoch?"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby

from srkit_core.data.picture import Picture


@dataclass(frozen=True)
class _Run:
    """Neighbours of one weight, from picture `first`, which fill `turns` places of an epoch.

    `ends` sums up their crops.
    """

    first: int
    ends: Sequence[int]
    turns: int

    def picture(self, turn: int) -> int:
        """Return which picture comes after so many turns."""
        turn %= self.ends[-1]
        return self.first + (
            turn if len(self.ends) == self.ends[-1] else bisect_right(self.ends, turn)
        )


@dataclass(frozen=True)
class Mixture:
    """Pictures with weights: one of weight 3 comes with all its crops three times an epoch, of
    those of weight 0.5 another half each.
    """

    runs: tuple[_Run, ...]

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> "Mixture":
        """Return the mixture that crops and weights of pictures ask for, at least one place for
        neighbours of one weight.
        """
        runs, first = list[_Run](), 0
        for weight, alike in groupby(pictures, key=lambda picture: picture.weight):
            ends = list(accumulate(picture.crops for picture in alike))
            runs.append(_Run(first, ends, max(round(weight * ends[-1]), 1)))
            first += len(ends)
        return cls(tuple(runs))

    @cached_property
    def length(self) -> int:
        """How many crops an epoch has."""
        return sum(run.turns for run in self.runs)

    def picture(self, epoch: int, turn: int) -> int:
        """Return which picture has a place, 0 <= turn < length, of an epoch.

        Of a source in halves the next half each time.
        """
        for run in self.runs:
            if turn < run.turns:
                return run.picture(epoch * run.turns + turn)
            turn -= run.turns
        raise IndexError(turn)
