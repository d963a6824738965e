"""How do weights at an address get onto this machine?

They are kept in srkit's cache from the first time on, and never fetched again. Addresses of the web
need nothing else; others, such as `hf://OWNER/REPO/FILE`, are read by the data source of their
scheme.
"""

import hashlib
import shlex
from pathlib import Path, PurePosixPath

from srkit_core.address_source import source_of
from srkit_core.downloads import DownloadError, download_unknown
from srkit_core.errors import WeightsError
from srkit_core.inside import plain_name
from srkit_core.io.atomic import write_bytes, write_error
from srkit_core.locks import locked
from srkit_core.pretrained import DownloadProgress, cache_folder
from srkit_core.registry import Registry


def looks_like_address(word: str) -> bool:
    """Whether a word is an address, and nothing on this machine."""
    return "://" in word and not Path(word).exists()


def weights_at(address: str, registry: Registry, report: DownloadProgress | None = None) -> Path:
    """Return the file that the weights of an address are kept in, fetched the first time.

    Raises WeightsError when nothing can be fetched or more than one file is there, DataError when
    nothing installed reads such addresses.
    """
    name = plain_name(PurePosixPath(address.partition("://")[2].partition("?")[0]).name) or "file"
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    kept = cache_folder() / "weights" / "addresses" / digest / name
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with locked(kept.with_name(".lock"), wait=True):
            if not kept.is_file():
                _fetch(address, kept, registry, report)
    except OSError as error:
        raise write_error(error, kept) from error
    return kept


def _fetch(address: str, kept: Path, registry: Registry, report: DownloadProgress | None) -> None:
    if address.partition("://")[0].lower() in ("http", "https"):
        try:
            download_unknown(
                address,
                kept,
                lambda done, total: report(kept.name, done, total) if report else None,
            )
        except DownloadError as error:
            raise WeightsError(
                f"cannot fetch {address}: {error}", hint="check the address and the network"
            ) from error
        return
    source = source_of(registry, address)
    files = list(source.files())
    if files != [""]:
        there = (
            f"there are {len(files)} files, such as {files[0]}," if files else "there is no file"
        )
        raise WeightsError(
            f"{there} at {address}, and one is wanted",
            hint=shlex.quote(f"{address.rstrip('/')}/{files[0] if files else 'FILE'}"),
        )
    write_bytes(kept, source.read(""))
