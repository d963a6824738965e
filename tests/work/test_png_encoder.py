"""Is a PNG that is written row by row what other libraries read?"""

import io
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from srkit_core.errors import DataError, RecipeError
from srkit_core.io.encoders import Header
from srkit_core.io.picture_writer import PictureFrame, check_choices, write_bands
from srkit_core.io.png_encoder import encode_png
from srkit_core.io.raster import srgb_profile

SIZES = [(1, 1), (1, 7), (9, 1), (33, 35), (3, 40_001)]


def samples(height, width, channels, kind):
    rng = np.random.default_rng(height + width + channels)
    shape = (height, width) if channels == 1 else (height, width, channels)
    made = rng.integers(0, np.iinfo(kind).max, shape, endpoint=True, dtype=kind)
    made[: height // 2] = np.sort(made[: height // 2], axis=1)
    return made


def encoded(pixels, cuts=(), **described):
    deep = pixels.dtype == np.uint16
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    header = Header(*pixels.shape[:2], channels=channels, deep=deep, **described)
    return b"".join(encode_png(header, np.split(pixels, cuts)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_every_kind_of_pixels_is_read_as_it_was(size, channels, kind):
    pixels = samples(*size, channels, kind)
    file = encoded(pixels, [1, 2])
    assert np.array_equal(imagecodecs.png_decode(file).reshape(pixels.shape), pixels)
    with Image.open(io.BytesIO(file)) as picture:
        picture.load()
        assert picture.size == size[::-1]
        if kind == np.uint8:
            assert picture.mode == ("L", "LA", "RGB", "RGBA")[channels - 1]
            assert np.array_equal(np.asarray(picture), pixels)


def test_the_file_does_not_depend_on_how_rows_come():
    pixels = samples(3000, 200, 3, np.uint8)
    assert np.array_equal(imagecodecs.png_decode(encoded(pixels, [700, 701, 2999])), pixels)
    assert np.array_equal(imagecodecs.png_decode(encoded(pixels)), pixels)


def test_a_smooth_picture_becomes_small(smooth):
    pixels = smooth(300, 400)
    assert len(encoded(pixels)) < 0.6 * len(zlib.compress(pixels.tobytes(), 9))


def test_profile_and_exif_stand_before_the_pixels():
    exif = Image.Exif()
    exif[0x010E] = "a tree"
    file = encoded(samples(5, 6, 3, np.uint16), exif=exif.tobytes(), profile=srgb_profile())
    with Image.open(io.BytesIO(file)) as picture:
        assert picture.info["icc_profile"] == srgb_profile()
        assert picture.getexif()[0x010E] == "a tree"
    assert file.index(b"iCCP") < file.index(b"eXIf") < file.index(b"IDAT")


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_what_makes_the_bands_may_fail(tmp_path, ending):
    def bands():
        yield samples(3, 6, 3, np.uint8), None
        raise ValueError("no more of them")

    with pytest.raises(ValueError, match="no more of them") as caught:
        write_bands(tmp_path / f"a.{ending}", PictureFrame((5, 6)), bands())
    assert not isinstance(caught.value, DataError)
    assert list(tmp_path.iterdir()) == []


def test_a_level_makes_the_same_pixels_of_fewer_bytes(tmp_path, smooth):
    pixels = smooth(300, 400)
    sizes = []
    for level in (None, 1, 6):
        write_bands(tmp_path / "a.png", PictureFrame((300, 400), png_level=level), [(pixels, None)])
        file = (tmp_path / "a.png").read_bytes()
        assert np.array_equal(imagecodecs.png_decode(file), pixels)
        sizes.append(len(file))
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_level_is_of_png_alone(tmp_path):
    check_choices(tmp_path / "a.png", None, 9)
    with pytest.raises(RecipeError, match=r"--png-level 9 is of PNG, not of \.jpg"):
        check_choices(tmp_path / "a.jpg", None, 9)
    with pytest.raises(RecipeError, match=r"--quality 90 is not for \.png"):
        check_choices(tmp_path / "a.png", 90, 9)
