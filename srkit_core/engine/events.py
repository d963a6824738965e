"""Who is told what a run is doing?"""

from collections.abc import Mapping
from typing import Protocol


class Listener(Protocol):
    """Something that shows a run to a person; the engine itself prints nothing."""

    def note(self, text: str) -> None:
        """Something worth knowing once."""
        ...

    def progress(self, stage: str, done: int, length: int, values: Mapping[str, float]) -> None:
        """A step is done; `values` are those of the last logged row, empty between rows."""
        ...

    def download(self, name: str, done: int, total: int) -> None:
        """Bytes of a pretrained network have arrived; `total` is 0 where nobody knows."""
        ...


class Silent:
    """Shows nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def progress(self, stage: str, done: int, length: int, values: Mapping[str, float]) -> None:
        """Show nothing."""

    def download(self, name: str, done: int, total: int) -> None:
        """Show nothing."""
