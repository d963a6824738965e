"""What is known of a work that peer and srkit did in turn?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import stays
from tests.benchmarks.paired import Spread, ratio, spread

PEER, FP32, BF16 = "peer", "fp32", "bf16"
"""The ways of a row: what a user would pick instead, srkit, and srkit with `--precision bf16`."""


@dataclass(frozen=True)
class Row:
    """Seconds of each way, turn for turn; a row without any says in `skipped` why.

    `family` and `work` name it. `peer` is who the peer is, or why there is none. `per` says what
    the seconds are of. `limits` are the seconds that the work would take at the rate that was
    measured of this machine, by way, and `limit` says of what. `goals` are the least ratios that
    are wanted, by way. `note` is what else is to be known. `left_out` says of a way why it was not
    measured here, though it is elsewhere. `load` is the machine's load average before and after.
    """

    family: str
    work: str
    peer: str = ""
    per: str = "time"
    seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    memory_mb: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    limit: str = ""
    goals: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    skipped: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    load: Sequence[float] = ()
    day: str = ""

    def time(self, way: str) -> Spread | None:
        """Return the seconds of a way; None where it was not measured."""
        return spread(self.seconds[way]) if self.seconds.get(way) else None

    def ratio(self, way: str) -> Spread | None:
        """Return how many times as long the peer took as a way, pair by pair."""
        if not self.seconds.get(PEER) or not self.seconds.get(way):
            return None
        return ratio(self.seconds[PEER], self.seconds[way])

    def missed(self) -> list[str]:
        """Return the ways whose median ratio is below what is wanted."""
        found = {way: self.ratio(way) for way in self.goals}
        return [way for way, one in found.items() if one and one.median < self.goals[way]]

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Row":
        """Read what `asdict` made."""
        return cls(**told)


def kept_rows(path: Path, machine: Mapping[str, Any], *, whole: bool) -> list[Row]:
    """Return the rows of a file that stay until they are measured again.

    Raises SystemExit as `stays` does.
    """
    if not path.is_file():
        return []
    before, known = read_figures(path)
    return known if stays(path, before, machine, whole=whole) else []


def write_figures(
    path: Path, machine: Mapping[str, Any], rows: Iterable[Row], kept: Iterable[Row] = ()
) -> None:
    """Write rows, and what is kept of others that were not measured again."""
    found = {(row.family, row.work): row for row in (*kept, *rows)}
    document = {"machine": machine, "rows": [asdict(row) for row in found.values()]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Return what `write_figures` wrote: the machine and the rows."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["machine"], [Row.from_dict(told) for told in document["rows"]]
