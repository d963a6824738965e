"""Which fields of options are flags of the command line too?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """Stands in the annotation of a field that is a flag under its own name: its help, and the
    smallest number it takes.
    """

    help: str
    least: int | None = None
