"""Does a larger picture say what made it, and in how many dots per inch it is shown?"""

import struct
from importlib.metadata import version

import numpy as np
import pytest
from PIL import ExifTags, Image

from srkit_core.io.images import Photo, read_photo, write_photo
from srkit_core.upscaling.upscaler import upscale

SOFTWARE, PROCESSING = ExifTags.Base.Software, ExifTags.Base.ProcessingSoftware
MAKE, ORIENTATION = ExifTags.Base.Make, ExifTags.Base.Orientation
BY_SRKIT = f"srkit {version('srkit')}, nearest x2"


def exif_with(**tags):
    exif = Image.Exif()
    exif.update({ExifTags.Base[name]: value for name, value in tags.items()})
    return exif


def source(path, **options):
    pixels = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


def upscaled(folder, ending, **options):
    target = folder / f"large.{ending}"
    upscale("nearest", source(folder / "a.jpg", **options), target, scale=2)
    return target


def exif_of(path):
    found = Image.Exif()
    found.load(read_photo(path).exif)
    return found


@pytest.mark.parametrize("ending", ["jpg", "tif", "webp", "jxl"])
def test_exif_names_srkit_the_model_and_the_scale(tmp_path, ending):
    assert exif_of(upscaled(tmp_path, ending))[SOFTWARE] == BY_SRKIT
    again = exif_of(upscaled(tmp_path, ending, exif=exif_with(Make="Maker")))
    assert (again[MAKE], again[SOFTWARE]) == ("Maker", BY_SRKIT)


@pytest.mark.parametrize("ending", ["jpg", "tif", "webp"])
def test_the_software_of_a_camera_stays_and_srkit_stands_beside_it(tmp_path, ending):
    path = upscaled(tmp_path, ending, exif=exif_with(Make="Maker", Software="Firmware 1.02"))
    with Image.open(path) as image:
        exif = image.getexif()
    assert (exif[SOFTWARE], exif[PROCESSING]) == ("Firmware 1.02", BY_SRKIT)
    assert exif[MAKE] == "Maker"


def test_a_png_names_it_in_its_text_and_leaves_the_camera_s_exif_alone(tmp_path):
    with Image.open(upscaled(tmp_path, "png", exif=exif_with(Software="Firmware 1.02"))) as image:
        assert image.info["Software"] == BY_SRKIT
        assert dict(image.getexif()) == {SOFTWARE: "Firmware 1.02"}


def test_what_nothing_made_names_nothing(tmp_path):
    for ending in ("jpg", "tif", "webp", "jxl"):
        write_photo(tmp_path / f"a.{ending}", Photo(np.zeros((6, 8, 3), np.uint8)))
        assert read_photo(tmp_path / f"a.{ending}").exif == b""


def stated(path):
    with Image.open(path) as image:
        return tuple(float(one) for one in image.info["dpi"])


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "bmp"])
def test_a_larger_picture_has_the_density_of_its_source(tmp_path, ending):
    path = upscaled(tmp_path, ending, dpi=(300, 150))
    assert stated(path) == pytest.approx((300, 150), abs=0.02)
    assert read_photo(path).density == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("ending", ["webp", "jxl"])
def test_a_format_without_a_place_for_it_says_its_density_in_exif(tmp_path, ending):
    path = upscaled(tmp_path, ending, dpi=(300, 150), exif=exif_with(Make="Maker"))
    assert read_photo(path).density == pytest.approx((300, 150))
    assert exif_of(path)[MAKE] == "Maker"
    assert read_photo(upscaled(tmp_path, ending)).density is None


def test_a_density_is_written_in_each_format_s_own_unit(tmp_path):
    png, jpg = (upscaled(tmp_path, ending, dpi=(72, 300)) for ending in ("png", "jpg"))
    assert struct.pack(">4sIIB", b"pHYs", 2835, 11811, 1) in png.read_bytes()
    assert jpg.read_bytes()[6:18] == b"JFIF\0" + struct.pack(">HBHH", 0x0101, 1, 72, 300)
    with Image.open(upscaled(tmp_path, "tif", dpi=(72, 300))) as image:
        base = ExifTags.Base
        tags = [image.tag_v2[one] for one in (base.XResolution, base.YResolution)]
        assert (tags, image.tag_v2[base.ResolutionUnit]) == ([72, 300], 2)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "bmp", "webp"])
def test_every_format_tells_its_density(tmp_path, ending):
    exif = exif_with(XResolution=120.0, YResolution=120.0, ResolutionUnit=3)
    options = {"exif": exif} if ending == "webp" else {"dpi": (304.8, 304.8)}
    tolerance = 1 if ending == "jpg" else 0.02
    seen = read_photo(source(tmp_path / f"a.{ending}", **options)).density
    assert seen == pytest.approx((304.8, 304.8), abs=tolerance)


def test_a_turned_picture_has_a_turned_density(tmp_path):
    exif = exif_with(Orientation=6, XResolution=200.0, YResolution=100.0)
    assert read_photo(source(tmp_path / "a.jpg", exif=exif)).density == (100, 200)


@pytest.mark.parametrize("exif", [{}, {"XResolution": 300.0}, {"XResolution": 0.0}])
def test_what_says_no_density_gets_none(tmp_path, exif):
    path = upscaled(tmp_path, "jpg", exif=exif_with(**exif))
    with Image.open(path) as image:
        assert image.info["jfif_unit"] == 0
    assert read_photo(path).density is None
    assert b"pHYs" not in upscaled(tmp_path, "png", exif=exif_with(**exif)).read_bytes()
