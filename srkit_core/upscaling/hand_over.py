"""How are things made in one thread while those before are used in another?"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from queue import Empty, Queue
from threading import BoundedSemaphore
from typing import Final, Generic, TypeVar

Thing = TypeVar("Thing")
Used = TypeVar("Used")
_LOOK_EVERY: Final = 0.1
"""Seconds after which it is looked whether the other side has failed."""


class StoppedError(RuntimeError):
    """Whoever made the things has failed, and there will be no more of them."""


def hand_over(
    things: Iterable[Thing], use: Callable[[Iterator[Thing]], Used], helpers: Executor
) -> Future[Used]:
    """Make `things` here, and let `use` take them in a thread of `helpers`; return when all are
    made, with what `use` will return, which may not have taken the last one yet.

    One more is made while one waits and one is used. What fails on either side ends the other, and
    is raised; KeyboardInterrupt too.
    """
    shelf = _Shelf[Thing]()
    used = helpers.submit(use, shelf.taken())
    try:
        for thing in things:
            shelf.put(thing, used)
        shelf.end()
    except BaseException:
        shelf.stop()
        wait([used])
        raise
    return used


class _Shelf(Generic[Thing]):
    """Has room for one thing that waits."""

    def __init__(self) -> None:
        self._waiting = Queue[tuple[Thing] | None]()
        self._room = BoundedSemaphore(1)
        self._stopped = False

    def put(self, thing: Thing, used: Future[Used]) -> None:
        """Put a thing, when there is room; raise what became of whoever takes them."""
        while not used.done():
            if self._room.acquire(timeout=_LOOK_EVERY):
                return self._waiting.put((thing,))
        used.result()
        return None

    def end(self) -> None:
        """Say that there are no more things."""
        self._waiting.put(None)

    def stop(self) -> None:
        """Say that there will be no more, although some are missing."""
        self._stopped = True

    def taken(self) -> Iterator[Thing]:
        """Yield things as they come."""
        while True:
            try:
                item = self._waiting.get(timeout=_LOOK_EVERY)
            except Empty:
                if self._stopped:
                    raise StoppedError("nothing more comes") from None
                continue
            if item is None:
                return
            self._room.release()
            yield item[0]
            del item
