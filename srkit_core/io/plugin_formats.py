"""How is a file read or written by a format that a plugin brings?

Whatever its code does wrong is told with the name of its distribution, and of one file alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from srkit_core.errors import SrkitError
from srkit_core.installed_formats import announced_formats
from srkit_core.interfaces import PictureFormat, WritablePictureFormat
from srkit_core.io.decode_errors import checked_size
from srkit_core.io.encoders import Encoder, Header, at_once
from srkit_core.io.raster import Decoder, Raster, Samples, from_channels

if TYPE_CHECKING:
    from srkit_core.registry import Installed
    from srkit_core.specs import FormatSpec

_Format: TypeAlias = "Installed[FormatSpec]"


def plugin_decoder(head: bytes) -> Decoder | None:
    """Return the decoder of a file that begins with `head`, None where no plugin knows it."""
    found = next((one for one in announced_formats() if _knows(one, head)), None)
    if found is None:
        return None
    return Decoder(partial(_size, found), partial(_decode, found), _no_exif)


def plugin_endings() -> frozenset[str]:
    """Return the endings of all formats of plugins, in lower case."""
    return frozenset(ending for one in announced_formats() for ending in one.spec.endings)


def plugin_encoders() -> dict[str, Encoder]:
    """Return how files are written, by the ending."""
    return {
        ending: Encoder(at_once(partial(_encode, one)))
        for one in announced_formats()
        for ending in one.spec.written
    }


def _knows(one: _Format, head: bytes) -> bool:
    """Say whether a format claims a file; one that fails at the question does not."""
    spec = one.spec
    if spec.starts and head.startswith(spec.starts):
        return True
    try:
        return spec.sniff is not None and bool(spec.sniff(head))
    except Exception:
        return False


@cache
def _made(one: _Format) -> PictureFormat:
    made = one.spec.factory()
    if not isinstance(made, PictureFormat):
        raise TypeError(f"it is a {type(made).__name__} without size and decode")
    return made


def _size(one: _Format, path: Path) -> tuple[int, int]:
    with _named(one):
        height, width = _made(one).size(path)
    return checked_size(int(height), int(width))


def _decode(one: _Format, path: Path) -> Raster:
    size = _size(one, path)
    with _named(one):
        samples = _made(one).decode(path)
        _check(samples, size)
        return from_channels(np.array(samples, order="C"))


def _check(samples: Any, size: tuple[int, int]) -> None:
    if not isinstance(samples, np.ndarray) or samples.dtype not in (np.uint8, np.uint16):
        what = getattr(samples, "dtype", type(samples).__name__)
        raise TypeError(f"it returned {what}, not uint8 or uint16")
    channels = samples.shape[2:]
    if samples.ndim not in (2, 3) or channels not in [(), (1,), (2,), (3,), (4,)]:
        raise ValueError(f"it returned an array of shape {samples.shape}, not (H, W, C)")
    if samples.shape[:2] != size:
        raise ValueError(f"it returned {samples.shape[:2]}, and its header said {size}")


def _encode(one: _Format, header: Header, samples: Samples) -> bytes:
    del header
    with _named(one):
        made = _made(one)
        if not isinstance(made, WritablePictureFormat):
            raise TypeError(f"it is a {type(made).__name__} without encode")
        encoded = made.encode(samples.astype(np.uint8, copy=False))
        if not isinstance(encoded, bytes):
            raise TypeError(f"it wrote {type(encoded).__name__}, not bytes")
    return encoded


@contextmanager
def _named(one: _Format) -> Iterator[None]:
    """Turn whatever a format's code raises into ValueError that names it."""
    try:
        yield
    except (SrkitError, MemoryError, FileNotFoundError):
        raise
    except Exception as error:
        fact = str(error).strip().partition("\n")[0] or "no message"
        fault = f"{type(error).__name__}: {fact}"
        raise ValueError(f"format '{one.full_name}' fails at it: {fault}") from error


def _no_exif(path: Path) -> Image.Exif:
    del path
    return Image.Exif()
