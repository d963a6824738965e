"""Why can a source picture not be used, and will it be the same tomorrow?"""

from dataclasses import dataclass
from pathlib import Path

from srkit_core.errors import DataError


@dataclass(frozen=True)
class Unusable:
    """The reason; a `lasting` one lies in the file, so that it need not be tried again until the
    file changes.
    """

    reason: str
    lasting: bool


def unusable(error: DataError, path: Path) -> Unusable:
    """Return what the door for pictures said about a file.

    What the system said, such as on permissions, may pass.
    """
    passing = isinstance(error.__cause__, OSError) and error.__cause__.errno is not None
    return Unusable(
        error.message.removeprefix(f"cannot read {error.path}: "),
        lasting=not passing and path.exists(),
    )
