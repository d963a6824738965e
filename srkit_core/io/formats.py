"""Which decoder reads this file?

Its first bytes say so; the ending counts only where they leave a choice, among files built like
TIFF.
"""

from pathlib import Path
from typing import Protocol

from PIL import Image, UnidentifiedImageError

from srkit_core.io import bitmap, heif, raw, rest, tiff
from srkit_core.io.failure import NotAPictureError
from srkit_core.io.raster import Raster

_RAW_NAMES = """3fr arw bay cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos
    mrw nef nrw orf pef ptx raf raw rw2 rwl rwz sr2 srf srw x3f"""
_OTHER_NAMES = """png apng jpg jpeg jpe jfif webp tif tiff bmp dib gif tga jp2 j2k jpf jpx jpc j2c
    ppm pgm pbm pnm heic heif hif avif"""

RAW_ENDINGS = frozenset(f".{name}" for name in _RAW_NAMES.split())
"""Endings (in lower case) of camera raw files."""

ENDINGS = RAW_ENDINGS | {f".{name}" for name in _OTHER_NAMES.split()}
"""Endings (in lower case) by which a file in a folder counts as a picture."""

IN_WORDS = ".jpg .png .tif .webp .heic .avif .jp2 .ppm, camera raw files and others"
"""The endings of pictures, short enough for a hint."""

_RAW_STARTS = (
    b"FUJIFILMCCD-RAW",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\0",
    b"\0MRM",
    b"FOVb",
    b"II\x1a\0\0\0HEAPCCDR",
)
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PLAIN_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"\0\0\0\x0cjP")
_PROGRAMS = (b"%!PS", b"\xc5\xd0\xd3\xc6")  # PostScript, which Pillow would have Ghostscript run
_CANON = b"crx "
_HEIF_BRANDS = frozenset(
    {
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"hevx",
        b"hevm",
        b"hevs",
        b"mif1",
        b"mif2",
        b"msf1",
    }
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _MAKE, _DNG_VERSION = 254, 262, 271, 50706
_COLOUR_FILTERS, _LINEAR_RAW = 32803, 34892


class Decoder(Protocol):
    """What every decoder module offers."""

    def size(self, path: Path) -> tuple[int, int]:
        """Return (height, width) of the upright picture from its header alone."""

    def decode(self, path: Path) -> Raster:
        """Return the picture."""

    def exif(self, path: Path) -> Image.Exif:
        """Return the EXIF of the file."""


def decoder_of(path: Path) -> Decoder:
    """Return the decoder of a file.

    Raises OSError when it cannot be opened, ValueError when it holds no picture.
    """
    with path.open("rb") as file:
        head = file.read(256)
    if not head:
        raise ValueError("it is empty")
    if not head.strip(b"\0"):
        raise ValueError("it begins with nothing but zeros")
    if head.startswith(_PROGRAMS):
        raise NotAPictureError
    brands = _brands(head)
    if head.startswith(_RAW_STARTS) or _CANON in brands:
        return raw
    if head.startswith(_PLAIN_STARTS) or head[8:12] == b"WEBP" or brands & _AVIF_BRANDS:
        return bitmap
    if head.startswith(_TIFF_STARTS):
        return raw if _is_from_a_camera(path, head) else tiff if tiff.is_deep(path) else bitmap
    if brands & _HEIF_BRANDS:
        return heif
    return bitmap if _pillow_knows(path) else raw if path.suffix.lower() in RAW_ENDINGS else rest


def _brands(head: bytes) -> set[bytes]:
    """Return the major and compatible brands of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        return set()
    box = head[8 : int.from_bytes(head[:4], "big")]
    return {box[:4]} | {box[place : place + 4] for place in range(8, len(box), 4)}


def _is_from_a_camera(path: Path, head: bytes) -> bool:
    """Tell a raw file from a TIFF file: its first directory is a preview, or sensor data, or one
    that nothing else reads.
    """
    is_named_so = path.suffix.lower() in RAW_ENDINGS
    if head[8:10] == b"CR":
        return True
    try:
        with Image.open(path, formats=["TIFF"]) as image:
            tags = image.getexif()
    except UnidentifiedImageError:
        return is_named_so or not tiff.is_deep(path)
    preview, sensor = (
        tags.get(_NEW_SUBFILE_TYPE) == 1,
        tags.get(_PHOTOMETRIC) in (_COLOUR_FILTERS, _LINEAR_RAW),
    )
    return preview or sensor or _DNG_VERSION in tags or (is_named_so and _MAKE in tags)


def _pillow_knows(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except UnidentifiedImageError:
        return False
