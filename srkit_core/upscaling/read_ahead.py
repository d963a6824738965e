"""How is the next picture decoded while this one is computed?"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from srkit_core.io.images import Photo, read_photo


class ReadAhead:
    """Reads the pictures of a batch in their order, one ahead. A context manager."""

    def __init__(self, sources: Iterable[Path]) -> None:
        self._left = iter(sources)
        self._pool = ThreadPoolExecutor(1, "srkit-read")
        self._next: tuple[Path, Future[Photo]] | None = None

    def __enter__(self) -> "ReadAhead":
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __call__(self, source: Path) -> Photo:
        """Return a picture, which is read now if it was not, and begin with the one after it.

        Raises as `read_photo`.
        """
        while self._next and self._next[0] != source:
            self._start()
        if self._next is None:
            return read_photo(source)
        try:
            return self._next[1].result()
        finally:
            self._start()

    def _start(self) -> None:
        source = next(self._left, None)
        self._next = None if source is None else (source, self._pool.submit(read_photo, source))
