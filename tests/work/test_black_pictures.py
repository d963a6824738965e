"""Is a picture that is black all over read as what it is, and is what cannot be told from a hole
said to be so?
"""

from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.errors import DataError
from srkit_core.io.decode_errors import NOTHING_BUT_ZEROS
from srkit_core.io.images import read_image, read_photo

BLACK = np.zeros((24, 32, 3), np.uint8)


def by_pillow(form, mode="RGB", **options):
    file = BytesIO()
    Image.fromarray(BLACK).convert(mode).save(file, form, **options)
    return file.getvalue()


def tiff(kind=np.uint8, shape=(24, 32, 3), photometric="rgb", **options):
    file = BytesIO()
    tifffile.imwrite(file, np.zeros(shape, kind), photometric=photometric, **options)
    return file.getvalue()


def heic():
    import pillow_heif

    file = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(BLACK)).save(file, quality=90)
    return file.getvalue()


GRAY = {"shape": (24, 32), "photometric": "minisblack"}
CERTAIN = {
    "png": by_pillow("PNG"),
    "gray.png": by_pillow("PNG", "L"),
    "bits.png": by_pillow("PNG", "1"),
    "deep.png": bytes(imagecodecs.png_encode(BLACK.astype(np.uint16))),
    "jpg": by_pillow("JPEG"),
    "gray.jpg": by_pillow("JPEG", "L"),
    "progressive.jpg": by_pillow("JPEG", progressive=True),
    "optimised.jpg": by_pillow("JPEG", "L", optimize=True),
    "webp": by_pillow("WEBP"),
    "lossless.webp": by_pillow("WEBP", lossless=True),
    "gif": by_pillow("GIF"),
    "jp2": by_pillow("JPEG2000"),
    "avif": by_pillow("AVIF"),
    "heic": heic(),
    "jxl": bytes(imagecodecs.jpegxl_encode(BLACK, lossless=True)),
    **{f"{code}.tif": by_pillow("TIFF", "1", compression=code)
       for code in ("group3", "group4", "tiff_ccitt", "tiff_lzw")},
    "jpeg.tif": by_pillow("TIFF", compression="jpeg"),
    **{f"{code}{deep}.tif": tiff(np.uint16 if deep else np.uint8, compression=code)
       for code in ("lzw", "zlib", "zstd", "lzma", "png", "jpeg2000", "jpegxl")
       for deep in (0, 1)},
    "gray.tif": tiff(compression="lzw", **GRAY),
}  # fmt: skip
UNCERTAIN = {
    "bmp": by_pillow("BMP"),
    "gray.bmp": by_pillow("BMP", "L"),
    "ppm": by_pillow("PPM"),
    "pgm": by_pillow("PPM", "L"),
    "deep.pgm": b"P5 32 24 65535\n" + bytes(24 * 32 * 2),
    "deep.ppm": b"P6 32 24 65535\n" + bytes(24 * 32 * 6),
    "tga": by_pillow("TGA"),
    "gray.tga": by_pillow("TGA", "L"),
    "sgi": by_pillow("SGI"),
    "plain.tif": by_pillow("TIFF"),
    "tiles.tif": tiff(tile=(16, 16)),
    "deep.tif": tiff(np.uint16),
    "deeper.tif": tiff(np.uint32, **GRAY),
    "float.tif": tiff(np.float32, **GRAY),
    "big.tif": tiff(bigtiff=True, byteorder=">"),
    "bits.tif": by_pillow("TIFF", "1"),
    "packbits.tif": tiff(compression="packbits"),
    "packbits1.tif": tiff(np.uint16, compression="packbits"),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_compressed_black_is_black_without_a_word(tmp_path, name):
    path = tmp_path / f"a.{name}"
    path.write_bytes(CERTAIN[name])
    photo = read_photo(path)
    assert photo.pixels.shape == (24, 32, 3)
    assert photo.pixels.max() <= 1
    assert photo.notes == ()


@pytest.mark.parametrize("name", UNCERTAIN)
def test_black_that_might_be_a_hole_is_read_with_a_note(tmp_path, name):
    path = tmp_path / f"a.{name}"
    path.write_bytes(UNCERTAIN[name])
    photo = read_photo(path)
    assert photo.pixels.shape == (24, 32, 3)
    assert not photo.pixels.any()
    assert NOTHING_BUT_ZEROS in photo.notes


@pytest.mark.parametrize("white", [np.uint8, np.uint16])
def test_white_that_is_stored_as_zeros_is_white(tmp_path, white):
    (tmp_path / "a.tif").write_bytes(tiff(white, (24, 32), "miniswhite"))
    photo = read_photo(tmp_path / "a.tif")
    assert (photo.pixels == np.iinfo(white).max).all()
    assert photo.notes == (NOTHING_BUT_ZEROS,)


@pytest.mark.parametrize("code", ["lzw", "zlib", "packbits", "zstd", "lzma", "png", "jpegxl"])
def test_compressed_data_that_are_zeros_are_a_hole(tmp_path, code):
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for options in ({}, {"rowsperstrip": 16}):
        tifffile.imwrite(
            tmp_path / "a.tif", picture, photometric="rgb", compression=code, **options
        )
        data = bytearray((tmp_path / "a.tif").read_bytes())
        with tifffile.TiffFile(tmp_path / "a.tif") as file:
            offset, count = (part[-1] for part in (file.pages[0].dataoffsets,
                                                   file.pages[0].databytecounts))  # fmt: skip
        for start in (offset, offset + count // 2):
            holed = (
                bytes(data[:start]) + bytes(offset + count - start) + bytes(data[offset + count :])
            )
            (tmp_path / "hole.tif").write_bytes(holed)
            with pytest.raises(DataError, match="it is truncated or damaged"):
                read_image(tmp_path / "hole.tif")


def dng(sensor, **options):
    """The smallest file that LibRaw develops (DNG 1.4)."""
    matrix = tuple(
        int(part) for row in np.eye(3, dtype=int) for value in row for part in (value, 1)
    )
    tags = [
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes([0, 1, 1, 2]), True),
        (50708, "s", 0, "Test", True),
        (50721, "2i", 9, matrix, True),
        (50728, "2I", 3, (1, 2, 1, 1, 1, 2), True),
    ]
    file = BytesIO()
    tifffile.imwrite(file, sensor, photometric=32803, extratags=tags, **options)
    return file.getvalue()


@pytest.mark.parametrize(("level", "notes"), [(0, (NOTHING_BUT_ZEROS,)), (300, ())])
def test_a_raw_file_with_the_lid_on_is_read(tmp_path, level, notes):
    data = dng(np.full((80, 112), level, np.uint16))
    (tmp_path / "a.dng").write_bytes(data)
    photo = read_photo(tmp_path / "a.dng")
    assert photo.pixels.shape == (80, 112, 3)
    assert photo.notes == notes
    (tmp_path / "cut.dng").write_bytes(data[:-2000])
    with pytest.raises(DataError, match="it is truncated or damaged"):
        read_photo(tmp_path / "cut.dng")


def test_black_pictures_are_upscaled_and_prepared_and_it_is_said(tmp_path, capsys):
    for name in ("bmp", "plain.tif", "png"):
        (tmp_path / f"a.{name}").write_bytes({**CERTAIN, **UNCERTAIN}[name])
    words = ["upscale", "nearest", str(tmp_path / "a.bmp"), "--out", str(tmp_path / "large.png")]
    assert run([*words, "--scale", "2"]) == 0
    assert f"note: {tmp_path / 'a.bmp'}: {NOTHING_BUT_ZEROS}" in capsys.readouterr().err
    assert not read_image(tmp_path / "large.png").any()


PICTURE = np.random.default_rng(1).integers(1, 256, (80, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["a.tif", "a.ppm", "a.sgi", "deep.tif", "tiles.tif"])
def test_uncompressed_data_that_end_in_zeros_are_read_with_a_note(tmp_path, name):
    path = tmp_path / name
    if name.startswith("a."):
        Image.fromarray(PICTURE).save(path)
    else:
        deep = PICTURE.astype(np.uint16) * 257 if name == "deep.tif" else PICTURE
        options = {"tile": (80, 80)} if name == "tiles.tif" else {}
        tifffile.imwrite(path, deep, photometric="rgb", **options)
    assert read_photo(path).notes == ()
    data = path.read_bytes()
    path.write_bytes(data[:-6000] + bytes(6000))
    note = "its data end in zeros: black at its edge, or a copy that broke off"
    assert read_photo(path).notes == (note,)


@pytest.mark.parametrize("name", ["a.webp", "a.avif", "a.jp2", "a.j2k", "a.heic"])
def test_room_behind_a_compressed_picture_is_no_hole(tmp_path, name):
    path = tmp_path / name
    if name == "a.heic":
        path.write_bytes(heic())
    else:
        Image.fromarray(PICTURE).save(path)
    data = path.read_bytes()
    before = read_image(path)
    path.write_bytes(data + bytes(1000))
    assert np.array_equal(read_image(path), before)
    if name in ("a.avif", "a.heic"):
        path.write_bytes(data + b"\0\0\x03\xe8free" + bytes(992))
        assert np.array_equal(read_image(path), before)
    path.write_bytes(data[: len(data) // 3] + bytes(len(data) - len(data) // 3))
    with pytest.raises(DataError, match="it is truncated or damaged"):
        read_image(path)
