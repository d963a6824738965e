"""Which files does a file system of fsspec hold at an address?"""

import hashlib
from collections.abc import Mapping
from typing import Any

from srkit_core.errors import DataError

_EXTRA = "pip install fsspec huggingface-hub"


class FsspecSource:
    """Files at `hf://datasets/NAME/folder`, `s3://bucket/folder`, `https://...`, `memory://...`.

    Raises DataError where a library for such addresses is missing.
    """

    def __init__(self) -> None:
        self._remote = dict[tuple[str, str], tuple[Any, str]]()

    def files(self, address: str, /) -> Mapping[str, str]:
        """Return the files at or below an address, with a digest of what their system says."""
        system, root = _opened(address)
        found = system.find(root, detail=True)
        self._remote |= {(address, _relative(name, root)): (system, name) for name in sorted(found)}
        return {
            _relative(name, root): hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()
            for name, said in sorted(found.items())
        }

    def read(self, address: str, name: str, /) -> bytes:
        """Return the bytes of one of them."""
        system, remote = self._remote[address, name]
        return bytes(system.cat_file(remote))


def _opened(address: str) -> tuple[Any, str]:
    try:
        import fsspec

        system, root = fsspec.url_to_fs(address)
    except ImportError as error:
        hint = (
            _EXTRA
            if error.name in ("fsspec", "huggingface_hub")
            else f"{error}, or {_EXTRA} for hf://"
        )
        raise DataError(f"{address} needs a library that is not installed", hint=hint) from error
    return system, str(root).rstrip("/")


def _relative(remote: str, root: str) -> str:
    return remote.removeprefix(root).lstrip("/")
