"""How are files written while the next steps are taken, and who waits for them?"""

import threading
from collections.abc import Callable
from typing import Final

FAILED: Final = 1 << 16
"""Larger than any signal: what a process whose writing failed says where signals are compared."""


class BackgroundWriter:
    """Writes in a thread, one thing after the other: who begins another waits for the one before.

    What the thread raises is raised by `finish`; it is no daemon, so that the interpreter's end
    waits for whole files too.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._tell: Callable[[], None] | None = None

    @property
    def failed(self) -> bool:
        """Whether what was begun last was not written."""
        return self._error is not None

    def begin(self, write: Callable[[], None], tell: Callable[[], None]) -> None:
        """Let `write` happen beside the caller's work, and `tell` afterwards, in the caller's
        thread, by whichever of the methods below comes first.
        """
        self.finish()

        def written() -> None:
            try:
                write()
            except Exception as error:
                self._error = error

        self._tell = tell
        self._thread = threading.Thread(target=written, name="srkit-checkpoint")
        self._thread.start()

    def tell_written(self) -> None:
        """Tell of what is written by now; waits for nothing and raises nothing."""
        if self._thread is not None and not self._thread.is_alive() and not self.failed:
            self.finish()

    def finish(self) -> None:
        """Wait until what was begun is written; raises what writing it raised."""
        self.wait()
        (error, self._error), (tell, self._tell) = (self._error, None), (self._tell, None)
        if error is not None:
            raise error
        if tell is not None:
            tell()

    def wait(self) -> None:
        """Wait until the thread has ended, whatever came of it."""
        if self._thread is not None:
            self._thread.join()  # a signal may end the wait: then there is still one to wait for
            self._thread = None
