"""What is known of a work that peer and srkit did in turn?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.paired import Spread, ratio, spread

PEER, FP32, BF16 = "peer", "fp32", "bf16"
"""The ways of a row: what a user would pick instead, srkit, and srkit with `--precision bf16`."""


@dataclass(frozen=True)
class Row:
    """Seconds of each way, turn for turn; a row without any says in `skipped` why.

    `family` and `work` name it. `peer` is who the peer is, or why there is none. `per` says what
    the seconds are of. `limits` are the seconds that the work would take at the rate that was
    measured of this machine, by way, and `limit` says of what. `goals` are the least ratios that
    are wanted, by way. `note` is what else is to be known; `cause` says why a goal is missed.
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
    cause: str = ""
    skipped: str = ""

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


def write_figures(path: Path, machine: Mapping[str, Any], rows: Iterable[Row]) -> None:
    """Write rows, and keep those that are in the file and were not measured again.

    Raises SystemExit where the file is of another processor, whose figures do not compare.
    """
    kept: dict[tuple[str, str], Row] = {}
    if path.is_file():
        before, known = read_figures(path)
        if before["processor"] != machine["processor"]:
            told = f"{path} holds figures of {before['processor']}, this is {machine['processor']}"
            raise SystemExit(f"{told}; name another file")
        kept = {(row.family, row.work): row for row in known}
    kept |= {(row.family, row.work): row for row in rows}
    document = {"machine": machine, "rows": [asdict(row) for row in kept.values()]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Return what `write_figures` wrote: the machine and the rows."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["machine"], [Row.from_dict(told) for told in document["rows"]]
