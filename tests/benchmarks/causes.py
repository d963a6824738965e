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


_AVX2_WEIGHTS = (
    "A profile: four fifths of srkit's time are oneDNN's convolutions. Outputs and gradients of "
    "inputs are computed at 110 to 170 GFLOP/s, the gradient of a weight, a third of all "
    "operations, at 34 to 78 in channels_last and 76 to 89 in torch's usual layout, in which the "
    "peer trains and which srkit takes for large pictures here"
)
_NO_PASSES = f"{_AVX2_WEIGHTS}; L1 has no passes of a discriminator that could be saved."
_FEW_PASSES = f"{_AVX2_WEIGHTS}; two passes of the discriminator instead of five are what is won."

CAUSES: Mapping[str, Sequence[Cause]] = {
    f"step: {network}, {loss}": [Cause(text, way="fp32", without="avx512f")]
    for network in ("RRDB-4", "RRDB-23")
    for loss, text in (
        ("L1", _NO_PASSES),
        ("ESRGAN's losses, a VGG discriminator", _FEW_PASSES),
        ("ESRGAN's losses, a U-Net discriminator", _FEW_PASSES),
    )
}
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
