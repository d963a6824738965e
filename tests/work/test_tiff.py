"""Do the samples of every kind of TIFF file mean what its directory says: how many bits, from which
end, in which order?
"""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from srkit_core.errors import DataError
from srkit_core.io import encoders
from srkit_core.io.images import Photo, image_size, read_image, read_photo, write_photo


def levels(bits):
    """Black, white and three between, twice over."""
    most = 2**bits - 1
    return np.array(
        [[0, most // 3, most // 2, most - 1, most]] * 2, dtype=np.uint8 if bits <= 8 else np.uint16
    )


def gray(path):
    pixels = read_photo(path).pixels
    assert (pixels == pixels[:, :, :1]).all()
    assert image_size(path) == pixels.shape[:2]
    return pixels[:, :, 0]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib", "predictor": True}], ids=["plain", "zip"]
)
@pytest.mark.parametrize("bits", [8, 16])
def test_gray_that_counts_from_white_is_turned_round(tmp_path, bits, options, order):
    stored = levels(bits)
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="miniswhite", byteorder=order, **options
    )
    assert np.array_equal(gray(tmp_path / "a.tif"), 2**bits - 1 - stored)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_gray_that_counts_from_black_stays(tmp_path, bits, order):
    tifffile.imwrite(tmp_path / "a.tif", levels(bits), photometric="minisblack", byteorder=order)
    assert np.array_equal(gray(tmp_path / "a.tif"), levels(bits))


