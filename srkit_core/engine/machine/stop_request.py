"""Has somebody asked the run to stop?"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Any, Final

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, what a system sends before it shuts down, and a terminal that is closed."""


class StopNow(BaseException):
    """A request to stop ends work that can be done again: waiting for a batch, or a validation."""


class StopRequest:
    """Remembers the signal that asked for a stop; 0 while nobody has.

    `alone` says that no other process waits for what this one does; `doing` is what will be done
    first, in words.
    """

    def __init__(self, *, alone: bool = True) -> None:
        self.signal = 0
        self.doing = "finishing what is begun, then saving"
        self.told = SimpleQueue[str]()
        self._alone = alone
        self._at_once = False

    @contextmanager
    def at_once(self, doing: str) -> Iterator[None]:
        """Do what is ended by a request, with StopNow: it can be done again, and may take long."""
        before, self.doing = self.doing, doing
        self._at_once = self._alone
        try:
            self._check()
            yield
        finally:
            self._at_once, self.doing = False, before

    def ask(self, number: int) -> None:
        """Remember a signal, and answer."""
        self.signal = number
        self.told.put(f"{self.doing}; once more to stop now")
        self._check()

    def _check(self) -> None:
        if self.signal and self._at_once:
            raise StopNow


@contextmanager
def catch_stop_signals(
    tell: Callable[[str], None] = lambda text: None, *, alone: bool = True
) -> Iterator[StopRequest]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a request, which is answered at once by `tell`,
    in a thread; the second one stops at once, by KeyboardInterrupt or SystemExit.

    Signals reach only the main thread of a program; elsewhere nothing is changed. A SIGHUP that is
    ignored, as by nohup, stays ignored.
    """
    request, before = StopRequest(alone=alone), dict[int, Any]()

    def remember(number: int, frame: FrameType | None) -> None:
        if not request.signal:
            request.ask(number)
            return
        for one, handler in before.items():
            signal.signal(one, handler or signal.SIG_DFL)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        before.update({number: signal.signal(number, remember) for number in _listened_to()})
    try:
        with _answered(request.told, tell):
            yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listened_to() -> list[int]:
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return [one for one in known if one == signal.SIGINT or signal.getsignal(one) != signal.SIG_IGN]


@contextmanager
def _answered(texts: "SimpleQueue[str]", tell: Callable[[str], None]) -> Iterator[None]:
    """Tell texts in a thread: printing inside a signal's handler could meet printing."""

    def answer() -> None:
        for text in iter(texts.get, ""):
            tell(text)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        texts.put("")
        thread.join(timeout=5)
