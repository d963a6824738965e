"""How are things made in one thread while those before are used in another?"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from queue import Empty, Full, Queue
from typing import Final, TypeAlias, TypeVar

Thing = TypeVar("Thing")
_Waiting: TypeAlias = "Queue[tuple[Thing] | None]"
"""One thing that waits; None is the end."""
_LOOK_EVERY: Final = 0.1
"""Seconds after which it is looked whether the other side has failed."""


class StoppedError(RuntimeError):
    """Whoever made the things has failed, and there will be no more of them."""


def hand_over(
    things: Iterable[Thing],
    use: Callable[[Iterator[Thing]], None],
    turn: AbstractContextManager[object] | None = None,
) -> None:
    """Make `things` here, and let `use` take them in a thread of its own.

    One more is made while one waits and one is used; `turn` is held while any are made. What fails
    on either side ends the other, and is raised; KeyboardInterrupt too.
    """
    waiting = Queue[tuple[Thing] | None](maxsize=1)
    ended = list[bool]()
    with ThreadPoolExecutor(1, "srkit-write") as pool:
        used = pool.submit(use, _taken(waiting, ended))
        try:
            with turn or nullcontext():
                for thing in things:
                    _put(waiting, (thing,), used)
            _put(waiting, None, used)
        except BaseException:
            ended.append(True)
            raise
    used.result()


def _put(
    waiting: "Queue[tuple[Thing] | None]", item: tuple[Thing] | None, used: Future[None]
) -> None:
    while not used.done():
        try:
            return waiting.put(item, timeout=_LOOK_EVERY)
        except Full:
            continue
    if item is not None:
        used.result()
    return None


def _taken(waiting: "Queue[tuple[Thing] | None]", ended: list[bool]) -> Iterator[Thing]:
    while True:
        try:
            item = waiting.get(timeout=_LOOK_EVERY)
        except Empty:
            if ended:
                raise StoppedError("nothing more comes") from None
            continue
        if item is None:
            return
        yield item[0]
        del item
