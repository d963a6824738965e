"""Does a larger copy keep what still applies: date, camera and place, alpha, 16 bit.

And nothing that does not?
"""

import struct

import numpy as np
import pytest
from PIL import ExifTags, Image
from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.errors import DataError
from srkit_core.io.images import Photo, image_size, read_image, read_photo, write_photo
from srkit_core.models.model import Model
from srkit_core.registry import Component
from srkit_core.specs import GeneratorSpec
from srkit_core.upscaling.backends.torch_backend import TorchBackend
from srkit_core.upscaling.upscale_file import upscale_file
from srkit_core.upscaling.upscale_options import UpscaleOptions

BASE, GPS = ExifTags.Base, ExifTags.IFD.GPSInfo


def camera_exif(orientation=1):
    exif = Image.Exif()
    exif.update(
        {
            BASE.Make: "Maker",
            BASE.Model: "Model 1",
            BASE.Orientation: orientation,
            BASE.ImageWidth: 99,
            BASE.DateTime: "2021:02:03 04:05:06",
        }
    )
    exif[ExifTags.IFD.Exif] = {
        BASE.DateTimeOriginal: "2021:02:03 04:05:06",
        BASE.ExposureTime: 0.01,
        BASE.ExifImageWidth: 99,
        BASE.ExifImageHeight: 77,
        BASE.ColorSpace: 65535,
        BASE.MakerNote: b"offsets into the old file",
    }
    exif[GPS] = {1: "N", 2: (52.0, 30.0, 1.5)}
    return exif


def noise(height, width, channels=3, deep=False):
    most, kind = (65536, np.uint16) if deep else (256, np.uint8)
    return np.random.default_rng(height).integers(0, most, (height, width, channels), dtype=kind)


def exif_of(content):
    exif = Image.Exif()
    exif.load(content)
    return exif


def model(scale=2):
    class Enlarge(nn.Module):
        def forward(self, lr):
            return nn.functional.interpolate(lr, scale_factor=float(scale), mode="nearest")

    spec = GeneratorSpec(name="fake", factory=lambda: None, summary="", scales=(scale,))
    return Model(
        Enlarge(), BoundComponent("fake", Component(spec, "srkit-fake", "1"), {}, {}), scale
    )


def check_kept(exif):
    assert (exif[BASE.Make], exif[BASE.Model], exif[BASE.DateTime]) == (
        "Maker",
        "Model 1",
        "2021:02:03 04:05:06",
    )
    inside = exif.get_ifd(ExifTags.IFD.Exif)
    assert (inside[BASE.DateTimeOriginal], float(inside[BASE.ExposureTime])) == (
        "2021:02:03 04:05:06",
        0.01,
    )
    assert exif.get_ifd(GPS)[1] == "N"
    assert [float(number) for number in exif.get_ifd(GPS)[2]] == [52.0, 30.0, 1.5]
    assert exif.get(BASE.Orientation, 1) == 1
    assert not {BASE.ExifImageWidth, BASE.ExifImageHeight, BASE.ColorSpace, BASE.MakerNote} & set(
        inside
    )
    assert exif.get_ifd(ExifTags.IFD.IFD1) == {}


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_what_describes_a_picture_is_found_in_every_format(tmp_path, ending):
    Image.fromarray(noise(6, 8)).save(tmp_path / f"a.{ending}", exif=camera_exif(6).tobytes())
    check_kept(exif_of(read_photo(tmp_path / f"a.{ending}").exif))


def test_what_describes_a_picture_is_found_in_heif(tmp_path):
    import pillow_heif

    pillow_heif.from_pillow(Image.fromarray(noise(32, 32))).save(
        tmp_path / "a.heic", exif=camera_exif().tobytes()
    )
    check_kept(exif_of(read_photo(tmp_path / "a.heic").exif))


def test_broken_exif_is_no_exif_and_no_reason_to_stop(tmp_path):
    Image.fromarray(noise(6, 8)).save(
        tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff nothing"
    )
    photo = read_photo(tmp_path / "a.png")
    assert photo.pixels.shape == (6, 8, 3)
    assert photo.exif == b""


