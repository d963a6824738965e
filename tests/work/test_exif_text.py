"""Does text of EXIF that is not ASCII come out byte for byte as it went in?"""

import struct

import numpy as np
import pytest
from PIL import Image

from srkit_core.io.images import Photo, read_photo, write_photo

ARTIST, OWNER, EXIF, GPS, AREA = 0x013B, 0xA430, 0x8769, 0x8825, 0x001D
TEXTS = {
    "latin-1": "Jörgen Müller".encode("latin-1"),
    "utf-8": "Jörgen 写真 ☀".encode(),
    "shift-jis": "写真".encode("shift-jis"),
    "ascii": b"Jorgen",
}


def directory(entries, place, following=b""):
    """A directory of TIFF 6.0, section 2, whose content lies behind it."""
    content, head = b"", struct.pack("<H", len(entries))
    behind = place + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        if len(value) <= 4:
            head += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            head += struct.pack("<HHII", tag, kind, count, behind + len(content))
            content += value + b"\0" * (len(value) % 2)
    return head + bytes(4) + content + following


def exif_with(text):
    """EXIF with a text in its first directory, in the camera's and, as a date, in that of GPS."""
    stored = text + b"\0"

    def first(exif, gps):
        return directory(
            [
                (ARTIST, 2, len(stored), stored),
                (EXIF, 4, 1, struct.pack("<I", exif)),
                (GPS, 4, 1, struct.pack("<I", gps)),
            ],
            8,
        )

    camera = 8 + len(first(0, 0))
    inside = directory([(OWNER, 2, len(stored), stored)], camera)
    place = camera + len(inside)
    places = directory([(AREA, 2, len(stored), stored)], place)
    return b"Exif\0\0II*\0\x08\0\0\0" + first(camera, place) + inside + places


def texts(content):
    """The bytes of all three, of EXIF that any program reads."""
    found = Image.Exif()
    found.load(content)
    values = (found[ARTIST], found.get_ifd(EXIF)[OWNER], found.get_ifd(GPS)[AREA])
    return [value.encode("latin-1") for value in values]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "jxl"])
def test_text_is_kept_from_any_file_into_every_format(tmp_path, ending, deep, name):
    Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(
        tmp_path / "source.jpg", exif=exif_with(TEXTS[name])
    )
    read = read_photo(tmp_path / "source.jpg")
    assert texts(read.exif) == [TEXTS[name]] * 3
    pixels = np.full((6, 8, 3), 9, np.uint16 if deep else np.uint8)
    write_photo(tmp_path / f"a.{ending}", Photo(pixels, exif=read.exif))
    assert texts(read_photo(tmp_path / f"a.{ending}").exif) == [TEXTS[name]] * 3
    assert (tmp_path / f"a.{ending}").read_bytes().count(TEXTS[name]) == 3
