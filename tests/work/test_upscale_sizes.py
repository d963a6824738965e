"""Does any model make any size, and is a picture resampled as exactly as it comes in rows?"""

import shlex

import numpy as np
import pytest
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_call
from srkit_core.io.images import image_size, read_image, read_photo, write_image
from srkit_core.models.build import build_network
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator
from srkit_core.upscaling.resampling import resample_rows
from srkit_core.upscaling.upscaler import upscale
from srkit_core.upscaling.wanted_size import WantedSize, parse_size


@pytest.mark.parametrize("size", [(30, 40), (80, 100), (61, 80), (15, 200), (1, 1)])
def test_rows_that_come_by_and_by_make_the_picture_that_pillow_makes(smooth, size):
    picture = smooth(60, 80)
    reference = np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.BICUBIC))
    for step in (1, 7, 60):
        bands = [picture[start : start + step] for start in range(0, 60, step)]
        made = np.concatenate(list(resample_rows(bands, (60, 80), size)))
        assert (made.shape, made.dtype) == ((*size, 3), np.uint8)
        inside = np.abs(made.astype(int) - reference)[3:-3, 3:-3]
        assert inside.size == 0 or inside.max() <= 1


def test_16_bit_and_what_is_flat_stay_as_they_are():
    flat = np.full((9, 7), 40_001, np.uint16)
    assert all((band == 40_001).all() for band in resample_rows([flat], (9, 7), (4, 13)))
    (same,) = resample_rows([flat], (9, 7), (9, 7))
    assert same is flat


@pytest.mark.parametrize(
    ("text", "scale", "size", "name"),
    [
        ("", None, (80, 120), "_x4"),
        ("", 3, (60, 90), "_x3"),
        ("90x50", None, (50, 90), "_90x50"),
        ("90x", None, (60, 90), "_90x"),
        ("x50", None, (50, 75), "_x50"),
    ],
)
def test_a_size_is_read_and_sides_follow(text, scale, size, name):
    wanted = parse_size(text, scale)
    assert (wanted.of((20, 30), 4), wanted.name(4)) == (size, name)
    assert WantedSize().name(2) == "_x2"


@pytest.mark.parametrize("text", ["x", "90", "0x5", "ax5", "90x50x2"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(RecipeError, match="--size takes WxH, Wx or xH"):
        parse_size(text)
    with pytest.raises(RecipeError, match="say two things"):
        parse_size("90x", 2)


@pytest.fixture
def here(tmp_path, monkeypatch, registry, smooth):
    """A folder with weights for x2 and a photograph with alpha, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    bound = bind_generator(registry, parse_call("srvgg(features=4, blocks=1)"), 2)
    tensors = build_network(bound).state_dict()
    save_weights(tmp_path / "w.safetensors", tensors, card_of(bound, 2, registry))
    write_image(tmp_path / "a.png", smooth(20, 30))
    rgba = np.dstack([smooth(20, 30), np.full((20, 30), 128, np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "b.png")
    return tmp_path


def test_a_model_of_another_scale_is_resampled(here, capsys):
    words = "upscale w.safetensors a.png b.png --device cpu"
    for flag, name, size in [
        ("", "x2", (40, 60)),
        ("--scale 3", "x3", (60, 90)),
        ("--size 45x", "45x", (30, 45)),
    ]:
        assert run(shlex.split(f"{words} {flag}")) == 0
        assert image_size(here / f"a_{name}.png") == size
        assert read_photo(here / f"b_{name}.png").alpha.shape == size
    assert (read_photo(here / "b_x3.png").alpha == 128).all()
    own, resampled = read_image(here / "a_x2.png"), read_image(here / "a_45x.png")
    reference = np.asarray(Image.fromarray(own).resize((45, 30), Image.Resampling.BICUBIC))
    assert np.abs(resampled.astype(int) - reference)[3:-3, 3:-3].max() <= 1
    assert "a.png (30x20) -> a_45x.png (45x30)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ("--scale 3", {"scale": 3}),
        ("--size 45x", {"size": "45x"}),
        ("--format jpg --quality 60 --self-ensemble", {"quality": 60, "self_ensemble": True}),
    ],
)
def test_python_makes_the_bytes_of_the_command(here, flags, asked):
    ending = "jpg" if "quality" in asked else "png"
    words = f"upscale w.safetensors b.png --device cpu --backend torch --out folder {flags}"
    assert run(shlex.split(words)) == 0
    upscale("w.safetensors", "b.png", f"p.{ending}", device="cpu", backend="torch", **asked)
    assert (here / f"p.{ending}").read_bytes() == (here / f"folder/b.{ending}").read_bytes()


def test_python_names_no_two_sizes(here):
    with pytest.raises(RecipeError, match="--scale 2 and --size 90x say two things"):
        upscale("nearest", "a.png", "p.png", scale=2, size="90x")


def test_a_baseline_takes_a_scale_itself(here):
    assert run(shlex.split("upscale nearest a.png --scale 3")) == 0
    expected = read_image(here / "a.png").repeat(3, axis=0).repeat(3, axis=1)
    assert np.array_equal(read_image(here / "a_x3.png"), expected)
