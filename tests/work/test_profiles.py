"""Does a copy of a picture that named its colours name them too, truly and in the same bytes every
time?
"""

from datetime import datetime
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.io.images import DEEP, Photo, read_image, read_photo, writable_endings, write_photo
from srkit_core.io.raster import srgb_profile
from srkit_core.models.model import Model
from srkit_core.registry import Component
from srkit_core.specs import GeneratorSpec
from srkit_core.upscaling.backends.torch_backend import TorchBackend
from srkit_core.upscaling.upscale_file import upscale_file
from srkit_core.upscaling.upscale_options import UpscaleOptions

ADOBE = imagecodecs.cms_profile("adobergb")
NAMING = ["png", "jpg", "webp", "tif"]


def noise(height, width, channels=3, deep=False):
    most, kind = (65536, np.uint16) if deep else (256, np.uint8)
    return np.random.default_rng(height).integers(0, most, (height, width, channels), dtype=kind)


def profile_of(path):
    with Image.open(path) as image:
        return image.info.get("icc_profile", b"")


def enlarge():
    class Enlarge(nn.Module):
        def forward(self, lr):
            return nn.functional.interpolate(lr, scale_factor=2.0, mode="nearest")

    spec = GeneratorSpec(name="fake", factory=lambda: None, summary="", scales=(2,))
    return Model(Enlarge(), BoundComponent("fake", Component(spec, "srkit-fake", "1"), {}, {}), 2)


def test_the_profile_is_that_of_srgb_and_bears_no_date_of_today():
    mine = ImageCms.ImageCmsProfile(BytesIO(srgb_profile()))
    assert "sRGB" in mine.profile.profile_description
    assert mine.profile.creation_date == datetime(1999, 10, 18)
    grid = Image.fromarray(noise(64, 64))
    followed = ImageCms.profileToProfile(grid, mine, ImageCms.createProfile("sRGB"))
    assert np.abs(np.asarray(followed).astype(int) - np.asarray(grid)).max() <= 1
    assert srgb_profile.__wrapped__() == srgb_profile()


@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("ending", NAMING)
def test_a_profiled_picture_is_written_with_it_and_read_as_it_was(
    tmp_path, ending, deep, with_alpha
):
    pixels, alpha = (
        noise(9, 7, deep=deep),
        noise(9, 7, 1, deep=deep)[:, :, 0] if with_alpha else None,
    )
    plain, named, again = (tmp_path / f"{name}.{ending}" for name in ("plain", "named", "again"))
    write_photo(plain, Photo(pixels, alpha))
    for path in (named, again):
        write_photo(path, Photo(pixels, alpha, profiled=True))
    assert (profile_of(plain), profile_of(named)) == (b"", srgb_profile())
    assert named.read_bytes() == again.read_bytes()
    one, other = read_photo(plain), read_photo(named)
    assert (one.profiled, other.profiled) == (False, True)
    assert np.array_equal(one.pixels, other.pixels)
    assert one.alpha is other.alpha is None or np.array_equal(one.alpha, other.alpha)
    if ending != "jpg" and (f".{ending}" in DEEP or not deep):
        assert np.array_equal(other.pixels, pixels)


def test_formats_without_a_place_for_a_profile_are_written_without(tmp_path):
    for ending in sorted(writable_endings() - {".jpeg", ".tiff", *(f".{name}" for name in NAMING)}):
        write_photo(tmp_path / f"a{ending}", Photo(noise(9, 7), profiled=True))
        assert np.array_equal(read_photo(tmp_path / f"a{ending}").pixels, noise(9, 7))
        assert not read_photo(tmp_path / f"a{ending}").profiled


@pytest.mark.parametrize("ending", NAMING)
def test_an_upscaled_adobe_rgb_picture_says_that_it_is_srgb_now(tmp_path, ending):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.ColorSpace: 65535,
        ExifTags.Base.Gamma: 2.2,
        ExifTags.Base.ExposureTime: 0.01,
    }
    exif[ExifTags.IFD.Interop] = {1: "R03"}
    flat = np.full((8, 8, 3), (200, 90, 60), dtype=np.uint8)
    Image.fromarray(flat).save(tmp_path / "a.png", icc_profile=ADOBE, exif=exif.tobytes())
    upscale_file(
        UpscaleOptions(""),
        TorchBackend(enlarge()),
        tmp_path / "a.png",
        tmp_path / f"large.{ending}",
    )
    assert profile_of(tmp_path / f"large.{ending}") == srgb_profile()
    large = read_image(tmp_path / f"large.{ending}").astype(int)
    assert np.abs(large - read_image(tmp_path / "a.png")[0, 0]).max() <= 2
    assert np.abs(large - flat[0, 0]).max() > 15
    with Image.open(tmp_path / f"large.{ending}") as image:
        kept = image.getexif()
        assert kept[ExifTags.Base.Make] == "Maker"
        assert set(kept.get_ifd(ExifTags.IFD.Exif)) == {ExifTags.Base.ExposureTime}
        assert kept.get_ifd(ExifTags.IFD.Interop) == {}


def test_an_upscaled_plain_picture_stays_plain(tmp_path):
    write_photo(tmp_path / "a.png", Photo(noise(8, 8)))
    upscale_file(
        UpscaleOptions(""), TorchBackend(enlarge()), tmp_path / "a.png", tmp_path / "large.png"
    )
    assert profile_of(tmp_path / "large.png") == b""
