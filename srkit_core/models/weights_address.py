"""How do weights at an address get onto this machine?

They are kept in srkit's cache from the first time on, and never fetched again. Addresses of the web
and `hf://OWNER/REPO/FILE` need nothing else; others are read by the data source of their scheme.
Behind an address may stand what it has to be: `#sha256=DIGEST`.
"""

import hashlib
import re
import shlex
from pathlib import Path, PurePosixPath
from typing import Final

from srkit_core.address_source import source_of
from srkit_core.downloads import DownloadError, download_address
from srkit_core.errors import WeightsError
from srkit_core.inside import plain_name
from srkit_core.io.atomic import write_bytes, write_error
from srkit_core.locks import locked
from srkit_core.models.hub_address import HubFile, hub_file
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry
from srkit_core.user_cache import cache_folder

_PIN: Final = "#sha256="


def looks_like_address(word: str) -> bool:
    """Whether a word is an address, and nothing on this machine."""
    return "://" in word and not Path(word).exists()


def pinned(address: str) -> tuple[str, str]:
    """Part an address from the sha256 that stands behind it, as in `...#sha256=DIGEST`.

    Raises WeightsError where what stands there is none.
    """
    place, mark, digest = address.partition(_PIN)
    if mark and not re.fullmatch(r"[0-9a-f]{64}", digest.lower()):
        fact = f"{address} is pinned by '{digest}', which is no sha256 of 64 digits"
        raise WeightsError(fact, hint=shlex.quote(place))
    return place, digest.lower()


def kept_at(address: str) -> Path:
    """Return where the weights of an address are kept, once they were fetched.

    Raises WeightsError where it is pinned by what is no sha256.
    """
    place, _ = pinned(address)
    name = plain_name(PurePosixPath(place.partition("://")[2].partition("?")[0]).name) or "file"
    folder = hashlib.sha256(address.encode()).hexdigest()[:16]
    return cache_folder() / "weights" / "addresses" / folder / name


def check_readable(address: str, registry: Registry) -> None:
    """Check that something reads such addresses; raises DataError where nothing does."""
    if not _is_of_web(address):
        source_of(registry, address)


def weights_at(address: str, registry: Registry, report: DownloadProgress | None = None) -> Path:
    """Return the file that the weights of an address are kept in, fetched the first time.

    Raises WeightsError when nothing can be fetched, it is not what the address is pinned to, or
    more than one file is there, DataError when nothing installed reads such addresses.
    """
    place, digest = pinned(address)
    kept = kept_at(address)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with locked(kept.with_name(".lock"), wait=True):
            if not kept.is_file():
                _fetch(place, digest, kept, registry, report)
    except OSError as error:
        raise write_error(error, kept) from error
    return kept


def _fetch(
    address: str, digest: str, kept: Path, registry: Registry, report: DownloadProgress | None
) -> None:
    if _is_of_web(address):
        of_hub = hub_file(address)
        try:
            download_address(
                of_hub.url if of_hub else address,
                kept,
                lambda done, total: report(kept.name, done, total) if report else None,
                digest=digest or (of_hub.sha256() if of_hub else ""),
                private=of_hub.private if of_hub else {},
            )
        except DownloadError as error:
            raise _unfetched(address, of_hub, error) from error
        return
    content = _read(address, registry)
    found = hashlib.sha256(content).hexdigest()
    if digest and found != digest:
        raise WeightsError(
            f"cannot fetch {address}: what arrived has the sha256 {found[:12]}..., "
            f"not {digest[:12]}...",
            hint=shlex.quote(address),
        )
    write_bytes(kept, content)


def _is_of_web(address: str) -> bool:
    return bool(hub_file(address)) or address.partition("://")[0].lower() in ("http", "https")


def _unfetched(address: str, of_hub: HubFile | None, error: DownloadError) -> WeightsError:
    hint = "check the address and the network"
    if of_hub:
        hint += "; HF_TOKEN=... opens what is not public, HF_ENDPOINT=... names another hub"
    return WeightsError(f"cannot fetch {address}: {error}", hint=hint)


def _read(address: str, registry: Registry) -> bytes:
    """Read the one file at an address through the data source of its scheme."""
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
    return source.read("")
