"""Why is srkit not as fast as is wanted, where it is not?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.row import Row


@dataclass(frozen=True)
class Cause:
    """A sentence, for one way or all, on processors with a unit, or without one, or on all."""

    text: str
    way: str | None = None
    unit: str | None = None
    without: str | None = None

    def holds(self, way: str, units: Sequence[str]) -> bool:
        """Return whether it is the cause of a way on a processor with these units."""
        of_way = self.way in (None, way)
        of_units = self.unit is None or self.unit in units
        return of_way and of_units and (self.without is None or self.without not in units)


CAUSES: Mapping[str, Sequence[Cause]] = {}
"""By `FAMILY: WORK`, such as `step: RRDB-4, L1`. The first that holds is told."""


def cause(
    row: Row,
    way: str,
    machine: Mapping[str, Any],
    known: Mapping[str, Sequence[Cause]] = CAUSES,
) -> str:
    """Return why a row misses its goal; that it is not known where nobody has said."""
    found = known.get(f"{row.family}: {row.work}", ())
    texts = (one.text for one in found if one.holds(way, machine["units"]))
    return next(texts, "Its cause is not known.")