def stated_orientation(kind, count, value):
    """EXIF of one entry (TIFF 6.0, section 2): the orientation, as a number of any type."""
    entry = struct.pack("<HHHI", 1, BASE.Orientation, kind, count) + value.ljust(4, b"\0")
    return b"Exif\0\0II*\0\x08\0\0\0" + entry + bytes(4)


BROKEN = {
    "words": b"Exif\0\0these are words",
    "no header": b"Exif\0\0II",
    "nothing": b"Exif\0\0",
    "cut": stated_orientation(3, 1, b"\x06")[:20],
    "text": stated_orientation(2, 4, b"six"),
    "undefined": stated_orientation(7, 4, b"\x06\0\0\0"),
    "fraction": stated_orientation(5, 1, struct.pack("<I", 26)) + bytes(8),
    "beyond": stated_orientation(3, 1, b"\x63"),
}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("broken", BROKEN)
def test_broken_exif_turns_nothing_and_refuses_nothing(tmp_path, name, broken):
    pixels = noise(6, 8)
    Image.fromarray(pixels).save(tmp_path / f"plain-{name}", lossless=True, dpi=(72, 72))
    Image.fromarray(pixels).save(tmp_path / name, exif=BROKEN[broken], lossless=True, dpi=(72, 72))
    photo = read_photo(tmp_path / name)
    assert np.array_equal(photo.pixels, read_image(tmp_path / f"plain-{name}"))
    assert photo.exif == b""
    assert image_size(tmp_path / name) == (6, 8)


def test_a_tiff_s_orientation_may_be_text(tmp_path):
    import tifffile

    for deep in (False, True):
        pixels = noise(6, 8, deep=deep)
        tifffile.imwrite(
            tmp_path / "a.tif",
            pixels,
            photometric="rgb",
            extratags=[(BASE.Orientation, "s", 0, "six", True)],
        )
        assert np.array_equal(read_photo(tmp_path / "a.tif").pixels, pixels)
        assert image_size(tmp_path / "a.tif") == (6, 8)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("broken", sorted(set(BROKEN) - {"beyond"}))
def test_broken_exif_is_not_written(tmp_path, ending, deep, broken):
    write_photo(tmp_path / f"plain.{ending}", Photo(noise(6, 8, deep=deep)))
    write_photo(tmp_path / f"a.{ending}", Photo(noise(6, 8, deep=deep), exif=BROKEN[broken]))
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"plain.{ending}").read_bytes()


def test_a_raw_file_tells_camera_and_date(assets):
    exif = exif_of(read_photo(assets / "camera/_DSC2164.ARW").exif)
    assert (exif[BASE.Make], exif[BASE.Model], exif[BASE.DateTime]) == (
        "SONY",
        "ILCE-7RM3",
        "2018:07:11 01:18:47",
    )
    assert exif.get_ifd(ExifTags.IFD.Exif)[BASE.DateTimeOriginal] == "2018:07:11 01:18:47"
    assert BASE.Compression not in exif


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("deep", [False, True])
def test_exif_is_written(tmp_path, ending, deep):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(noise(6, 8)).save(tmp_path / "source.jpg", exif=camera_exif(3).tobytes())
    photo = Photo(noise(6, 8, deep=deep), exif=read_photo(tmp_path / "source.jpg").exif)
    write_photo(path, photo)
    with Image.open(path) as image:
        check_kept(image.getexif())
        assert "icc_profile" not in image.info
    again = read_photo(path)
    check_kept(exif_of(again.exif))
    if ending != "jpg":
        kept = ending != "webp"
        assert np.array_equal(
            again.pixels,
            photo.pixels if kept or not deep else np.rint(photo.pixels / 257.0).astype(np.uint8),
        )


def test_formats_without_exif_are_written_without(tmp_path):
    for ending in ("bmp", "ppm", "jp2"):
        write_photo(tmp_path / f"a.{ending}", Photo(noise(6, 8), exif=camera_exif().tobytes()))
        assert read_photo(tmp_path / f"a.{ending}").exif == b""


