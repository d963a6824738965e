"""Is the reason that a file is refused for true, or does it say that it is not known?"""

import struct
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from srkit_core.errors import DataError
from srkit_core.io.images import image_size, read_image

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def tiff(samples=PICTURE, photometric="rgb", **options):
    file = BytesIO()
    tifffile.imwrite(file, samples, photometric=photometric, **options)
    return bytearray(file.getvalue())


def changed(tag, value, **options):
    """A TIFF file, one number of whose directory is another."""
    data = tiff(**options)
    with tifffile.TiffFile(BytesIO(bytes(data))) as file:
        entry = file.pages.first.tags[tag]
    struct.pack_into("<H", data, entry.valueoffset, value)
    return bytes(data)


def heic(old=b"", new=b""):
    file = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(PICTURE)).save(file, quality=90)
    return file.getvalue().replace(old, new) if old else file.getvalue()


REASONS = {
    "compression.tif": (
        changed("Compression", 34676),
        "it is compressed in a way that is not read (code 34676)",
    ),
    "colours.tif": (
        changed("PhotometricInterpretation", 32845),
        "its colours are of a kind that is not read (code 32845)",
    ),
    "inks.tif": (
        bytes(tiff(np.dstack([PICTURE, PICTURE[:, :, :1]]), "separated",
                   extratags=[(332, "H", 1, 2, True)])),
        "its inks are not those of CMYK",
    ),
    "signed.tif": (
        bytes(tiff(PICTURE[:, :, 0].astype(np.int32) - 9, "minisblack")),
        "its pixels are signed 32-bit integers from -9 to 246",
    ),
    "complex.tif": (
        bytes(tiff(PICTURE[:, :, 0].astype(np.complex64), "minisblack")),
        "its pixels are numbers of a kind that is not read",
    ),
    "layers.tif": (
        bytes(tiff(np.repeat(PICTURE, 4, axis=2), "minisblack", planarconfig="contig")),
        "its pixels are 12 samples in 1 layers, no picture",
    ),
    "sensor.tif": (
        bytes(tiff(PICTURE[:, :, 0], 32803)),
        "LibRaw cannot read it: it is damaged, no camera raw, or from a camera it does not know",
    ),
    "other.heic": (
        heic(b"hvc1", b"unci"),
        "none of its pictures is of a codec that is read here",
    ),
    "a.exr": (b"v/1\x01\x02\0\0\0" + bytes(90), "it is of a format that is not read (OpenEXR)"),
    "a.hdr": (b"#?RADIANCE\n" + bytes(90), "it is of a format that is not read (Radiance HDR)"),
    "a.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "it is of a format that is not read (PostScript)"),
    "a.pdf": (b"%PDF-1.7\n", "it is of a format that is not read (PDF)"),
    "a.h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "it is of a format that is not read (HDF5)"),
    "rle.bmp": (
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 60, 0, 0, 54, 40, 2, 2, 1, 24, 4, 6, 0, 0, 0, 0)
        + bytes(6),
        "it is compressed in a way that is not read (code 4)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_what_is_not_read_is_not_called_damaged(tmp_path, name):
    data, reason = REASONS[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_image(tmp_path / name)
    assert caught.value.message.startswith(f"cannot read {tmp_path / name}: {reason}")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("cut", [9, 60, 1000, 4000])
def test_a_tiff_that_was_cut_is_no_camera_s_file(tmp_path, cut, big, order):
    data = bytes(tiff(byteorder=order, bigtiff=big))
    (tmp_path / "a.tif").write_bytes(data[:cut])
    with pytest.raises(DataError) as caught:
        read_image(tmp_path / "a.tif")
    assert "LibRaw" not in caught.value.message
    assert "it is truncated or damaged" in caught.value.message


def test_a_dark_tiff_is_dark(tmp_path):
    for level in (0, 1):
        (tmp_path / "a.tif").write_bytes(bytes(tiff(np.full_like(PICTURE, level))))
        assert read_image(tmp_path / "a.tif").max() == level
        assert image_size(tmp_path / "a.tif") == (32, 48)


def test_no_reason_is_a_word_of_a_program(tmp_path, monkeypatch):
    """Such as `list index out of range`, which is what a library's own fault looks like."""
    Image.fromarray(PICTURE).save(tmp_path / "a.tga")
    for fault, told in [
        (IndexError("list index out of range"), "its content contradicts itself"),
        (KeyError(5), "its content contradicts itself"),
        (
            ValueError("tile cannot extend outside image"),
            "its parts reach beyond the size that its header gives",
        ),
    ]:

        def load(self, fault=fault):
            raise fault

        monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
        with pytest.raises(DataError) as caught:
            read_image(tmp_path / "a.tga")
        assert caught.value.message.endswith(f"it is truncated or damaged ({told})")


@pytest.mark.parametrize("compression", ["zlib", "lzw", "jpeg"])
@pytest.mark.parametrize("kind", [4, 11, 16])
def test_a_part_of_more_bytes_than_the_file_has_asks_for_no_memory(tmp_path, compression, kind):
    """A forged count of any type, which would otherwise be reserved before it is read."""
    data = tiff(compression=compression, bigtiff=True)
    with tifffile.TiffFile(BytesIO(bytes(data))) as file:
        entry = file.pages.first.tags["StripByteCounts"]
    number = struct.pack("<Q", 2**48) if kind == 16 else struct.pack("<I", 2**31)
    struct.pack_into("<HQ", data, entry.offset + 2, kind, 1)
    data[entry.offset + 12 : entry.offset + 12 + len(number)] = number
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(DataError, match="it is truncated or damaged"):
        read_image(tmp_path / "a.tif")
