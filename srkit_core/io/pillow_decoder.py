"""How are the formats read that Pillow knows?

Pillow reads every header. Of several pictures in a file the first is read, and it is said that
there are more. Pixels come from Pillow but in two cases:

- JPEG 2000 and AVIF of more than 8 bit, which Pillow cuts down to 8: imagecodecs reads them and
  raises where data are missing. An AVIF of several pictures stays Pillow's, in 8 bit: asked for one
  of them, imagecodecs (2026.3) writes beyond its memory;
- a PPM of more than 8 bit, which is its header and big-endian numbers and needs no library.

JPEG, PNG, TIFF and BMP have decoders of their own, which let Pillow read what it can.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile, StubImageFile

from srkit_core.io.boxes import colour_code, content_end
from srkit_core.io.colorimetry import ColourCode, code_to_srgb
from srkit_core.io.decode_errors import (
    NOTHING_BUT_ZEROS,
    ZEROS,
    DamagedError,
    checked_size,
    ends_in_zeros,
    refuse_zeros,
    silence_library,
)
from srkit_core.io.exif import exif_before_pixels, exif_orientation, load_sub_ifds
from srkit_core.io.raster import (
    Decoder,
    Raster,
    Samples,
    from_channels,
    is_sideways,
    one_of,
    scale_to_16_bit,
)
from srkit_core.io.tiff_colours import unit_samples

_UNCHECKED = ("WEBP", "AVIF", "JPEG2000")
"""Formats whose decoders take zeros for compressed data."""

_CODED = (*_UNCHECKED, "PNG", "JPEG", "MPO", "GIF")
"""Formats in which a black picture and a copy that broke off are not the same bytes."""

_FRAMES = ("GIF", "PNG", "WEBP", "AVIF", "FLI")
"""Formats in which further pictures are frames, and no previews or other sizes of the first."""

_COLOURS = ("RGB", "RGBA", "LA")
_GRAYS = ("L", "I;16")
_CODESTREAM, _END_OF_CODESTREAM = b"\xff\x4f", b"\xff\xd9"
_DEPTH_IN_CODESTREAM = 42
_DEPTH_IN_BOX = 14
_DEPTH_IN_AV1 = 6
_HIGH, _TWELVE = 0x40, 0x20


def pillow_opens(path: Path) -> bool:
    """Say whether Pillow knows the format of a file."""
    try:
        with Image.open(path):
            return True
    except UnidentifiedImageError:
        return False


def _size(path: Path) -> tuple[int, int]:
    with path.open("rb") as file, opened(file) as image:
        width, height = image.size
        return (width, height) if is_sideways(_orientation(image)) else (height, width)


def _decode(path: Path) -> Raster:
    """Raises what its decoder raises, ValueError for numbers of unknown range."""
    data = path.read_bytes()
    with opened(BytesIO(data)) as image:
        if image.format in _UNCHECKED:
            refuse_zeros(data[: _content_end(data)][-ZEROS:])
        promised, is_deep = image.width * image.height, _is_deep(image, data)
        turn, profile = _orientation(image), image.info.get("icc_profile") or b""
        channels, notes = (_deep_channels(image, data), ()) if is_deep else pillow_channels(image)
        if channels.shape[0] * channels.shape[1] != promised:
            raise DamagedError("its pixels are not as many as its header promises")
        raster = as_raster(image, channels, turn, profile)
        if image.format not in _CODED:
            notes = (*notes, *(ends_in_zeros(data) if channels.any() else (NOTHING_BUT_ZEROS,)))
        code = _colour_code(BytesIO(data), len(data), image)
        return replace(raster, samples=code_to_srgb(raster.samples, code), notes=notes)


def _content_end(data: bytes) -> int:
    """Return where the content of a WebP, AVIF or JPEG 2000 file ends; zeros may follow."""
    if data[:4] == b"RIFF":
        return 8 + int.from_bytes(data[4:8], "little")
    if data[:2] == _CODESTREAM:
        end = data.rfind(_END_OF_CODESTREAM) + 2
        return end if end > 2 and not data[end:].strip(b"\0") else len(data)
    return content_end(BytesIO(data), len(data))


def as_raster(image: Image.Image, channels: Samples, turn: int, profile: bytes) -> Raster:
    """Part channels into colours and alpha, as the mode of a picture says."""
    if image.mode == "CMYK":
        return Raster(channels, None, turn, profile)
    return from_channels(channels, turn, profile)


def _exif(path: Path) -> Image.Exif:
    """Return the EXIF that stands before the pixels."""
    with path.open("rb") as file, opened(file) as image:
        return load_sub_ifds(exif_before_pixels(image))


def frames_of(path: Path) -> tuple[str, ...]:
    """Say of how many frames the first is read."""
    with path.open("rb") as file, opened(file) as image:
        frames = getattr(image, "n_frames", 1) if image.format in _FRAMES else 1
        code = _colour_code(file, path.stat().st_size, image)
    return one_of(frames, "frames") + code.notes()


PILLOW = Decoder(_size, _decode, _exif, frames_of)


def _colour_code(file: IO[bytes], length: int, image: Image.Image) -> ColourCode:
    """Return how AVIF names its colours where no profile does."""
    if image.format != "AVIF" or image.info.get("icc_profile"):
        return ColourCode()
    return colour_code(file, length)


@contextmanager
def opened(file: IO[bytes]) -> Iterator[ImageFile]:
    """Read the header of a picture, whose size is checked before anything is decoded."""
    try:
        image = Image.open(file)
    except UnidentifiedImageError:
        raise DamagedError("its header cannot be read") from None
    with image:
        if isinstance(image, StubImageFile):
            raise ValueError(f"it is of a format that is not read ({image.format})")
        checked_size(image.height, image.width)
        yield image


def _orientation(image: ImageFile) -> int:
    """Return the EXIF orientation that the header holds, 1 for TIFF, which Pillow makes upright
    itself.
    """
    return 1 if image.format == "TIFF" else exif_orientation(image)


def _has_frames(image: ImageFile) -> bool:
    return bool(getattr(image, "is_animated", False))


def pillow_channels(image: ImageFile) -> tuple[Samples, tuple[str, ...]]:
    """Return 8 bit, or 16 bit of gray, and notes; palettes are looked up, bits become 0 and 255."""
    _load(image)
    if image.mode == "F":
        return unit_samples(np.asarray(image))
    if image.mode.startswith("I"):
        return _gray(image), ()
    if image.has_transparency_data:
        return np.array(image.convert("RGBA")), ()
    known = image.mode in ("L", "RGB", "CMYK")
    flat = "L" if image.mode == "1" else "RGB"
    return np.array(image if known else image.convert(flat)), ()


def _load(image: ImageFile) -> None:
    try:
        image.load()
    except (MemoryError, Image.DecompressionBombError):
        raise
    except Exception as error:  # Pillow names no base class for what its decoders raise
        raise DamagedError(error) from error


def _gray(image: ImageFile) -> Samples:
    gray = np.asarray(image)
    if gray.min() < 0 or gray.max() > 65535:
        raise ValueError("its pixels are integers of more than 16 bits")
    return gray.astype(np.uint16)


def by_imagecodecs(codec: str, data: bytes) -> Samples:
    """Raises DamagedError where data are missing or a checksum is wrong."""
    import imagecodecs

    silence_library("imagecodecs")
    try:
        samples: Samples = getattr(imagecodecs, f"{codec}_decode")(data)
    except (RuntimeError, ValueError) as error:
        raise DamagedError(error) from error
    return samples


def _is_deep(image: ImageFile, data: bytes) -> bool:
    """Say whether the picture that Pillow opened from `data` holds more than Pillow would read."""
    match image.format:
        case "AVIF":
            return _depth_of_avif(data) > 8 and not _has_frames(image)
        case "JPEG2000":
            return 8 < _depth_of_jpeg_2000(data) <= 16 and image.mode in _COLOURS + _GRAYS
        case "PPM":
            return (
                image.mode in _COLOURS and image.tile[0].codec_name == "ppm" and _most(image) > 255
            )
    return False


def _deep_channels(image: ImageFile, data: bytes) -> Samples:
    """Return uint16 (H, W, C) or (H, W), C as the file has it."""
    match image.format:
        case "AVIF":
            return scale_to_16_bit(by_imagecodecs("avif", data), 2 ** _depth_of_avif(data) - 1)
        case "PPM":
            return _ppm(image, data)
    return _jpeg_2000(data)


def _jpeg_2000(data: bytes) -> Samples:
    """Signed numbers are counted from the lowest."""
    samples, bits = by_imagecodecs("jpeg2k", data), _depth_of_jpeg_2000(data)
    lowest = 0 if samples.dtype.kind == "u" else -(2 ** (bits - 1))
    return scale_to_16_bit((samples.astype(np.int32) - lowest).astype(np.uint16), 2**bits - 1)


def _ppm(image: ImageFile, data: bytes) -> Samples:
    """Read the binary numbers behind the header (netpbm's ppm(5)), spread so that the largest
    allowed one becomes 65535.
    """
    wanted, start, most = image.width * image.height * 3, image.tile[0].offset, _most(image)
    numbers = np.frombuffer(data, ">u2", count=min(wanted, (len(data) - start) // 2), offset=start)
    if numbers.size < wanted:
        raise DamagedError("its numbers are fewer than its header promises")
    return scale_to_16_bit(numbers, most).reshape(image.height, image.width, 3)


def _most(image: ImageFile) -> int:
    arguments: Any = image.tile[0].args
    return int(arguments[1])


def _depth_of_jpeg_2000(data: bytes) -> int:
    """Return the bits of a sample: Ssiz of the SIZ marker, else BPC of the image header box (ITU-T
    T.800, A.5.1 and I.5.3.1).
    """
    place = (
        _DEPTH_IN_CODESTREAM
        if data[:2] == b"\xff\x4f"
        else data.find(b"ihdr", 0, 256) + _DEPTH_IN_BOX
    )
    return (data[place] & 0x7F) + 1


def _depth_of_avif(data: bytes) -> int:
    """Return the bits of a sample, 8, 10 or 12, as the first configuration box says (AV1 in
    ISOBMFF, 2.3.3).
    """
    place = data.find(b"av1C") + _DEPTH_IN_AV1
    flags = data[place] if place < len(data) else 0
    return 8 if not flags & _HIGH else 12 if flags & _TWELVE else 10
