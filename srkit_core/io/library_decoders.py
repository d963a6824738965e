"""How are HEIF, camera raw and rarer files read, each by the library made for it?

HEIF: libheif applies the turns and mirrors of the container, so the EXIF orientation, which repeats
them, is not applied again. Of several pictures the primary one is read.

Camera raw: LibRaw makes the picture: the camera's white balance, its own demosaicing, the sRGB
primaries and curve (IEC 61966-2-1), its flip, full size, 16 bit. Brightness is as exposed:
stretching it by the content (LibRaw's default) would make equal light differ between files.

The fallback is what imageio finds on this machine, such as BSDF.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from srkit_core.io.boxes import colour_code, content_end
from srkit_core.io.colorimetry import ColourCode, code_to_srgb
from srkit_core.io.decode_errors import (
    NOTHING_BUT_ZEROS,
    ZEROS,
    DamagedError,
    NotAPictureError,
    checked_size,
    refuse_zeros,
)
from srkit_core.io.exif import load_sub_ifds
from srkit_core.io.raster import Decoder, Raster, Samples, from_channels, one_of, scale_to_16_bit
from srkit_core.io.tiff_colours import unit_samples
from srkit_core.io.tiff_decoder import sensor_is_stored

if TYPE_CHECKING:
    import pillow_heif
    import rawpy

_SRGB_CURVE = (2.4, 12.92)
_QUARTER_TURNS = (5, 6)


def _heif_size(path: Path) -> tuple[int, int]:
    return checked_size(*_heif_shape(_opened_heif(path)))


def _heif_shape(image: "pillow_heif.HeifFile") -> tuple[int, int]:
    """Return (height, width) of the primary picture.

    pillow-heif leaves out those whose codec its libheif was built without.
    """
    try:
        width, height = image.size
    except IndexError:
        raise ValueError("none of its pictures is of a codec that is read here") from None
    return height, width


def _decode_heif(path: Path) -> Raster:
    """Return 8 bit as 8 and 10 or 12 bit as 16; raises DamagedError when data are not whole.

    Samples are copied: pillow-heif hands out a view of memory that libheif frees with `image`.
    """
    image = _opened_heif(path)
    checked_size(*_heif_shape(image))
    with path.open("rb") as file:
        end = content_end(file, path.stat().st_size)
        file.seek(max(end - ZEROS, 0))
        refuse_zeros(file.read(min(ZEROS, end)))
    try:
        samples = np.array(image, copy=True)
    except (ValueError, RuntimeError, EOFError, SyntaxError) as error:
        raise _as_libheif_means_it(error) from error
    bits, profile = int(image.info["bit_depth"]), image.info.get("icc_profile") or b""
    raster = from_channels(_from_upper_bits(samples, bits), 1, profile)
    return replace(raster, samples=code_to_srgb(raster.samples, _heif_code(path, profile)))


def _heif_code(path: Path, profile: bytes) -> ColourCode:
    """Return how its colours are named where no profile does."""
    if profile:
        return ColourCode()
    with path.open("rb") as file:
        return colour_code(file, path.stat().st_size)


def _heif_notes(path: Path) -> tuple[str, ...]:
    image = _opened_heif(path)
    pictures = one_of(len(image), "pictures", "the main one")
    profile = image.info.get("icc_profile") or b"" if len(image) else b""
    return pictures + _heif_code(path, profile).notes()


def _heif_exif(path: Path) -> Image.Exif:
    found = Image.Exif()
    found.load(_opened_heif(path).info.get("exif") or b"")
    return found


HEIF = Decoder(_heif_size, _decode_heif, _heif_exif, _heif_notes)


def _opened_heif(path: Path) -> "pillow_heif.HeifFile":
    import pillow_heif

    try:
        return pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
    except (ValueError, RuntimeError, EOFError, SyntaxError) as error:
        raise _as_libheif_means_it(error) from error


def _as_libheif_means_it(error: Exception) -> ValueError:
    """Tell a file that libheif was not built for, or that it does not know, from a damaged one."""
    said = str(error)
    if any(word in said for word in ("not been built in", "Unsupported", "limit")):
        return ValueError(f"libheif does not read it ({said.partition(chr(10))[0]})")
    return DamagedError(error)


def _from_upper_bits(samples: Samples, bits: int) -> Samples:
    """Stretch what stands in the upper `bits` of 16 over all of them."""
    return (
        samples
        if samples.dtype == np.uint8
        else scale_to_16_bit((samples >> (16 - bits)).astype(np.uint16), 2**bits - 1)
    )


def _raw_size(path: Path) -> tuple[int, int]:
    with _opened_raw(path) as raw:
        sizes = raw.sizes
        return (
            (sizes.iwidth, sizes.iheight)
            if sizes.flip in _QUARTER_TURNS
            else (sizes.iheight, sizes.iwidth)
        )


def _develop_raw(path: Path) -> Raster:
    """Develop a raw file into uint16 (H, W, 3), upright and sRGB.

    Raises DamagedError when its data end before its picture.
    """
    with _opened_raw(path) as raw:
        notes = _refuse_filled(raw, path)
        return Raster(
            raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, gamma=_SRGB_CURVE, output_bps=16
            ),
            notes=notes,
        )


def _raw_exif(path: Path) -> Image.Exif:
    """Return the EXIF of a raw file that is built like a TIFF file; that of others is empty."""
    found = Image.Exif()
    with path.open("rb") as file:
        if file.read(4) in (b"II*\0", b"MM\0*"):
            file.seek(0)
            found.load_from_fp(file)
            load_sub_ifds(found)
    return found


RAW = Decoder(_raw_size, _develop_raw, _raw_exif)


@contextmanager
def _opened_raw(path: Path) -> Iterator["rawpy.RawPy"]:
    import rawpy

    try:
        with rawpy.imread(os.fspath(path)) as raw:
            checked_size(raw.sizes.iheight, raw.sizes.iwidth)
            yield raw
    except rawpy.LibRawFileUnsupportedError:
        raise ValueError(
            "LibRaw cannot read it: it is damaged, no camera raw, or from a camera it does not know"
        ) from None
    except rawpy.LibRawError as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        version = ".".join(map(str, rawpy.libraw_version))
        raise DamagedError(
            f"LibRaw {version} cannot develop it ({said}): it is cut off, or of a kind that this "
            "version does not know"
        ) from error


def _refuse_filled(raw: "rawpy.RawPy", path: Path) -> tuple[str, ...]:
    """Look at the last two rows of the sensor, and return a note where it is black all over.

    LibRaw fills what is missing in a file with zeros or with the last row that was there; no sensor
    sees two equal rows unless light has saturated them, or a lid was on it and all is stored.
    """
    sensor: Any = raw.raw_image_visible
    if (sensor[-1] != sensor[-2]).any() or sensor[-1].min() >= raw.white_level:
        return ()
    is_black = not sensor.any()
    if not sensor_is_stored(path) or (not sensor[-1].any() and not is_black):
        raise DamagedError("the data of its sensor end before its picture")
    return (NOTHING_BUT_ZEROS,) if is_black else ()


def _fallback_size(path: Path) -> tuple[int, int]:
    import imageio.v3

    return _checked_shape(_ask_imageio(imageio.v3.improps, path))


def _decode_fallback(path: Path) -> Raster:
    """Return a picture of 8 or 16 bit, or of numbers of [0, 1]; raises NotAPictureError for
    everything else.
    """
    import imageio.v3

    _fallback_size(path)
    samples = _ask_imageio(imageio.v3.imread, path)
    if samples.dtype.kind != "f":
        return from_channels(samples)
    words, notes = unit_samples(samples)
    return replace(from_channels(words), notes=notes)


FALLBACK = Decoder(_fallback_size, _decode_fallback, lambda _: Image.Exif())
"""imageio tells no EXIF."""


def _ask_imageio(question: Any, path: Path) -> Any:
    try:
        return question(path)
    except MemoryError:
        raise
    except Exception as error:  # every plugin of imageio raises its own
        with path.open("rb") as file:
            raise NotAPictureError(file.read(16)) from error


def _checked_shape(found: Any) -> tuple[int, int]:
    shape = tuple(found.shape)
    if (
        str(found.dtype) not in ("uint8", "uint16", "float16", "float32", "float64")
        or len(shape) not in (2, 3)
        or shape[2:] not in ((), (1,), (2,), (3,), (4,))
    ):
        raise NotAPictureError
    return checked_size(shape[0], shape[1])
