"""Is every kind of picture read upright in 8-bit RGB or refused by name, and written whole or not
at all?
"""

import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from srkit_core.data.bundled_photographs import bundled_photographs
from srkit_core.errors import DataError
from srkit_core.io import picture_writer
from srkit_core.io.images import (
    image_size,
    read_image,
    to_bytes,
    to_unit,
    writable_endings,
    write_image,
)

LOSSLESS = [".png", ".webp", ".bmp", ".tif", ".ppm", ".jp2"]
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def saved(path, array, mode=None, **options):
    Image.fromarray(array, mode).save(path, **options)
    return path


def alike(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_three_orientations_of_one_photograph_agree(assets):
    upright, upside_down, sideways = (
        read_image(assets / f"camera/exif_landscape_{number}.jpg") for number in (1, 3, 6)
    )
    assert upright.shape == upside_down.shape == sideways.shape == (450, 600, 3)
    assert (
        np.abs(upside_down.astype(int) - sideways).mean() < 4
    )  # compressed anew, and each bears another digit
    assert alike(upright, upside_down) > 0.9  # the first was exposed longer
    assert abs(alike(upright, upside_down[::-1, ::-1])) < 0.2


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(
    ("ending", "options"),
    [("png", {}), ("webp", {"lossless": True}), ("tif", {}), ("tif", {"compression": "tiff_lzw"})],
)
def test_every_orientation_is_made_upright_once(tmp_path, orientation, ending, options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = noise(5, 8)
    path = saved(tmp_path / f"turned.{ending}", stored, exif=exif, **options)
    upright = UPRIGHT[orientation](stored)
    assert np.array_equal(read_image(path), upright)
    assert image_size(path) == upright.shape[:2]


def test_turned_16_bit_gray(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = (np.arange(12, dtype=np.uint16) * 257).reshape(3, 4)
    path = saved(tmp_path / "turned.png", stored, exif=exif)
    assert np.array_equal(read_image(path)[:, :, 1], np.rot90(np.arange(12).reshape(3, 4), -1))


def test_the_header_says_what_is_decoded(assets):
    camera = (
        "exif_landscape_6.jpg",
        "pillow_16bit.cropped.tif",
        "pillow_pil_sample_cmyk.jpg",
        "pillow_tiff_16bit_RGB.tiff",
    )
    more = (
        "realesrgan_children-alpha.png",
        "realesrgan_tree_alpha_16bit.png",
        "realesrgan_wolf_gray.jpg",
    )
    for path in [assets / "camera" / name for name in (*camera, *more)] + bundled_photographs():
        assert (*image_size(path), 3) == read_image(path).shape


def test_a_header_is_enough_for_the_size(assets):
    truncated = assets / "camera/pillow_truncated_image.png"
    with pytest.raises(DataError, match="it is truncated or damaged"):
        read_image(truncated)
    with Image.open(truncated) as image:
        assert image_size(truncated) == image.size[::-1]


def test_gray_is_replicated(tmp_path):
    gray = noise(4, 6)[:, :, 0]
    expected = np.stack([gray] * 3, axis=2)
    assert np.array_equal(read_image(saved(tmp_path / "gray.png", gray)), expected)
    opaque = np.stack([gray, np.full_like(gray, 255)], axis=2)
    assert np.array_equal(read_image(saved(tmp_path / "gray_alpha.png", opaque)), expected)
    bits = saved(tmp_path / "bits.png", gray > 127)
    assert np.array_equal(read_image(bits), np.where(expected > 127, 255, 0))


def test_transparency_is_laid_on_white(tmp_path):
    pixels = noise(4, 6)
    alpha = np.full((4, 6), 255, dtype=np.uint8)
    alpha[0], alpha[1] = 0, 51
    seen = read_image(saved(tmp_path / "clear.png", np.dstack([pixels, alpha])))
    assert (seen[0] == 255).all()
    assert np.abs(seen[1].astype(int) - (0.2 * pixels[1] + 0.8 * 255)).max() <= 1
    assert np.array_equal(seen[2:], pixels[2:])


def test_a_palette_is_looked_up(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([1, 0])
    image.save(tmp_path / "few.png", transparency=0)
    assert read_image(tmp_path / "few.png").tolist() == [[[40, 50, 60], [255, 255, 255]]]


def test_cmyk_becomes_rgb(tmp_path):
    inks = np.array(
        [[[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 255]]], dtype=np.uint8
    )
    path = saved(tmp_path / "print.tif", inks, "CMYK")
    assert read_image(path).tolist() == [[[255, 255, 255], [0, 255, 255], [255, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bit_gray_is_scaled_by_257(tmp_path, ending):
    levels = np.arange(256, dtype=np.uint16)[None] * 257
    assert np.array_equal(
        read_image(saved(tmp_path / f"levels.{ending}", levels))[0, :, 2], np.arange(256)
    )
    between = np.array([[0, 128, 129, 385, 386, 65406, 65407]], dtype=np.uint16)
    assert read_image(saved(tmp_path / f"between.{ending}", between))[0, :, 0].tolist() == [
        0,
        0,
        1,
        1,
        2,
        254,
        255,
    ]


def test_16_bit_photograph(assets):
    path = assets / "camera/pillow_16bit.cropped.tif"
    exact = np.array(Image.open(path), dtype=np.float64) / 257
    read = read_image(path)
    assert (read == read[:, :, :1]).all()
    assert np.abs(read[:, :, 0] - exact).max() <= 0.5
    assert np.unique(read).size > 1


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        (np.full((3, 3), 2.5, dtype=np.float32), "floating-point numbers from 2.5 to 2.5"),
        (np.full((3, 3), 65536, dtype=np.int32), "signed 32-bit integers from 65536 to"),
        (np.full((3, 3), -1, dtype=np.int32), "signed 32-bit integers from -1 to -1"),
    ],
)
def test_numbers_of_unknown_range_are_refused(tmp_path, numbers, reason):
    with pytest.raises(DataError, match=reason):
        read_image(saved(tmp_path / "numbers.tif", numbers))


def huge_png(side):
    """A valid header of a picture of side x side pixels, and hardly any of them."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"these are words, no picture", "it is not a picture"),
        (b"", "it is empty"),
        (bytes(500), "it begins with nothing but zeros"),
        (b"\xff\xd8\xff\xe0", "it has no pixels"),
        (huge_png(50_000), "its header promises more pixels than the limit of 268 million"),
    ],
)
def test_what_is_no_picture_is_named_with_a_reason(tmp_path, content, reason):
    path = tmp_path / "a: strange name.png"
    path.write_bytes(content)
    for read in (read_image, image_size):
        with pytest.raises(DataError, match=reason) as caught:
            read(path)
        assert caught.value.message.startswith(f"cannot read {path}: ")
        assert caught.value.path == path
        assert caught.value.hint


def test_missing_files_and_folders_are_named(tmp_path):
    for path, fact in [(tmp_path / "gone.png", "there is no file "), (tmp_path, "cannot read ")]:
        for read in (read_image, image_size):
            with pytest.raises(DataError, match=f"{fact}{path}") as caught:
                read(path)
            assert caught.value.path == path


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tif", "ppm", "jp2"])
def test_a_truncated_picture_is_named(tmp_path, ending):
    path = tmp_path / f"cut.{ending}"
    write_image(path, noise(64, 64))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=f"cannot read {path}: ."):
        read_image(path)


def load_that_raises(error):
    def load(self):
        raise error

    return load


@pytest.mark.parametrize(
    "raised",
    [RuntimeError("Failed to decode"), struct.error("unpack"), EOFError(), KeyError("tile")],
)
def test_whatever_a_decoder_raises_becomes_an_error_with_a_name(tmp_path, monkeypatch, raised):
    path = saved(tmp_path / "odd.webp", noise(4, 4))
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile.load", load_that_raises(raised))
    with pytest.raises(DataError, match=f"cannot read {path}: ."):
        read_image(path)


def test_a_machine_without_memory_is_no_fault_of_the_file(tmp_path, monkeypatch):
    path = saved(tmp_path / "fine.webp", noise(4, 4))
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile.load", load_that_raises(MemoryError()))
    with pytest.raises(MemoryError):
        read_image(path)


def test_pixels_are_writable_and_torch_does_not_complain(tmp_path):
    pixels = read_image(saved(tmp_path / "a.png", noise(4, 6)))
    deep = read_image(saved(tmp_path / "b.png", np.ones((4, 6), dtype=np.uint16)))
    assert pixels.flags.writeable
    assert deep.flags.writeable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.from_numpy(pixels)


@pytest.mark.parametrize("ending", LOSSLESS)
def test_what_is_written_is_read(tmp_path, ending):
    pixels = noise(7, 9)
    write_image(tmp_path / "new folder" / f"ä b{ending.upper()}", pixels)
    assert np.array_equal(read_image(tmp_path / "new folder" / f"ä b{ending.upper()}"), pixels)


def test_jpeg_loses_little(assets, tmp_path):
    pixels = read_image(assets / "benchmarks/Set5/HR/butterfly.png")
    write_image(tmp_path / "a.jpg", pixels)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - pixels).mean() < 2


def test_every_ending_can_be_written(tmp_path):
    for ending in writable_endings():
        write_image(tmp_path / f"a{ending}", noise(6, 6)[:, ::-1])
        assert image_size(tmp_path / f"a{ending}") == (6, 6)


@pytest.mark.parametrize(("name", "shape"), [("a.webp", (1, 16_384, 3)), ("a.jpg", (1, 70_000, 3))])
def test_a_format_that_cannot_hold_a_picture_leaves_the_old_file(tmp_path, name, shape):
    write_image(tmp_path / name, noise(4, 4))
    before = (tmp_path / name).read_bytes()
    with pytest.raises(DataError, match=f"cannot write {tmp_path / name}: ."):
        write_image(tmp_path / name, np.zeros(shape, dtype=np.uint8))
    assert (tmp_path / name).read_bytes() == before
    assert files_in(tmp_path) == [name]


def test_a_failing_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    write_image(tmp_path / "a.png", noise(4, 4))
    before = (tmp_path / "a.png").read_bytes()

    def interrupted(path, parts, **how):
        def half():
            yield next(iter(parts))
            raise KeyboardInterrupt

        write_parts(path, half(), **how)

    write_parts = picture_writer.write_parts
    monkeypatch.setattr(picture_writer, "write_parts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_image(tmp_path / "a.png", noise(4, 4, seed=1))
    assert (tmp_path / "a.png").read_bytes() == before
    assert files_in(tmp_path) == ["a.png"]


def test_an_unknown_ending_is_refused_with_those_known(tmp_path):
    with pytest.raises(DataError, match=r"cannot write a picture as 'a\.gif'") as caught:
        write_image(tmp_path / "a.gif", noise(4, 4))
    assert ".png" in caught.value.hint
    assert files_in(tmp_path) == []


def test_every_byte_survives_both_conversions():
    pixels = torch.arange(256, dtype=torch.uint8).repeat(3).view(1, 16, 16, 3)
    unit = to_unit(pixels)
    assert unit.dtype == torch.float32
    assert (unit.min(), unit.max()) == (0, 1)
    assert torch.equal(to_bytes(unit), pixels)


def test_conversion_clamps_and_rounds_to_the_nearest():
    values = torch.tensor([-1.0, -0.4 / 255, 0.49 / 255, 0.51 / 255, 254.4 / 255, 254.6 / 255, 1.5])
    assert to_bytes(values.expand(1, 3, 1, 7))[0, 0, :, 0].tolist() == [0, 0, 0, 1, 254, 255, 255]


def test_batches_arrive_channels_last():
    unit = to_unit(torch.from_numpy(noise(12, 10)).view(2, 6, 10, 3))
    assert unit.shape == (2, 3, 6, 10)
    assert unit.is_contiguous(memory_format=torch.channels_last)
    assert to_bytes(unit).is_contiguous()
