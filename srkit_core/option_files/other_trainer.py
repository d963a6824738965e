"""What does srkit know of another trainer's option files?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srkit_core.option_files.ways import Row


@dataclass(frozen=True)
class TrainersDefault:
    """What a trainer takes for `key` of every table that `table` names (with *) without saying
    it, and srkit would not.
    """

    table: str
    key: str
    value: Any


@dataclass(frozen=True)
class OtherTrainer:
    """Another trainer: what becomes of its keys, by the first row that has a key."""

    name: str
    rows: Sequence[Row]
    defaults: Sequence[TrainersDefault] = ()