@pytest.mark.parametrize(
    ("ending", "deep"), [("png", True), ("tif", True), ("png", False), ("webp", False)]
)
def test_an_upscaled_picture_keeps_depth_alpha_and_exif(tmp_path, ending, deep):
    most = 65535 if deep else 255
    pixels, alpha = (
        noise(6, 8, deep=deep),
        np.full((6, 8), most, dtype=np.uint16 if deep else np.uint8),
    )
    alpha[:, :4] = 0
    source = tmp_path / ("a.png" if deep else f"a.{ending}")
    write_photo(source, Photo(pixels, alpha, read_photo(tagged(tmp_path / "tagged.jpg")).exif))
    upscale_file(UpscaleOptions(""), TorchBackend(model()), source, tmp_path / f"large.{ending}")
    large = read_photo(tmp_path / f"large.{ending}")
    assert large.pixels.dtype == pixels.dtype
    larger = pixels.repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(large.pixels[:, 8:], larger[:, 8:])
    assert (large.pixels[:, :8] == larger[:, 8:9]).all()  # of the nearest that is seen
    assert large.alpha.shape == (12, 16)
    assert large.alpha.dtype == pixels.dtype
    assert (large.alpha[:, 0] == 0).all()
    assert (large.alpha[:, -1] == most).all()
    assert 0 < large.alpha[6, 7] < most // 2 < large.alpha[6, 8] < most
    check_kept(exif_of(large.exif))


def tagged(path):
    Image.fromarray(noise(6, 8)).save(path, exif=camera_exif(8).tobytes())
    return path


def test_an_upscaled_jpeg_lies_on_white_and_stays_upright(tmp_path):
    write_photo(tmp_path / "a.png", Photo(noise(8, 8), np.zeros((8, 8), dtype=np.uint8)))
    upscale_file(
        UpscaleOptions(""), TorchBackend(model()), tmp_path / "a.png", tmp_path / "white.jpg"
    )
    assert (read_image(tmp_path / "white.jpg") > 250).all()
    stored = np.zeros((8, 16, 3), dtype=np.uint8)
    stored[:, :8] = 255
    Image.fromarray(stored).save(tmp_path / "turned.jpg", exif=camera_exif(6).tobytes(), quality=95)
    sizes = upscale_file(
        UpscaleOptions(""), TorchBackend(model()), tmp_path / "turned.jpg", tmp_path / "large.jpg"
    )
    assert (sizes.before, sizes.after) == ((16, 8), (32, 16))
    large = read_image(tmp_path / "large.jpg")
    assert large[:12].mean() > 245
    assert large[20:].mean() < 10


def test_a_16_bit_picture_fits_an_8_bit_format(tmp_path):
    write_photo(tmp_path / "a.png", Photo(noise(6, 8, deep=True)))
    upscale_file(
        UpscaleOptions(""), TorchBackend(model()), tmp_path / "a.png", tmp_path / "large.webp"
    )
    assert np.array_equal(
        read_photo(tmp_path / "large.webp").pixels[::2, ::2], read_image(tmp_path / "a.png")
    )


def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    with pytest.raises(DataError, match=r"cannot write a picture as 'large\.heic'"):
        upscale_file(
            UpscaleOptions(""),
            TorchBackend(model()),
            tmp_path / "gone.png",
            tmp_path / "large.heic",
        )


def test_the_shared_16_bit_picture_with_alpha_keeps_both(assets, tmp_path):
    source = assets / "camera/realesrgan_tree_alpha_16bit.png"
    upscale_file(UpscaleOptions(""), TorchBackend(model()), source, tmp_path / "large.png")
    photo, large = read_photo(source), read_photo(tmp_path / "large.png")
    assert photo.pixels.dtype == large.pixels.dtype == np.uint16
    assert (
        np.abs(large.pixels[::2, ::2].astype(int) - photo.pixels)[photo.alpha > 0].max() <= 1
    )  # float32 holds a step of 16 bit
    assert large.alpha.shape == (512, 684)
