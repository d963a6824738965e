"""Does a model that is opened once make of many pictures what the command makes of each?"""

import numpy as np
import pytest

from srkit_core import Upscaler, before_and_after, bundled_photographs, known_models, upscale
from srkit_core.cli.app import run
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import read_image, write_image
from srkit_core.registry import discover
from srkit_core.upscaling.before_and_after import SHOWN_SIDE
from srkit_core.upscaling.resampling import resample_rows


class StoppedError(Exception):
    """Somebody has seen enough."""


@pytest.fixture
def picture(tmp_path):
    write_image(tmp_path / "small.png", read_image(bundled_photographs()[0])[:40, :56].copy())
    return tmp_path / "small.png"


def test_it_writes_what_the_command_writes(picture, tmp_path):
    ready, reports = Upscaler("compact-photo-x4", scale=3), []
    told = ready(picture, tmp_path / "a.png", report=lambda *shares: reports.append(shares))
    words = ["upscale", "compact-photo-x4", str(picture), "--scale", "3"]
    assert run([*words, "--out", str(tmp_path / "b.png")]) == 0
    upscale("compact-photo-x4", picture, tmp_path / "c.png", scale=3)
    assert (told.before, told.after, ready.scale) == ((40, 56), (120, 168), 4)
    assert reports[-1] == (40 * 56, 40 * 56)
    made = [(tmp_path / f"{name}.png").read_bytes() for name in "abc"]
    assert made[0] == made[1] == made[2]


def test_what_the_report_raises_ends_it_and_leaves_no_file(picture, tmp_path):
    def stop(done, total):
        raise StoppedError

    with pytest.raises(StoppedError):
        Upscaler("bicubic")(picture, tmp_path / "a.png", report=stop)
    assert [one.name for one in tmp_path.iterdir()] == ["small.png"]


def test_errors_are_those_of_the_command(tmp_path):
    (tmp_path / "notes.png").write_text("this is no picture")
    with pytest.raises(DataError, match=r"notes\.png"):
        Upscaler("bicubic")(tmp_path / "notes.png", tmp_path / "a.png")
    with pytest.raises(RecipeError, match="--size takes"):
        Upscaler("bicubic", size="large")


def test_known_models_are_those_that_the_command_lists():
    names = {one["name"]: one for one in known_models(discover())}
    assert names["compact-photo-x4"]["scale"] == 4
    assert names["compact-photo-x4"]["here"] is True


def test_before_and_after_are_of_one_size(picture, tmp_path):
    upscale("bicubic", picture, tmp_path / "large.png", size="100x90")
    whole = before_and_after(
        picture, tmp_path / "large.png", tmp_path / "before.png", tmp_path / "after.png"
    )
    before, after = read_image(tmp_path / "before.png"), read_image(tmp_path / "after.png")
    assert whole is True
    assert before.shape == after.shape == (90, 100, 3)
    assert np.array_equal(after, read_image(tmp_path / "large.png"))


def test_of_a_large_picture_the_middle_is_shown(tmp_path):
    """The same places of both, of the source as the whole of it would be resampled."""
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    noise = np.random.default_rng(0).integers(0, 256, (50, 700, 3), np.uint8)
    write_image(small, noise)
    upscale("bicubic", small, large, scale=4)
    whole = before_and_after(small, large, tmp_path / "before.png", tmp_path / "after.png")
    before, after = read_image(tmp_path / "before.png"), read_image(tmp_path / "after.png")
    assert whole is False
    assert before.shape == after.shape == (200, SHOWN_SIDE, 3)
    assert np.array_equal(after, read_image(large)[:, 600:2200])
    every = np.concatenate([*resample_rows([noise], (50, 700), (200, 2800))])
    assert np.abs(before.astype(int) - every[:, 600:2200]).max() <= 1
