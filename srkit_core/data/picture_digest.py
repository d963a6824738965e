"""By what is a picture known again, under another name or in another folder?"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from srkit_core.data.picture import Picture
from srkit_core.errors import DataError


class PictureDigest(NamedTuple):
    """The sha256 of a picture's file, of a prepared one that of the file it was made of; its bytes
    where they are known, else 0.
    """

    sha256: str
    size: int = 0


def digest_of(picture: Picture) -> PictureDigest:
    """Return by what a picture is known; raises DataError when its file cannot be read."""
    if picture.origin:
        return PictureDigest(picture.origin)
    status = _status(picture.path)
    return PictureDigest(_sha256(picture.path, status[1]), status[0])


def known_among(
    pictures: Sequence[Picture], digests: Collection[PictureDigest]
) -> tuple[Picture, ...]:
    """Return the pictures that have one of the digests; only files of a size in question are read.

    Raises DataError when one of these cannot be read.
    """
    known, sizes = {one.sha256 for one in digests}, {one.size for one in digests}
    return tuple(
        picture
        for picture in pictures
        if (picture.origin or 0 in sizes or _status(picture.path)[0] in sizes)
        and digest_of(picture).sha256 in known
    )


def equal_pictures(pictures: Iterable[Picture]) -> list[list[Picture]]:
    """Return the pictures of equal content together; only files of equal size are read.

    Raises DataError when one of these cannot be read.
    """
    by_size = dict[int, list[Picture]]()
    prepared = list[Picture]()
    for picture in pictures:
        where = prepared if picture.origin else by_size.setdefault(_status(picture.path)[0], [])
        where.append(picture)
    suspects = [one for same in by_size.values() if len(same) > 1 or prepared for one in same]
    by_digest = dict[str, list[Picture]]()
    for picture in (*prepared, *suspects):
        by_digest.setdefault(digest_of(picture).sha256, []).append(picture)
    return [same for same in by_digest.values() if len(same) > 1]


def digest_of_sets(sets: Mapping[str, Sequence[Picture]]) -> str:
    """Return a digest of the pixels that validation sees, by set: scores on others do not compare.

    Raises DataError when a file cannot be read.
    """
    seen = [
        (name, digest_of(one).sha256, _lr_digest(one), one.height, one.width, one.limit or 0)
        for name, pictures in sets.items()
        for one in pictures
    ]
    return hashlib.sha256(repr(sorted(seen)).encode()).hexdigest()


def _lr_digest(picture: Picture) -> str:
    """Return the digest of the file of LR, "" where it is made of HR or stored beside it."""
    if picture.lr in (None, picture.path):
        return ""
    return digest_of(replace(picture, path=picture.lr, origin="")).sha256


def _status(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=100_000)
def _sha256(path: Path, _mtime: int) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> DataError:
    reason = error.strerror or error
    return DataError(f"cannot read {path}: {reason}", hint="look at its permissions", path=path)
