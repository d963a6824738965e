"""How do pictures at an address get onto this machine?

A data source lists and reads them, by the scheme of the address: pictures as they are or as
`srkit prepare` wrote them. They are kept in srkit's cache folder, which follows the address: a file
is fetched again when its tag is new, and one that has gone there goes here.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from srkit_core.address_source import AddressSource, source_of
from srkit_core.data.folders import is_passed_over
from srkit_core.data.prepared_layout import MANIFEST
from srkit_core.data.shards import ENDING as SHARD
from srkit_core.data_source import DataSource, is_address
from srkit_core.errors import DataError
from srkit_core.inside import inside, leads_out, plain_name, shown
from srkit_core.io.atomic import write_bytes, write_error
from srkit_core.io.documents import write_json
from srkit_core.io.images import picture_endings
from srkit_core.locks import locked
from srkit_core.registry import discover
from srkit_core.user_cache import cache_folder

_FETCHED = ".fetched.json"


def on_this_machine(source: DataSource) -> tuple[DataSource, tuple[str, ...]]:
    """Return a place with the folder its address was fetched into, and a remark that says so.

    Others are here already.
    """
    places = {one: str(fetched(one)) for one in source.places() if is_address(one)}
    here = replace(
        source,
        where=places.get(source.where, source.where),
        lr=places.get(source.lr, source.lr),
    )
    return here, tuple(
        f"the pictures of {one} are kept in {folder}" for one, folder in places.items()
    )


def fetched(address: str) -> Path:
    """Return a folder with the pictures of an address, which may be a single one.

    The first time they are fetched.

    Raises DataError when a library for such addresses is missing, nothing can be read there, or it
    holds no picture.
    """
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    name = PurePosixPath(address.partition("://")[2]).name
    folder = cache_folder() / "data" / digest / (plain_name(name) if name else "root")
    source = source_of(discover(), address)
    with _alone_in(folder.parent):
        files = _wanted(source.files())
        kept = {_inside(folder, name): name for name in files}
        _keep(
            source,
            {local: (name, files[name]) for local, name in kept.items()},
            folder.parent / _FETCHED,
        )
        for gone in set(_kept_before(folder)) - kept.keys():
            gone.unlink()
    if not files:
        raise DataError(
            f"{address} holds no picture",
            hint=f"an address with {' '.join(sorted(picture_endings()))} files",
        )
    return folder


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let other processes that want the same files wait until they are there."""
    held = ExitStack()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.enter_context(locked(folder / ".lock", wait=True))
    except OSError as error:
        raise write_error(error, folder) from error
    with held:
        yield


def _wanted(found: Mapping[str, str]) -> dict[str, str]:
    """Return the pictures, a manifest and its shards of the files at an address, with their tags;
    the name of a single picture is empty.
    """
    known = picture_endings()
    endings = known | {SHARD} if MANIFEST in found else known
    return {
        name: tag
        for name, tag in sorted(found.items())
        if not name
        or name == MANIFEST
        or (
            PurePosixPath(name).suffix.lower() in endings
            and (leads_out(name) or not is_passed_over(Path(name)))
        )
    }


def _inside(folder: Path, name: str) -> Path:
    """Return where a remote file is kept; a name that leads out of the folder is refused, and so is
    one that a link would lead out of it.
    """
    if not name:
        return folder
    kept = inside(folder, name, shown(name), hint="another address")
    if any(parent.is_symlink() for parent in kept.parents if parent.is_relative_to(folder)):
        raise DataError(
            f"{kept.parent} is a link, and nothing is fetched through it",
            hint=f"delete {folder}",
            path=folder,
        )
    return kept


def _kept_before(folder: Path) -> Iterator[Path]:
    """Yield every file that was fetched into a folder; no link is followed."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def _keep(source: AddressSource, files: Mapping[Path, tuple[str, str]], record: Path) -> None:
    """Fetch the files, given as here to (there, what is said of it), that are not here as they are
    there.
    """
    before = _fetched_before(record)
    now = {
        str(local): said
        for local, (_, said) in files.items()
        if before.get(str(local)) == said and local.is_file()
    }
    try:
        for local, (remote, said) in files.items():
            if str(local) not in now:
                write_bytes(local, source.read(remote))
                now[str(local)] = said
    finally:
        write_json(record, now)


def _fetched_before(record: Path) -> dict[str, str]:
    try:
        return dict(json.loads(record.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
