"""What does a command say at its end of files that it could not write?"""

from collections.abc import Sequence
from pathlib import Path

from srkit_core.errors import DataError


def check_written(unwritten: Sequence[Path]) -> None:
    """Raise DataError where any of the files that a command was to write could not be; each has
    been named when that was found, and the others are there.
    """
    if unwritten:
        count = "1 file" if len(unwritten) == 1 else f"{len(unwritten)} files"
        raise DataError(
            f"{count} could not be written, the first is {unwritten[0]}",
            hint="see above for the reason, and write to another place",
            path=unwritten[0],
        )
