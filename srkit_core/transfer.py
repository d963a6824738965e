"""How do the bytes of an address reach a file, however often the connection breaks?

A file that is there already is taken for the beginning of what comes, and only the rest is asked
for (RFC 9110, section 14); a server that does not know how sends all of it again.
"""

import errno
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from srkit_core.file_sizes import said_size

ByteProgress = Callable[[int, int], None]
"""Takes how many bytes have arrived and how many there are, 0 where the server does not say."""

_CHUNK: Final = 2**18
_ATTEMPTS: Final = 20
"""How often a transfer is taken up again, as long as each attempt brings something."""

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that takes no more, which no further attempt mends."""
_PARTIAL, _NOT_SATISFIABLE = 206, 416


class Headers(Protocol):
    """The headers of an answer, of either library."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header."""


class HttpAnswer(Protocol):
    """An answer of a server, as urllib and urllib3 give it."""

    @property
    def status(self) -> int:
        """Its status code."""

    @property
    def headers(self) -> Headers:
        """Its headers."""

    def read(self, amount: int, /) -> bytes:
        """Return the next bytes, none at the end."""


OpenWith: TypeAlias = Callable[[Mapping[str, str]], AbstractContextManager[HttpAnswer]]
"""Asks an address with more headers; raises for an answer that is an error."""


class BrokenTransferError(Exception):
    """A connection ended before the end of what it carried."""


def transfer(open_with: OpenWith, path: Path, report: ByteProgress) -> None:
    """Bring what lies at an address to `path`, going on at the end of what is there.

    A connection that breaks is opened again for the rest, as long as every attempt brings
    something; then the error of the last one is raised, and what has arrived stays.
    """
    condition: Mapping[str, str] = {}
    for _ in range(_ATTEMPTS):
        start = _size(path)
        asked = {"Range": f"bytes={start}-", **condition} if start else {}
        try:
            with open_with(asked) as answer:
                condition = condition or _unchanged(answer.headers)
                _append(answer, path, start, report)
            return
        except Exception as error:  # two libraries raise errors of many families
            if start and _status(error) == _NOT_SATISFIABLE:
                path.unlink()  # it is longer than what is at the address, so no part of that
            elif _size(path) <= start or getattr(error, "errno", None) in FULL:
                raise
    raise BrokenTransferError(f"the connection broke {_ATTEMPTS} times")


def _append(answer: HttpAnswer, path: Path, start: int, report: ByteProgress) -> None:
    told = answer.headers.get("Content-Range") or ""
    rest = answer.status == _PARTIAL and told.startswith(f"bytes {start}-")
    length = answer.headers.get("Content-Length") or ""
    done = start if rest else 0
    total = done + int(length) if length.isdigit() else 0
    with path.open("ab" if rest else "wb") as file:
        while chunk := answer.read(_CHUNK):
            done += file.write(chunk)
            report(done, total)
    if done < total:
        parts = f"{said_size(done)} of {said_size(total)}"
        raise BrokenTransferError(f"the connection broke after {parts}")


def _unchanged(headers: Headers) -> Mapping[str, str]:
    """Return the condition that the file is still the one of an answer, where that names it."""
    tag = headers.get("ETag") or ""
    name = tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")
    return {"If-Range": name} if name else {}


def _status(error: Exception) -> int | None:
    """Return the status code of an error of urllib or of requests."""
    answer = getattr(error, "response", None)
    status: int | None = getattr(error, "code", None) or getattr(answer, "status_code", None)
    return status


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
