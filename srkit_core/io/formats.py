"""By which table is every format recognised, read or written?

`FORMATS` is the table of srkit's own, each with a decoder or an encoder where Pillow has none;
plugins bring others. The first bytes of a file say which decoder reads it; its ending counts
only where they leave a choice, among files built like TIFF.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PIL import ExifTags

from srkit_core.io.bmp_decoder import BMP
from srkit_core.io.decode_errors import DamagedError, NotAPictureError
from srkit_core.io.encoders import (
    OFFSETS_OF_32_BIT,
    Encode,
    Encoder,
    at_once,
    encode_jpeg_xl,
    encode_tiff,
    pillow_encode,
)
from srkit_core.io.jpeg_decoder import JPEG
from srkit_core.io.jpegxl_decoder import CODESTREAM, CONTAINER, JPEG_XL
from srkit_core.io.library_decoders import FALLBACK, HEIF, RAW
from srkit_core.io.pillow_decoder import PILLOW, pillow_opens
from srkit_core.io.plugin_formats import plugin_decoder, plugin_encoders, plugin_endings
from srkit_core.io.png_decoder import PNG
from srkit_core.io.png_encoder import encode_png
from srkit_core.io.raster import Decoder
from srkit_core.io.tiff_decoder import TIFF, first_tags

_PROGRAMS = (b"%!PS", b"\xc5\xd0\xd3\xc6")  # PostScript, which Pillow would have Ghostscript run
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_COLOUR_FILTERS, _LINEAR_RAW = 32803, 34892
_PENTAX = 65535

_JPEG_SEGMENTS = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDB, *range(0xE0, 0xF0), 0xFE})


@dataclass(frozen=True)
class Format:
    """A row of the table.

    `endings` are in lower case, the usual one first. A file is of this format when it begins with
    one of `starts`, when its major or compatible brand (ISO/IEC 14496-12, 4.3) is one of `brands`,
    or when `sniff` says so of its path and first 256 bytes; where none is given, Pillow is asked.
    `written` are the endings under which `encoder` writes it, and `common` says whether a person is
    told of it.
    """

    name: str
    endings: tuple[str, ...]
    decoder: Decoder = PILLOW
    starts: tuple[bytes, ...] = ()
    brands: frozenset[bytes] = frozenset()
    sniff: Callable[[Path, bytes], bool] | None = None
    encoder: Encoder | None = None
    written: tuple[str, ...] = ()
    common: bool = False

    def matches(self, path: Path, head: bytes) -> bool:
        """Say whether a file that begins with `head` is of this format."""
        return (
            head.startswith(self.starts)
            or not self.brands.isdisjoint(_brands(head))
            or (self.sniff is not None and self.sniff(path, head))
        )


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
        raise NotAPictureError(head)
    for known in FORMATS:
        if known.matches(path, head):
            return known.decoder
    if pillow_opens(path):
        return PILLOW
    return plugin_decoder(head) or (RAW if _is_named_raw(path) else FALLBACK)


def _brands(head: bytes) -> set[bytes]:
    if head[4:8] != b"ftyp":
        return set()
    box = head[8 : int.from_bytes(head[:4], "big")]
    return {box[:4]} | {box[place : place + 4] for place in range(8, len(box), 4)}


def _is_jpeg(path: Path, head: bytes) -> bool:
    """Say whether a start is followed by a segment, if behind bytes that are none."""
    del path
    return head.startswith(b"\xff\xd8") and any(
        byte in _JPEG_SEGMENTS for byte in (part[0] for part in head.split(b"\xff")[1:] if part)
    )


def _is_webp(path: Path, head: bytes) -> bool:
    del path
    return head[8:12] == b"WEBP"


def _is_camera_tiff(path: Path, head: bytes) -> bool:
    """Tell a raw file from a TIFF file: its first directory is a preview beside others, or sensor
    data, or a camera's own.
    """
    if not head.startswith(_TIFF_STARTS):
        return False
    if head[8:10] == b"CR":
        return True
    try:
        tags = first_tags(path)
    except DamagedError:
        return _is_named_raw(path)
    names, made = ExifTags.Base, ExifTags.Base.Make in tags
    return (
        tags.get(names.PhotometricInterpretation) in (_COLOUR_FILTERS, _LINEAR_RAW)
        or names.DNGVersion in tags
        or (tags.get(names.NewSubfileType) == 1 and (made or names.SubIFDs in tags))
        or (made and (_is_named_raw(path) or tags.get(names.Compression) == _PENTAX))
    )


def _is_named_raw(path: Path) -> bool:
    return path.suffix.lower() in CAMERA_RAW.endings


def _jpeg(quality: int) -> Encode:
    return at_once(pillow_encode("JPEG", quality=quality, subsampling=0))


def _endings(names: str) -> tuple[str, ...]:
    return tuple(f".{name}" for name in names.split())


CAMERA_RAW: Final = Format(
    "camera raw",
    _endings("""3fr arw bay cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos
    mrw nef nrw orf pef ptx raf raw rw2 rwl rwz sr2 srf srw x3f"""),
    RAW,
    starts=(
        b"FUJIFILMCCD-RAW",
        b"IIRO",
        b"IIRS",
        b"MMOR",
        b"IIU\0",
        b"\0MRM",
        b"FOVb",
        b"II\x1a\0\0\0HEAPCCDR",
    ),
    brands=frozenset({b"crx "}),
    sniff=_is_camera_tiff,
    common=True,
)

FORMATS: Final = (
    CAMERA_RAW,  # before TIFF, as which many of them begin
    Format(
        "JPEG",
        _endings("jpg jpeg jpe jfif"),
        JPEG,
        sniff=_is_jpeg,
        encoder=Encoder(
            _jpeg(95),
            lossy=_jpeg,
            gray=True,
            most_side=65_500,  # libjpeg's; 65,535 by ITU-T T.81
            exif=True,
            profile=True,
            density=True,
        ),
        written=_endings("jpg jpeg"),
        common=True,
    ),
    Format(
        "PNG",
        _endings("png apng"),
        PNG,
        starts=(b"\x89PNG\r\n\x1a\n",),
        encoder=Encoder(
            encode_png,
            deep=True,
            alpha=True,
            gray=True,
            most_side_16_bit=1_000_000,  # libpng's, by which it is read
            exif=True,
            profile=True,
            density=True,
            texts=True,
            by_rows=True,
            level=lambda level: partial(encode_png, level=level),
        ),
        written=_endings("png"),
        common=True,
    ),
    Format(
        "TIFF",
        _endings("tif tiff"),
        TIFF,
        starts=_TIFF_STARTS,
        encoder=Encoder(
            encode_tiff,
            deep=True,
            alpha=True,
            gray=True,
            exif=True,
            profile=True,
            density=True,
            by_rows=True,
        ),
        written=_endings("tif tiff"),
        common=True,
    ),
    Format(
        "WebP",
        _endings("webp"),
        sniff=_is_webp,
        encoder=Encoder(
            at_once(pillow_encode("WEBP", lossless=True, exact=True, method=0)),
            lossy=lambda quality: at_once(pillow_encode("WEBP", quality=quality)),
            alpha=True,
            most_side=16_383,  # 14 bits (RFC 9649)
            exif=True,
            profile=True,
        ),
        written=_endings("webp"),
        common=True,
    ),
    Format(
        "AVIF",  # before HEIC, whose brand mif1 it bears too
        _endings("avif"),
        brands=frozenset({b"avif", b"avis"}),
        common=True,
    ),
    Format(
        "HEIC",
        _endings("heic heif hif"),
        HEIF,
        brands=frozenset(
            {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
            | {b"mif1", b"mif2", b"mif3", b"msf1"}
        ),
        common=True,
    ),
    Format(
        "JPEG 2000",
        _endings("jp2 j2k jpf jpx jpc j2c"),
        starts=(b"\0\0\0\x0cjP",),
        encoder=Encoder(at_once(pillow_encode("JPEG2000")), alpha=True, gray=True),
        written=_endings("jp2"),
        common=True,
    ),
    Format(
        "JPEG XL",
        _endings("jxl"),
        JPEG_XL,
        starts=(CODESTREAM, CONTAINER),
        encoder=Encoder(
            at_once(encode_jpeg_xl),
            deep=True,
            alpha=True,
            exif=True,
            lossy=lambda quality: at_once(partial(encode_jpeg_xl, quality=quality)),
        ),
        written=_endings("jxl"),
        common=True,
    ),
    Format(
        "PPM",
        _endings("ppm pgm pbm pnm"),
        encoder=Encoder(at_once(pillow_encode("PPM"))),
        written=_endings("ppm"),
        common=True,
    ),
    Format(
        "BMP",
        _endings("bmp dib"),
        BMP,
        starts=(b"BM",),
        encoder=Encoder(at_once(pillow_encode("BMP")), most_bytes=OFFSETS_OF_32_BIT, density=True),
        written=_endings("bmp"),
    ),
    Format("GIF", _endings("gif"), starts=(b"GIF8",)),
    Format("TGA", _endings("tga")),
)
"""The formats, the first that matches a file first; what matches none is Pillow's if Pillow knows
it, else a plugin's, else a raw file if its ending says so, else left to the fallback.
"""

_ENDINGS: Final = frozenset(ending for known in FORMATS for ending in known.endings)

_ENCODERS: Final = {
    ending: known.encoder for known in FORMATS if known.encoder for ending in known.written
}
DEEP: Final = frozenset(ending for ending, encoder in _ENCODERS.items() if encoder.deep)
"""Endings of formats that keep 16 bit."""

_USUAL = " ".join(known.endings[0] for known in FORMATS if known.common and known is not CAMERA_RAW)
IN_WORDS: Final = f"{_USUAL}, {CAMERA_RAW.name} files and others"
"""The endings of pictures, short enough for a hint."""


def picture_endings() -> frozenset[str]:
    """Return the endings (in lower case) by which a file in a folder counts as a picture."""
    return _ENDINGS | plugin_endings()


def encoders() -> dict[str, Encoder]:
    """Return how a file is encoded, by its ending (in lower case); srkit's own win."""
    return plugin_encoders() | _ENCODERS


def writable_endings() -> frozenset[str]:
    """Return the endings (in lower case) of the formats that are written."""
    return frozenset(encoders())