def test_12_bit_gray_reaches_white(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", levels(12), photometric="minisblack", bitspersample=12)
    assert gray(tmp_path / "a.tif")[0].tolist() == [0, 21845, 32759, 65519, 65535]
    assert read_image(tmp_path / "a.tif")[0, :, 0].tolist() == [0, 85, 127, 255, 255]


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite", "rgb"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_every_depth_reaches_from_black_to_white(tmp_path, bits, photometric):
    stored, most = levels(bits), 2**bits - 1
    channels = np.dstack([stored] * 3) if photometric == "rgb" else stored
    tifffile.imwrite(tmp_path / "a.tif", channels, photometric=photometric, bitspersample=bits)
    counted = most - stored if photometric == "miniswhite" else stored
    assert np.array_equal(gray(tmp_path / "a.tif"), np.rint(counted * (65535 / most)))


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("zero", ["minisblack", "miniswhite"])
def test_few_bits_reach_white_too(tmp_path, bits, zero):
    stored = levels(bits)
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored.astype(bool) if bits == 1 else stored,
        photometric=zero,
        bitspersample=bits,
    )
    counted = stored if zero == "minisblack" else 2**bits - 1 - stored
    assert np.array_equal(gray(tmp_path / "a.tif"), counted * (255 // (2**bits - 1)))


COLOURS = np.random.default_rng(5).integers(0, 65536, (5, 7, 4), dtype=np.uint16)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_and_alpha_in_every_order(tmp_path, bits, planes, order):
    colours = COLOURS >> 8 if bits == 8 else COLOURS
    colours = colours.astype(np.uint8 if bits == 8 else np.uint16)
    for count, extra in ((3, {}), (4, {"extrasamples": ["unassalpha"]})):
        stored = (
            np.moveaxis(colours[:, :, :count], 2, 0)
            if planes == "separate"
            else colours[:, :, :count]
        )
        tifffile.imwrite(
            tmp_path / "a.tif",
            stored,
            photometric="rgb",
            planarconfig=planes,
            byteorder=order,
            **extra,
        )
        photo = read_photo(tmp_path / "a.tif")
        assert photo.pixels.dtype == colours.dtype
        assert np.array_equal(photo.pixels, colours[:, :, :3])
        assert photo.alpha is None if count == 3 else np.array_equal(photo.alpha, colours[:, :, 3])


@pytest.mark.parametrize("zero", ["minisblack", "miniswhite"])
def test_16_bit_gray_with_alpha(tmp_path, zero):
    stored = COLOURS[:, :, :2]
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric=zero,
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    assert np.array_equal(
        gray(tmp_path / "a.tif"),
        stored[:, :, 0] if zero == "minisblack" else 65535 - stored[:, :, 0],
    )
    assert np.array_equal(read_photo(tmp_path / "a.tif").alpha, stored[:, :, 1])


def test_premultiplied_colours_are_divided_by_their_alpha(tmp_path):
    stored = np.array(
        [[[1000, 0, 2000, 4000], [0, 0, 0, 0], [5, 6, 7, 65535], [9, 8, 8, 8]]], dtype=np.uint16
    )
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    photo = read_photo(tmp_path / "a.tif")
    assert photo.pixels.tolist() == [
        [[16384, 0, 32768], [0, 0, 0], [5, 6, 7], [65535, 65535, 65535]]
    ]
    assert photo.alpha.tolist() == [[4000, 0, 65535, 8]]


def test_a_profile_of_16_bit_colours_is_followed(tmp_path):
    import imagecodecs

    stored = np.array([[[51400, 23130, 15420], [65535, 65535, 65535]]], dtype=np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric="rgb",
        iccprofile=imagecodecs.cms_profile("adobergb"),
    )
    Image.fromarray((stored // 257).astype(np.uint8)).save(
        tmp_path / "a.png", icc_profile=imagecodecs.cms_profile("adobergb")
    )
    photo = read_photo(tmp_path / "a.tif")
    assert photo.profiled
    assert np.abs(photo.pixels / 257 - read_image(tmp_path / "a.png")).max() <= 1
    assert np.abs(photo.pixels[0, 0].astype(int) - stored[0, 0]).max() > 2000


@pytest.mark.parametrize("bits", [8, 16])
def test_a_fourth_sample_of_no_stated_meaning_is_no_alpha(tmp_path, bits):
    colours = COLOURS if bits == 16 else (COLOURS >> 8).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", extrasamples=["unspecified"])
    photo = read_photo(tmp_path / "a.tif")
    assert np.array_equal(photo.pixels, colours[:, :, :3])
    assert photo.alpha is None


def test_inks_of_16_bit_stay_16_bit(tmp_path):
    inks = np.array(
        [[[0, 0, 0, 0], [65535, 0, 0, 0], [1000, 0, 0, 0], [0, 0, 0, 65535]]], dtype=np.uint16
    )
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated")
    assert read_photo(tmp_path / "a.tif").pixels.tolist() == [
        [[65535] * 3, [0, 65535, 65535], [64535, 65535, 65535], [0] * 3]
    ]


def test_a_palette_is_looked_up(tmp_path):
    table = np.random.default_rng(2).integers(0, 256, (3, 256), dtype=np.uint16) * np.uint16(257)
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    tifffile.imwrite(
        tmp_path / "a.tif", indices, photometric="palette", colormap=table.astype("u2")
    )
    assert np.array_equal(read_image(tmp_path / "a.tif").reshape(256, 3).T, table // 257)


def test_one_row_and_one_pixel(tmp_path):
    for height, width in ((1, 5), (5, 1), (1, 1)):
        tifffile.imwrite(tmp_path / "a.tif", COLOURS[:height, :width, :3], photometric="rgb")
        assert np.array_equal(read_photo(tmp_path / "a.tif").pixels, COLOURS[:height, :width, :3])
        tifffile.imwrite(tmp_path / "b.tif", COLOURS[:height, :width, 0], photometric="minisblack")
        assert np.array_equal(gray(tmp_path / "b.tif"), COLOURS[:height, :width, 0])


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 3])
def test_floating_point_numbers_are_read_where_they_lie_in_0_to_1(tmp_path, kind, channels):
    numbers = np.linspace(0.25, 0.75, 9 * channels).reshape(3, 3, channels).astype(kind)
    options = {"photometric": "rgb" if channels == 3 else "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", numbers.squeeze(), **options)
    photo = read_photo(tmp_path / "a.tif")
    assert np.array_equal(
        photo.pixels, np.rint(numbers.astype(float) * 65535).repeat(3 // channels, axis=2)
    )
    assert photo.notes == (
        "its floating-point numbers, 0.25 to 0.75, are read as 0 (black) to 1 (white)",
    )
    for wrong, reason in [
        (numbers * 4, "floating-point numbers from 1 to 3, not from 0 to 1"),
        (numbers - 1, "floating-point numbers from -0.75 to -0.25, not from 0 to 1"),
        (numbers * np.nan, "floating-point numbers, some of them not finite"),
    ]:
        tifffile.imwrite(tmp_path / "a.tif", wrong.astype(kind).squeeze(), **options)
        with pytest.raises(DataError, match=reason):
            read_image(tmp_path / "a.tif")
        assert image_size(tmp_path / "a.tif") == (3, 3)


@pytest.mark.parametrize("kind", ["i1", "i2", "i4"])
def test_signed_integers_are_named_as_such(tmp_path, kind):
    tifffile.imwrite(tmp_path / "a.tif", np.full((3, 3), -5, dtype=kind), photometric="minisblack")
    bits = 8 * np.dtype(kind).itemsize
    with pytest.raises(DataError, match=f"signed {bits}-bit integers from -5 to -5"):
        read_image(tmp_path / "a.tif")


def forged(folder, name, value, **options):
    """A file of 12 bit, one number of whose directory is another."""
    tifffile.imwrite(
        folder / "a.tif", COLOURS[:, :, :3] >> 4, photometric="rgb", bitspersample=12, **options
    )
    data = bytearray((folder / "a.tif").read_bytes())
    with tifffile.TiffFile(folder / "a.tif") as file:
        tag = file.pages.first.tags[name]
    struct.pack_into({3: "<H", 4: "<I"}[tag.dtype], data, tag.valueoffset, value)
    (folder / "a.tif").write_bytes(data)
    return folder / "a.tif"


@pytest.mark.parametrize(
    ("name", "value"),
    [("ImageLength", 6), ("ImageLength", 4000), ("ImageWidth", 9), ("StripByteCounts", 0)],
)
def test_a_header_that_promises_more_than_there_is_is_noticed(tmp_path, name, value):
    with pytest.raises(DataError, match="it is truncated or damaged"):
        read_photo(forged(tmp_path, name, value))


def test_a_header_of_very_many_samples_is_refused_before_they_are_awaited(tmp_path):
    with pytest.raises(DataError, match="its pixels are 40000 samples in 1 layers, no picture"):
        read_photo(forged(tmp_path, "SamplesPerPixel", 40_000))


def test_a_12_bit_file_that_was_cut_is_noticed(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", COLOURS[:, :, :3] >> 4, photometric="rgb", bitspersample=12
    )
    data = (tmp_path / "a.tif").read_bytes()
    for lost in (1, 20, 80):
        (tmp_path / "a.tif").write_bytes(data[:-lost])
        with pytest.raises(DataError, match="it is truncated or damaged"):
            read_photo(tmp_path / "a.tif")


def stored_places(folder, orientation):
    """Where each of 5 x 7 pixels comes from when Pillow makes them upright."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.arange(35, dtype=np.uint8).reshape(5, 7)).save(
        folder / "places.png", exif=exif
    )
    return np.array(ImageOps.exif_transpose(Image.open(folder / "places.png")))


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_colours_are_made_upright_in_every_order(tmp_path, count, planes, orientation):
    stored, places = COLOURS[:, :, :count], stored_places(tmp_path, orientation)
    ordered, tag = (
        np.moveaxis(stored, 2, 0) if planes == "separate" else stored,
        (274, "H", 1, orientation, True),
    )
    tifffile.imwrite(
        tmp_path / "a.tif", ordered, photometric="rgb", extratags=[tag], planarconfig=planes
    )
    photo = read_photo(tmp_path / "a.tif")
    assert np.array_equal(photo.pixels, stored[:, :, :3].reshape(35, 3)[places])
    assert image_size(tmp_path / "a.tif") == places.shape
    assert (
        photo.alpha is None
        if count == 3
        else np.array_equal(photo.alpha, stored[:, :, 3].reshape(35)[places])
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_gray_is_made_upright(tmp_path, orientation):
    places = stored_places(tmp_path, orientation)
    tifffile.imwrite(
        tmp_path / "a.tif",
        COLOURS[:, :, 0],
        photometric="minisblack",
        extratags=[(274, "H", 1, orientation, True)],
    )
    assert np.array_equal(gray(tmp_path / "a.tif"), COLOURS[:, :, 0].reshape(35)[places])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_what_needs_offsets_of_64_bit_is_written_as_big_tiff(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(encoders, "OFFSETS_OF_32_BIT", 1000)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(kind) * kind(1)
    for name, rows in (("big.tif", pixels), ("small.tif", pixels[:2, :20])):
        write_photo(tmp_path / name, Photo(rows))
        assert np.array_equal(read_photo(tmp_path / name).pixels, rows)
        assert np.array_equal(tifffile.imread(tmp_path / name), rows)
    with tifffile.TiffFile(tmp_path / "big.tif") as file:
        assert file.is_bigtiff
    with tifffile.TiffFile(tmp_path / "small.tif") as file:
        assert not file.is_bigtiff
