"""What is in this wheel, and may it be installed at all? Nothing of it is run."""

import csv
import re
import shlex
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from functools import cached_property
from pathlib import Path
from typing import Final

from srkit_core.downloads import sha256
from srkit_core.errors import PluginError
from srkit_core.inside import leads_out, shown

_NAME: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[A-Za-z0-9.!+_]+)"
    r"(-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl"
)
_REQUIREMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_BYTES: Final = 2**32
_SOURCES: Final = (".tar.gz", ".tgz", ".zip", ".tar")


@dataclass(frozen=True)
class WheelFile:
    """A wheel that can be installed: which distribution of which version, and its files."""

    path: Path
    distribution: str
    version: str
    info: str
    sizes: Mapping[str, int]

    @property
    def names(self) -> set[str]:
        """Names of its files."""
        return set(self.sizes)

    @cached_property
    def sha256(self) -> str:
        """The digest of the wheel."""
        return sha256(self.path)

    @cached_property
    def metadata(self) -> Message:
        """What METADATA says."""
        return Parser().parsestr(self.text(f"{self.info}/METADATA"))

    @property
    def description(self) -> str:
        """The text that the package index shows."""
        return str(self.metadata.get_payload()).strip() or (self.metadata["Description"] or "")

    @property
    def about(self) -> list[str]:
        """Names of its files of metadata."""
        return [name for name in self.names if name.startswith(f"{self.info}/")]

    @property
    def record_name(self) -> str:
        """The name of its list of files."""
        return f"{self.info}/RECORD"

    @cached_property
    def record(self) -> dict[str, tuple[str, str]]:
        """Digest and size of every file that it lists, but for the list itself."""
        rows = csv.reader(self.text(self.record_name).splitlines())
        full = [row for row in rows if len(row) == 3]
        return {name: (digest, size) for name, digest, size in full if name != self.record_name}

    def size(self, name: str) -> int:
        """How many bytes a file has."""
        return self.sizes[name]

    def read(self, name: str) -> bytes:
        """Return the content of a file; nothing where there is none."""
        if name not in self.sizes:
            return b""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def text(self, name: str) -> str:
        """Return the text of a file."""
        return self.read(name).decode("utf-8", errors="replace")


def open_wheel(path: Path) -> WheelFile:
    """Return what is in a wheel.

    Raises PluginError when it is missing, is none, is damaged, or would write outside of where it
    is installed.
    """
    named = _NAME.fullmatch(path.name)
    if not path.is_file():
        raise PluginError(f"there is no wheel {path}", hint=_build(path.parent))
    if not named:
        fact = f"{path.name} is no name of a wheel, NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
        raise PluginError(fact, hint="a wheel keeps the name that it was built under")
    sizes = _sizes(path)
    info = f"{named['name']}-{named['version']}.dist-info"
    infos = {name.partition("/")[0] for name in sizes if ".dist-info/" in name}
    if infos != {info} or not {f"{info}/METADATA", f"{info}/WHEEL"} <= sizes.keys():
        fact = f"{path.name} is no wheel: it needs {info} with METADATA and WHEEL in it"
        raise PluginError(fact, hint="build it again")
    return WheelFile(path, plain_distribution(named["name"]), named["version"], info, sizes)


def refuse_source(path: Path) -> None:
    """Raise PluginError, with the command that builds a wheel, for a folder or an sdist."""
    if path.is_dir():
        raise PluginError(f"{path} is a folder, and a wheel is checked", hint=_build(path))
    if path.name.endswith(_SOURCES):
        fact = f"{path} is an archive of sources, whose build would run its code"
        raise PluginError(fact, hint=f"pip wheel --no-deps -w dist {shlex.quote(str(path))}")


def plain_distribution(name: str) -> str:
    """Return a name of a distribution in the one spelling that is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(text: str) -> str:
    """Return which distribution a requirement is of."""
    found = _REQUIREMENT.match(text.strip())
    return plain_distribution(found[0]) if found else ""


def _sizes(path: Path) -> dict[str, int]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_members(path, members)
            broken = archive.testzip()
    except PluginError:
        raise
    except Exception as error:  # zipfile, zlib and lzma raise what damage leads to
        raise _damaged(path, f"{type(error).__name__}: {error}") from None
    if broken:
        raise _damaged(path, f"{broken} does not match its checksum")
    return {one.filename: one.file_size for one in members if not one.is_dir()}


def _refuse_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    seen = set[str]()
    for one in members:
        name = one.filename
        fault = ""
        if leads_out(name) or "\\" in name:
            fault = "leads out of the folder that it is installed into"
        elif stat.S_ISLNK(one.external_attr >> 16):
            fault = "is a link"
        elif name.casefold() in seen:
            fault = "is in it twice"
        if fault:
            raise _RefusedError(f"{path} is refused: '{shown(name)}' {fault}")
        seen.add(name.casefold())
    if sum(one.file_size for one in members) > _MOST_BYTES:
        raise _RefusedError(f"{path} is refused: unpacked it has more than 4 GiB")


class _RefusedError(PluginError):
    def __init__(self, message: str) -> None:
        super().__init__(message, hint="do not install it; ask who made it")


def _damaged(path: Path, reason: str) -> PluginError:
    return PluginError(f"{path} is damaged, or no wheel: {reason[:160]}", hint="build it again")


def _build(folder: Path) -> str:
    return f"pip wheel --no-deps -w dist {shlex.quote(str(folder))}"
