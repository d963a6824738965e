"""What is in a table of scores, whatever it is written as?"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """What people read, what programs read (none: the same), and whether it is the best of its
    column.
    """

    text: str
    value: float | str | None = None
    best: bool = False


@dataclass(frozen=True)
class TableRow:
    """A row: its name, as it reads below its heading and `full_name` as it reads without, and a
    cell for each column.
    """

    name: str
    full_name: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Block:
    """Rows below a heading; none has the heading ""."""

    heading: str
    rows: Sequence[TableRow]


@dataclass(frozen=True)
class TableColumn:
    """The head of a column, and what several columns stand under ("" for nothing)."""

    head: str
    over: str = ""


@dataclass(frozen=True)
class Table:
    """A table: what it says in a sentence, the heads of the names, of their headings and of the
    columns, and the rows in blocks.
    """

    caption: str
    first: str
    columns: Sequence[TableColumn]
    blocks: Sequence[Block]
    heading: str = ""

    @property
    def has_headings(self) -> bool:
        """Whether any block has a heading."""
        return any(block.heading for block in self.blocks)
