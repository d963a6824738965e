"""Are pictures written in the quality that is asked for, and seen from all eight sides?"""

import shlex
from importlib.metadata import version

import numpy as np
import pytest
import torch
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.expressions import parse_call
from srkit_core.io.images import read_image, write_image
from srkit_core.models.build import build_network
from srkit_core.models.model import Model
from srkit_core.models.self_ensemble import self_ensemble
from srkit_core.plan import bind_generator


@pytest.fixture
def here(tmp_path, monkeypatch, smooth):
    """A folder with a photograph, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "a.png", smooth(60, 80))
    return tmp_path


@pytest.mark.parametrize("ending", ["jpg", "webp", "jxl"])
def test_a_lower_quality_makes_a_smaller_file_that_still_looks_alike(here, ending):
    sizes = []
    words = f"upscale nearest a.png --scale 2 --format {ending} --overwrite"
    for quality in ("", "--quality 80", "--quality 10"):
        assert run(shlex.split(f"{words} {quality}")) == 0
        sizes.append((here / f"a_x2.{ending}").stat().st_size)
        large = read_image(here / "a.png").repeat(2, axis=0).repeat(2, axis=1)
        difference = np.abs(read_image(here / f"a_x2.{ending}").astype(int) - large)
        assert difference.mean() < (12 if "10" in quality else 3)
    assert sizes[0] > sizes[1] > sizes[2]


def test_jpeg_is_written_as_pillow_does_in_that_quality(here):
    assert run(shlex.split("upscale nearest a.png --scale 1 --out b.jpg --quality 60")) == 0
    Image.open(here / "a.png").save(here / "c.jpg", quality=60, subsampling=0)
    assert np.array_equal(read_image(here / "b.jpg"), read_image(here / "c.jpg"))


def test_a_format_without_loss_has_no_quality(here, capsys):
    assert run(shlex.split("upscale nearest a.png --quality 60")) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: --quality 60 is not for .png, which is written without loss",
        "try: --format jpg, webp or jxl; or leave --quality out",
    ]


def test_all_eight_sides_are_averaged(registry):
    bound = bind_generator(registry, parse_call("srvgg(features=4, blocks=1)"), 2)
    torch.manual_seed(0)
    model = Model(build_network(bound).eval(), bound, 2)
    lr = torch.rand(1, 3, 7, 10)
    with torch.no_grad():
        seen = self_ensemble(model)(lr)
        expected = []
        for axes in [(), (-1,), (-2,), (-1, -2)]:
            plain, turned = lr.flip(axes), lr.flip(axes).mT
            expected += [model(plain).flip(axes), model(turned).mT.flip(axes)]
        assert torch.allclose(seen, torch.stack(expected).mean(0), atol=1e-6)
        assert torch.allclose(self_ensemble(model)(lr.mT).mT, seen, atol=1e-6)
        assert (seen - model(lr)).abs().max() > 1e-5


def test_a_baseline_looks_the_same_from_every_side(here):
    assert run(shlex.split("upscale nearest a.png --self-ensemble")) == 0
    large = read_image(here / "a.png").repeat(4, axis=0).repeat(4, axis=1)
    assert np.array_equal(read_image(here / "a_x4.png"), large)


def test_a_png_says_what_made_it_and_names_no_folder(here):
    assert run(shlex.split("upscale nearest a.png --scale 3")) == 0
    with Image.open(here / "a_x3.png") as image:
        assert image.info["Software"] == f"srkit {version('srkit')}, nearest x3"
