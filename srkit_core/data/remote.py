"""How do pictures at an address get onto this machine?

Through fsspec: `hf://datasets/NAME/folder`, `s3://bucket/folder`, `https://...`, `memory://...`. They are kept in srkit's cache
folder; a file that is there in its size is not fetched again.
"""

import hashlib
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any

from filelock import FileLock

from srkit_core.errors import DataError
from srkit_core.io.images import ENDINGS
from srkit_core.pretrained import cache_folder

_EXTRA = 'pip install "srkit[remote]"'


def fetched(address: str) -> Path:
    """Return a folder, or a file, with the pictures of an address; the first time they are fetched.

    Raises DataError when a library for such addresses is missing, nothing can be read there, or it holds no picture.
    """
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    folder = cache_folder() / "data" / digest / (PurePosixPath(address.partition("://")[2]).name or "root")
    folder.parent.mkdir(parents=True, exist_ok=True)
    system, root = _opened(address)
    with FileLock(folder.parent / ".lock"):
        try:
            files = _pictures(system, root)
            for remote, size in files.items():
                _keep(system, remote, _inside(folder, remote, root), size)
        except DataError:
            raise
        except Exception as error:  # each file system raises errors of its own
            raise _unreachable(address, error) from error
    if not files:
        raise DataError(f"{address} holds no picture", hint=f"an address with {' '.join(sorted(ENDINGS))} files")
    return folder


def _opened(address: str) -> tuple[Any, str]:
    try:
        import fsspec

        system, root = fsspec.url_to_fs(address)
    except ImportError as error:
        hint = _EXTRA if error.name in ("fsspec", "huggingface_hub") else f"{error}, or {_EXTRA} for hf://"
        raise DataError(f"{address} needs a library that is not installed", hint=hint) from error
    except Exception as error:
        raise _unreachable(address, error) from error
    return system, str(root).rstrip("/")


def _pictures(system: Any, root: str) -> dict[str, int]:
    """Return the pictures at or below a path of a file system, with their sizes."""
    found = system.find(root, detail=True)
    return {name: int(about["size"] or 0) for name, about in sorted(found.items()) if PurePosixPath(name).suffix.lower() in ENDINGS}


def _inside(folder: Path, remote: str, root: str) -> Path:
    """Return where a remote file is kept; a name that leads out of the folder is refused."""
    relative = PurePosixPath(remote.removeprefix(root).lstrip("/"))
    if ".." in relative.parts:
        raise DataError(f"{remote} leads out of its folder", hint="another address")
    return folder.joinpath(*relative.parts)


def _keep(system: Any, remote: str, local: Path, size: int) -> None:
    if local.is_file() and local.stat().st_size == size:
        return
    local.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=local.parent, prefix=".", delete=False) as arriving:
        arriving.write(system.cat_file(remote))
    Path(arriving.name).replace(local)


def _unreachable(address: str, error: Exception) -> DataError:
    return DataError(f"cannot read {address}: {error or type(error).__name__}", hint="check the address and the network")
