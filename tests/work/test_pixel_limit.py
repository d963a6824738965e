"""Can pictures be read that are larger than the limit, when a person wants that?"""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import image_size, read_image
from srkit_core.io.pixel_limit import MAX_PIXELS_VARIABLE, MOST_PIXELS, most_pixels


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """Forget what a command put into the environment, and told Pillow."""
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


def huge_png(side):
    def chunk(name, content):
        length, check = (
            struct.pack(">I", len(content)),
            struct.pack(">I", zlib.crc32(name + content)),
        )
        return length + name + content + check

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def picture(tmp_path, smooth):
    path = tmp_path / "in" / "a.png"
    path.parent.mkdir()
    Image.fromarray(smooth(50, 60)).save(path)
    return path


def test_the_limit_is_what_was_written(monkeypatch):
    assert most_pixels() == MOST_PIXELS == 2**28
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, " 4000000000 ")
    assert most_pixels() == 4_000_000_000


@pytest.mark.parametrize("written", ["many", "0", "-5", "1e9", "3.5"])
def test_what_is_no_number_of_pixels_is_named(monkeypatch, picture, written):
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, written)
    with pytest.raises(RecipeError, match=f"is no number of pixels: '{written}'"):
        read_image(picture)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "bmp", "ppm", "gif", "jp2"])
def test_every_format_keeps_to_the_limit_that_was_written(tmp_path, monkeypatch, ending):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(np.full((50, 60, 3), 77, np.uint8)).save(path)
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "2999")
    for read in (read_image, image_size):
        with pytest.raises(DataError, match="more pixels than the limit of 2999") as caught:
            read(path)
        assert caught.value.hint.startswith("srkit --max-pixels 3000 COMMAND")
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "3000")
    assert read_image(path).shape == (50, 60, 3)


@pytest.mark.parametrize("side", [17_000, 25_000, 60_000])
def test_more_than_twice_the_limit_is_no_bomb_where_it_is_allowed(tmp_path, monkeypatch, side):
    path = tmp_path / "huge.png"
    path.write_bytes(huge_png(side))
    with pytest.raises(DataError, match="more pixels than the limit of 268 million") as caught:
        image_size(path)
    assert f"--max-pixels {side * side} " in caught.value.hint
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, str(side * side))
    assert image_size(path) == (side, side)


def test_the_command_line_sets_it_before_any_command(picture, tmp_path, capsys):
    words = ["upscale", "nearest", str(picture), "--scale", "1", "--out", str(tmp_path / "b.png")]
    assert run(["--max-pixels", "2999", *words]) == 4
    assert "limit of 2999" in capsys.readouterr().err
    assert run(["--max-pixels", "3000", *words]) == 0
    assert read_image(tmp_path / "b.png").shape == (50, 60, 3)
    assert run(["--max-pixels", "few", *words]) == 2
    assert "'few'" in capsys.readouterr().err


def test_prepare_takes_up_what_the_limit_refused_before(picture, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["prepare", str(picture.parent), str(out), "--patch", "whole", "--workers", "1"]
    assert run(["--max-pixels", "2999", *words]) == 4
    assert "more pixels than the limit of 2999" in capsys.readouterr().err
    assert run(["--max-pixels", "3000", *words]) == 0
    assert "1 pictures" in capsys.readouterr().out
