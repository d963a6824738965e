"""Is a picture of every format read by what its bytes say, upright, as deep as it is, and its size
by its header alone?
"""

import re
import struct
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srkit_core.errors import DataError
from srkit_core.io.formats import FORMATS, decoder_of
from srkit_core.io.images import (
    DEEP,
    IN_WORDS,
    Photo,
    image_size,
    picture_endings,
    read_image,
    read_photo,
    writable_endings,
    write_photo,
)


def noise(height, width, channels=3, deep=False, seed=0):
    most, kind = (65536, np.uint16) if deep else (256, np.uint8)
    return np.random.default_rng(seed).integers(0, most, (height, width, channels), dtype=kind)


def smooth(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.dstack(
        [rows * 255 // height, columns * 255 // width, (rows + columns) * 255 // (height + width)]
    ).astype(np.uint8)


def as_heif(path, channels, mode=None, orientation=None, **options):
    import pillow_heif

    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    if mode:
        heif = pillow_heif.from_bytes(
            mode=mode, size=channels.shape[1::-1], data=channels.tobytes()
        )
    else:
        heif = pillow_heif.from_pillow(Image.fromarray(channels))
    heif.save(path, exif=exif.tobytes(), **options)
    return path


def apart(one, other):
    return np.abs(one.astype(int) - other).mean()


@pytest.mark.parametrize("name", ["a.JPG", "a.jpeg", "a.jfif", "a.webp", "a.avif", "a.jp2"])
def test_a_lossy_format_is_read(tmp_path, name):
    pixels = smooth(48, 64)
    Image.fromarray(pixels).save(tmp_path / name, quality=95)
    assert apart(read_image(tmp_path / name), pixels) < 3
    assert image_size(tmp_path / name) == (48, 64)


@pytest.mark.parametrize(
    "name", ["a.bmp", "a.dib", "a.tga", "a.ppm", "a.png", "a.tiff", "a.gif", "a.apng"]
)
def test_a_lossless_format_is_read_exactly(tmp_path, name):
    pixels = (noise(12, 20) // 128 * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / name)
    assert np.array_equal(read_image(tmp_path / name), pixels)
    assert image_size(tmp_path / name) == (12, 20)


def test_what_only_imageio_knows_is_read(tmp_path):
    import imageio.v2

    pixels = noise(9, 7)
    imageio.v2.imwrite(tmp_path / "a.bsdf", pixels)
    assert np.array_equal(read_image(tmp_path / "a.bsdf"), pixels)
    assert image_size(tmp_path / "a.bsdf") == (9, 7)
    imageio.v2.imwrite(tmp_path / "float.bsdf", np.full((5, 6), 0.5, dtype=np.float32))
    assert (read_photo(tmp_path / "float.bsdf").pixels == 32768).all()
    imageio.v2.imwrite(tmp_path / "int.bsdf", np.zeros((5, 6), dtype=np.int32))
    with pytest.raises(DataError, match="it is not a picture"):
        read_image(tmp_path / "int.bsdf")


def test_jpeg_and_png_are_decoded_to_pillow_s_values(tmp_path):
    for name, options in [
        ("a.jpg", {"quality": 80}),
        ("b.jpg", {"progressive": True}),
        ("c.jpg", {"subsampling": 0}),
        ("d.png", {}),
    ]:
        Image.fromarray(smooth(61, 47)).save(tmp_path / name, **options)
        assert np.array_equal(read_image(tmp_path / name), np.array(Image.open(tmp_path / name)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpeg_and_heif_are_turned_once(tmp_path, orientation):
    upright = smooth(32, 48)
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(upright).save(tmp_path / "stored.png", exif=exif)
    expected = np.array(ImageOps.exif_transpose(Image.open(tmp_path / "stored.png")))
    Image.fromarray(upright).save(tmp_path / "a.jpg", exif=exif, quality=95)
    as_heif(tmp_path / "a.heic", upright, orientation=orientation, quality=95)
    Image.fromarray(upright).save(tmp_path / "a.avif", exif=exif, quality=95)
    for name in ("a.jpg", "a.heic", "a.avif"):
        assert image_size(tmp_path / name) == expected.shape[:2]
        assert apart(read_image(tmp_path / name), expected) < 3, name


def test_ten_bit_reach_from_0_to_65535(tmp_path):
    levels = (
        np.repeat(np.array([[0, 1023]], dtype=np.uint16), 32, axis=1)
        .repeat(64, axis=0)[:, :, None]
        .repeat(3, axis=2)
    )
    path = as_heif(tmp_path / "a.heif", levels * 64, mode="RGB;16", quality=100)
    photo = read_photo(path)
    assert photo.pixels.dtype == np.uint16
    assert photo.pixels[5, 5].tolist() == [0, 0, 0]
    assert photo.pixels[5, -5].tolist() == [65535, 65535, 65535]
    assert read_image(path)[5, -5].tolist() == [255, 255, 255]


def test_heif_keeps_alpha(tmp_path):
    channels = np.dstack([smooth(32, 48), np.full((32, 48), 255, dtype=np.uint8)])
    channels[:, :24, 3] = 0
    photo = read_photo(as_heif(tmp_path / "a.heic", channels, quality=95))
    assert photo.alpha[5, 5] == 0
    assert photo.alpha[5, -5] == 255
    assert (read_image(tmp_path / "a.heic")[:, :20] == 255).all()


@pytest.mark.parametrize("ending", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_16_bit_come_back_as_they_were(tmp_path, ending, with_alpha):
    pixels, alpha = (
        noise(7, 9, deep=True),
        noise(7, 9, 1, deep=True)[:, :, 0] if with_alpha else None,
    )
    path = tmp_path / f"a{ending}"
    write_photo(path, Photo(pixels, alpha))
    photo = read_photo(path)
    assert photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels, pixels)
    assert photo.alpha is None if alpha is None else np.array_equal(photo.alpha, alpha)
    assert image_size(path) == (7, 9)
    white = np.full_like(pixels, 65535) if alpha is None else alpha[:, :, None]
    mixed = pixels.astype(float) * white / 65535 + (65535.0 - white)
    assert np.abs(read_image(path) - mixed / 257).max() < 0.502


@pytest.mark.parametrize(
    "name", ["a.png", "a.tif", "a.ppm", "a.jp2", "zip.tif", "planes.tif", "big.tif"]
)
def test_16_bit_files_of_other_programs(tmp_path, name):
    import imagecodecs
    import tifffile

    pixels, path = noise(11, 13, deep=True), tmp_path / name
    encoders = {
        "a.png": lambda: path.write_bytes(imagecodecs.png_encode(pixels)),
        "a.jp2": lambda: path.write_bytes(
            imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="jp2")
        ),
        "a.ppm": lambda: path.write_bytes(
            b"P6\n# made here\n13 11\n65535\n" + pixels.astype(">u2").tobytes()
        ),
        "a.tif": lambda: tifffile.imwrite(path, pixels, photometric="rgb"),
        "zip.tif": lambda: tifffile.imwrite(
            path, pixels, photometric="rgb", compression="zlib", predictor=True, rowsperstrip=3
        ),
        "planes.tif": lambda: tifffile.imwrite(
            path, np.moveaxis(pixels, 2, 0), photometric="rgb", planarconfig="separate"
        ),
        "big.tif": lambda: tifffile.imwrite(
            path, pixels, photometric="rgb", byteorder=">", tile=(16, 16)
        ),
    }
    encoders[name]()
    assert np.array_equal(read_photo(path).pixels, pixels)
    assert np.array_equal(read_image(path), np.rint(pixels / 257.0).astype(np.uint8))


def test_a_ppm_of_12_bit_is_spread(tmp_path):
    numbers = np.array([[[0, 4095, 2048]]], dtype=">u2")
    (tmp_path / "a.ppm").write_bytes(b"P6 1 1 4095\n" + numbers.tobytes())
    assert read_photo(tmp_path / "a.ppm").pixels.tolist() == [[[0, 65535, 32776]]]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_jpeg_2000_reaches_from_0_to_65535_in_every_depth(tmp_path, form, bits, channels):
    import imagecodecs

    most = 2**bits - 1
    stored = np.random.default_rng(bits).integers(0, most + 1, (32, 40, channels), dtype=np.uint16)
    stored[0, 0], stored[0, 1] = 0, most
    options = {"level": 0, "codecformat": form, "bitspersample": bits}
    (tmp_path / "a.jp2").write_bytes(
        imagecodecs.jpeg2k_encode(stored[:, :, 0] if channels == 1 else stored, **options)
    )
    photo, exact = (
        read_photo(tmp_path / "a.jp2"),
        np.rint(stored * (65535 / most)).astype(np.uint16),
    )
    assert np.array_equal(
        photo.pixels, exact[:, :, :3] if channels > 2 else exact[:, :, :1].repeat(3, axis=2)
    )
    assert (
        photo.alpha is None if channels in (1, 3) else np.array_equal(photo.alpha, exact[:, :, -1])
    )
    assert image_size(tmp_path / "a.jp2") == (32, 40)


def test_signed_jpeg_2000_is_counted_from_the_lowest(tmp_path):
    import imagecodecs

    stored = noise(32, 40, deep=True)
    signed = (stored.astype(np.int32) - 32768).astype(np.int16)
    (tmp_path / "a.jp2").write_bytes(imagecodecs.jpeg2k_encode(signed, level=0, codecformat="jp2"))
    assert np.array_equal(read_photo(tmp_path / "a.jp2").pixels, stored)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("bits", [10, 12])
def test_avif_reaches_from_0_to_65535_in_every_depth(tmp_path, bits, channels):
    import imagecodecs

    most = 2**bits - 1
    stored = np.random.default_rng(bits).integers(0, most + 1, (32, 40, channels), dtype=np.uint16)
    stored[0, 0], stored[0, 1] = 0, most
    encoded = imagecodecs.avif_encode(
        stored[:, :, 0] if channels == 1 else stored, level=100, bitspersample=bits
    )
    (tmp_path / "a.avif").write_bytes(encoded)
    photo, exact = (
        read_photo(tmp_path / "a.avif"),
        np.rint(stored * (65535 / most)).astype(np.uint16),
    )
    assert np.array_equal(
        photo.pixels, exact[:, :, :3] if channels > 2 else exact.repeat(3, axis=2)
    )
    assert photo.alpha is None if channels < 4 else np.array_equal(photo.alpha, exact[:, :, 3])
    assert np.abs(read_image(tmp_path / "a.avif").astype(int) - on_white(exact)).max() <= 1


def on_white(deep):
    colours, cover = deep[:, :, :3] / 65535, deep[:, :, 3:] / 65535 if deep.shape[2] == 4 else 1.0
    return np.rint((colours * cover + 1 - cover) * 255).astype(int)


def test_a_lossy_10_bit_avif_is_finer_than_8_bit(tmp_path):
    import imagecodecs

    rows, columns = np.mgrid[:64, :96]
    stored = np.dstack(
        [rows * 1023 / 63, columns * 1023 / 95, (rows + columns) * 1023 / 160]
    ).astype(np.uint16)
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(stored, level=95, bitspersample=10))
    pixels = read_photo(tmp_path / "a.avif").pixels
    assert np.abs(pixels / 65535 - stored / 1023).mean() < 1 / 1023
    assert np.unique(pixels).size > 256


def test_of_several_pictures_in_an_avif_the_first_is_read(tmp_path):
    import imagecodecs

    stored = smooth(64, 96).astype(np.uint16) * 4
    (tmp_path / "two.avif").write_bytes(
        imagecodecs.avif_encode(np.stack([stored, stored[::-1]]), level=95, bitspersample=10)
    )
    photo = read_photo(tmp_path / "two.avif")
    assert photo.pixels.dtype == np.uint8
    assert apart(photo.pixels, stored // 4) < 3


def test_a_depth_that_the_numbers_do_not_fit_is_noticed(tmp_path):
    import imagecodecs

    data = bytearray(
        imagecodecs.jpeg2k_encode(
            noise(32, 40, deep=True) >> 4, level=0, codecformat="jp2", bitspersample=12
        )
    )
    data[data.index(b"ihdr") + 14] = 9  # ten bits
    (tmp_path / "a.jp2").write_bytes(data)
    (tmp_path / "a.ppm").write_bytes(
        b"P6 1 1 1000\n" + np.array([0, 1000, 1001], dtype=">u2").tobytes()
    )
    for name in ("a.jp2", "a.ppm"):
        with pytest.raises(DataError, match="its numbers do not fit its header"):
            read_image(tmp_path / name)


def test_16_bit_gray_with_alpha(tmp_path):
    import imagecodecs

    channels = noise(5, 6, 2, deep=True)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(channels))
    photo = read_photo(tmp_path / "a.png")
    assert np.array_equal(photo.pixels, channels[:, :, :1].repeat(3, axis=2))
    assert np.array_equal(photo.alpha, channels[:, :, 1])


def test_8_bit_alpha_comes_back_and_full_alpha_is_none(tmp_path):
    pixels, alpha = noise(5, 6), noise(5, 6, 1)[:, :, 0]
    for ending in (".png", ".webp", ".tif"):
        write_photo(tmp_path / f"a{ending}", Photo(pixels, alpha))
        photo = read_photo(tmp_path / f"a{ending}")
        assert np.array_equal(photo.pixels, pixels), ending
        assert np.array_equal(photo.alpha, alpha), ending
        write_photo(tmp_path / f"b{ending}", Photo(pixels, np.full_like(alpha, 255)))
        assert read_photo(tmp_path / f"b{ending}").alpha is None


def test_formats_without_alpha_or_16_bit_get_white_paper_and_rounded_pixels(tmp_path):
    pixels = noise(5, 6, deep=True)
    write_photo(tmp_path / "a.ppm", Photo(pixels, np.zeros((5, 6), dtype=np.uint16)))
    assert (read_image(tmp_path / "a.ppm") == 255).all()
    write_photo(tmp_path / "b.bmp", Photo(pixels))
    assert np.array_equal(read_image(tmp_path / "b.bmp"), np.rint(pixels / 257.0).astype(np.uint8))


def test_the_bytes_decide_and_not_the_ending(tmp_path):
    pixels = smooth(40, 30)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    as_heif(tmp_path / "a.heic", pixels, quality=95)
    for stored, claimed in [
        ("a.jpg", "b.png"),
        ("a.jpg", "b.nef"),
        ("a.tif", "c.dng"),
        ("a.heic", "d.jpg"),
        ("a.tif", "e"),
    ]:
        (tmp_path / claimed).write_bytes((tmp_path / stored).read_bytes())
        assert apart(read_image(tmp_path / claimed), pixels) < 3, claimed
        assert image_size(tmp_path / claimed) == (40, 30)


def test_camera_raw_is_known_by_its_bytes(assets, tmp_path):
    for name in ("_DSC2164.ARW", "colorchart.dng"):
        (tmp_path / "a.tif").write_bytes((assets / "camera" / name).read_bytes())
        assert image_size(tmp_path / "a.tif") == image_size(assets / "camera" / name)


def test_a_raw_file_is_developed_whole_and_alike_every_time(assets):
    path = assets / "camera/colorchart.dng"
    photo = read_photo(path)
    assert photo.pixels.dtype == np.uint16
    assert photo.pixels.shape == (*image_size(path), 3) == (1156, 1734, 3)
    assert np.array_equal(
        read_image(path), ((photo.pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    )
    assert 60 < read_image(path).mean() < 75
    patches = {"yellow": (810, 1030), "red": (810, 920), "white": (920, 690), "black": (920, 1250)}
    seen = {
        name: read_image(path)[y : y + 20, x : x + 20].mean(axis=(0, 1))
        for name, (y, x) in patches.items()
    }
    assert seen["yellow"][0] > seen["yellow"][1] > 3 * seen["yellow"][2]
    assert seen["red"][0] > 3 * seen["red"][1]
    assert np.abs(seen["white"] - (140, 94, 74)).max() < 3  # in warm light
    assert seen["black"].max() < 30


def test_a_raw_file_is_turned_as_the_camera_was_held(assets, tmp_path):
    path = tmp_path / "turned.dng"
    stored = bytearray((assets / "camera/colorchart.dng").read_bytes())
    entry = struct.pack("<HHI", 0x0112, 3, 1)
    place = stored.index(entry) + len(entry)
    stored[place] = 6
    path.write_bytes(stored)
    assert image_size(path) == (1734, 1156)
    turned = np.rot90(read_image(assets / "camera/colorchart.dng"), -1)
    assert np.array_equal(read_image(path), turned)


def test_the_phone_s_pictures(assets):
    arrow = read_image(assets / "camera/arrow.heic")
    assert arrow.shape == (*image_size(assets / "camera/arrow.heic"), 3) == (4032, 3024, 3)
    dark = np.argwhere(arrow[:, :, 1] < 70)
    top = dark[dark[:, 0] < dark[:, 0].min() + 40]
    assert (
        abs(top[:, 1].mean() - 1500) < 200
    )  # the arrow's tip is above its middle: the picture is upright
    castle = read_image(assets / "camera/libheif_example.avif")
    assert castle.shape == (533, 800, 3)
    assert castle[:60, 500:560].mean() > 200  # sky above
    ten_bit = read_photo(assets / "camera/RGB_10bit_128x128.heif").pixels
    assert ten_bit.dtype == np.uint16
    assert np.unique(ten_bit).size > 256


class Dying:
    """A decoder's picture whose memory is gone with it, as libheif's is."""

    size, info = (48, 32), {"bit_depth": 8}

    def __init__(self, pixels):
        memory = bytearray(pixels.tobytes())
        self.__array_interface__ = {
            "shape": pixels.shape,
            "typestr": "|u1",
            "version": 3,
            "data": memoryview(memory),
        }
        weakref.finalize(self, memory.__setitem__, slice(None), bytes(len(memory)))

    def __len__(self):
        return 1


def test_pixels_of_a_heif_outlive_its_decoder(tmp_path, monkeypatch):
    """pillow-heif 1.0.0 hands out a view of memory that libheif frees with the picture."""
    pixels = noise(32, 48)
    path = as_heif(tmp_path / "a.heic", pixels)
    monkeypatch.setattr("pillow_heif.open_heif", lambda *_, **__: Dying(pixels))
    assert np.array_equal(read_image(path), pixels)


def test_sizes_are_read_without_pixels(tmp_path, monkeypatch):
    names = ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp", "a.jp2", "a.ppm", "a.avif"]
    for name in names:
        Image.fromarray(smooth(20, 30)).save(tmp_path / name)
    as_heif(tmp_path / "a.heic", smooth(20, 30))

    def load(self):
        raise AssertionError("pixels were read")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    monkeypatch.setattr("pillow_heif.heif.HeifImage.load", load, raising=False)
    monkeypatch.setattr("pathlib.Path.read_bytes", load)
    assert {image_size(tmp_path / name) for name in [*names, "a.heic"]} == {(20, 30)}


def test_endings_of_pictures_are_those_the_door_reads():
    assert {
        ".heic",
        ".avif",
        ".arw",
        ".cr2",
        ".cr3",
        ".nef",
        ".dng",
        ".raf",
        ".orf",
        ".rw2",
        ".jpg",
        ".tiff",
        ".ppm",
        ".jp2",
    } <= picture_endings()
    assert all(ending == ending.lower() and ending.startswith(".") for ending in picture_endings())
    assert not {".txt", ".mp4", ".npy", ".safetensors", ".xmp"} & picture_endings()


def test_the_table_names_each_format_and_each_ending_once():
    names = [known.name for known in FORMATS]
    endings = [ending for known in FORMATS for ending in known.endings]
    assert (len(set(names)), len(set(endings))) == (len(names), len(endings))
    assert set(endings) == picture_endings()
    for known in FORMATS:
        assert set(known.written) <= set(known.endings), known.name
        assert bool(known.written) == (known.encoder is not None), known.name
    written = {".bmp", ".jp2", ".jpeg", ".jpg", ".jxl", ".png", ".ppm", ".tif", ".webp"}
    assert written <= writable_endings() <= picture_endings()
    assert {".jxl", ".png", ".tif", ".tiff"} <= DEEP <= writable_endings()


WRITTEN = [(known, ending) for known in FORMATS for ending in known.written]


@pytest.mark.parametrize(
    ("known", "ending"), WRITTEN, ids=[f"{known.name}-{ending}" for known, ending in WRITTEN]
)
def test_what_the_table_says_of_a_written_format_is_so(tmp_path, known, ending):
    path, exif = tmp_path / f"a{ending}", Image.Exif()
    exif[0x010F] = "Maker"
    alpha = np.full((24, 32), 65535, dtype=np.uint16)
    alpha[:, :16] = 0
    write_photo(path, Photo(noise(24, 32, deep=True), alpha, exif.tobytes(), profiled=True))
    photo = read_photo(path)
    assert decoder_of(path) is known.decoder
    assert (photo.pixels.dtype == np.uint16) == known.encoder.deep
    assert (photo.alpha is not None) == known.encoder.alpha
    assert (b"Maker" in photo.exif, photo.profiled) == (known.encoder.exif, known.encoder.profile)


def test_what_a_person_is_told_of_formats_is_the_table():
    assert IN_WORDS.startswith(".jpg .png .tif .webp .avif .heic .jp2 .jxl .ppm")
    assert IN_WORDS.endswith(", camera raw files and others")
    first = {known.endings[0] for known in FORMATS if known.common and known.name != "camera raw"}
    assert set(IN_WORDS.partition(",")[0].split()) == first
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"is a folder of (.+?)\s+files; it is searched", readme, re.DOTALL)
    assert set(re.split(r",\s+|\s+or\s+", told)) == {
        known.name for known in FORMATS if known.common
    }
