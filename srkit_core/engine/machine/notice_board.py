"""How does a process wait for what the others of its run do, as long as they live?

Collective operations have a limit of minutes, after which they take a process for dead. What may
take longer, such as a download, is waited for here: every process says again and again that it
lives.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

from srkit_core.errors import LostProcessError

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store

Outcome = TypeVar("Outcome")

BEAT_SECONDS: Final = 2.0
SILENT_SECONDS: Final = 120.0
"""How often a process says that it lives, and how long it may be silent (empirical)."""
_LONGEST_NAP: Final = 0.1


@dataclass
class NoticeBoard:
    """What the processes of a run tell each other; every one of them makes the same calls."""

    store: "Store"
    rank: int
    world: int
    silent: float = SILENT_SECONDS
    _numbers: Iterator[int] = field(default_factory=count)

    def first_alone(self, work: Callable[[], Outcome]) -> Outcome | None:
        """Let the first process do its work, and the others wait for that, with None as outcome."""
        key, outcome = f"first/{next(self._numbers)}", None
        if self.rank == 0:
            outcome = work()
            self.store.set(key, "")
        else:
            self._wait(key, 0)
        return outcome

    def each(self, work: Callable[[], Outcome]) -> Outcome:
        """Let every process do its own work, and go on when all have done it."""
        number = next(self._numbers)
        result = work()
        self.store.set(f"done/{number}/{self.rank}", "")
        for rank in range(self.world):
            self._wait(f"done/{number}/{rank}", rank)
        return result

    @contextmanager
    def living(self) -> Iterator[None]:
        """Say that this process lives, until the end."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_SECONDS):
                try:
                    self.store.add(f"beat/{self.rank}", 1)
                except RuntimeError:
                    return  # the others will find out

        thread = threading.Thread(target=beat, daemon=True)
        self.store.add(f"beat/{self.rank}", 1)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _wait(self, key: str, rank: int) -> None:
        nap, heard, since = 0.001, -1, time.monotonic()
        try:
            while not self.store.check([key]):
                time.sleep(nap)
                nap = min(2 * nap, _LONGEST_NAP)
                beats = self.store.add(f"beat/{rank}", 0)
                if beats != heard:
                    heard, since = beats, time.monotonic()
                elif time.monotonic() - since > self.silent:
                    raise lost_process()
        except RuntimeError as error:  # the process that keeps the board has ended
            raise lost_process() from error


def lost_process() -> LostProcessError:
    """Return the error of a process that cannot go on without another."""
    return LostProcessError(
        "another process of this run has ended",
        hint="its own error says why; srkit train --resume --out RUN goes on",
    )
