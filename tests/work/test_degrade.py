"""Does `srkit degrade` show what a chain does, and what it drew?"""

import numpy as np
import pytest
import torch
from PIL import Image

from srkit_core.chain import bind_chain
from srkit_core.cli.app import run
from srkit_core.evaluation.contact_sheet import contact_sheet, describe_draws
from srkit_core.evaluation.degrade_picture import degrade_pixels
from srkit_core.expressions import parse_chain
from srkit_core.interfaces import add_draws
from srkit_core.models.build import build_degradation


@pytest.fixture
def photo(tmp_path, smooth):
    path = tmp_path / "a photo.png"
    Image.fromarray(smooth(120, 150)).save(path)
    return path


def chain(registry, text, scale=4):
    return build_degradation(bind_chain(registry, parse_chain(text), scale))


def test_a_sheet_and_the_draws_are_written(photo, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    words = [
        "degrade",
        str(photo),
        "--out",
        str(out),
        "--degrade",
        "blur(sigma=0.5..2) | bicubic | jpeg(quality=30..60)@0.5",
        "--count",
        "5",
    ]
    assert run(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"contact sheet: {out}"
    assert [line.split()[0] for line in lines[:-1]] == list("12345")
    assert all("blur: sigma" in line for line in lines[:-1])
    assert 0 < sum("jpeg: quality" in line for line in lines[:-1]) < 5
    assert Image.open(out).width == 3 * (120 + 8) + 8
    first = out.read_bytes()
    assert run([*words[:3], str(tmp_path / "again.png"), *words[4:]]) == 0
    assert (tmp_path / "again.png").read_bytes() == first
    assert run([*words[:3], str(tmp_path / "other.png"), *words[4:], "--seed", "1"]) == 0
    assert (tmp_path / "other.png").read_bytes() != first


def test_a_chain_tells_what_each_step_drew_for_the_pictures_it_happened_to(registry):
    degrade = chain(registry, "blur(sigma=1..2) | blur(sigma=3..4)@0.5 | bicubic")
    hr = torch.rand(16, 3, 32, 32)
    lr, told = degrade.traced(hr, rng=torch.Generator().manual_seed(0))
    assert torch.equal(lr, degrade(hr, rng=torch.Generator().manual_seed(0)))
    assert all(1 <= one["blur.sigma"] <= 2 for one in told)
    twice = [one["blur.2.sigma"] for one in told if "blur.2.sigma" in one]
    assert 0 < len(twice) < 16
    assert all(3 <= sigma <= 4 for sigma in twice)


def test_draws_of_a_component_that_appears_again_are_numbered():
    taken = {}
    for value in (1.0, 2.0, 3.0):
        add_draws(taken, {"blur.sigma": value, "blur.size": 7.0})
    add_draws(taken, {"noise.sigma": 5.0})
    assert list(taken) == [
        "blur.sigma",
        "blur.size",
        "blur.2.sigma",
        "blur.2.size",
        "blur.3.sigma",
        "blur.3.size",
        "noise.sigma",
    ]


def test_what_was_drawn_is_said_by_component():
    assert describe_draws({"blur.kind": "plateau", "blur.sigma": 1.23456, "jpeg.quality": 30}) == [
        "blur: kind plateau, sigma 1.23",
        "jpeg: quality 30",
    ]
    assert describe_draws({}) == ["nothing is drawn"]


def test_cells_show_hr_and_enlarged_lr(registry, smooth):
    hr = smooth(40, 40)
    results = degrade_pixels(chain(registry, "nearest"), hr, 2, 0)
    sheet = contact_sheet(hr, results)
    assert np.array_equal(sheet[8:48, 8:48], hr)
    assert np.array_equal(sheet[8:48:4, 56:96:4], results[0].lr)
    assert np.array_equal(sheet[8:48, 56:96], sheet[8:48, 104:144])


def test_the_sheet_of_a_gray_picture_is_gray(tmp_path, photo):
    gray = tmp_path / "gray.png"
    Image.open(photo).convert("L").save(gray)
    for source, mode in ((gray, "L"), (photo, "RGB")):
        out = tmp_path / f"{mode}.png"
        words = ["degrade", str(source), "--degrade", "blur(sigma=2) | bicubic", "--count", "1"]
        assert run([*words, "--out", str(out)]) == 0
        assert Image.open(out).mode == mode
        assert run([*words, "--out", str(out)]) == 2
        assert run([*words, "--out", str(out), "--overwrite"]) == 0


def test_a_chain_that_keeps_the_size_needs_no_scale(photo, tmp_path):
    assert (
        run(
            [
                "degrade",
                str(photo),
                "--out",
                str(tmp_path / "s.png"),
                "--degrade",
                "blur(sigma=2)",
                "--count",
                "1",
            ]
        )
        == 0
    )


@pytest.mark.parametrize(
    ("change", "code", "fact"),
    [
        ({"--out": "sheet.txt"}, 2, "sheet.txt is no picture"),
        ({"--out": "a photo.png"}, 2, "exists already"),
        ({"--degrade": "bicubic(factor=5)"}, 2, "makes pictures 5 times smaller, the scale is 4"),
        ({"--degrade": "blurr | bicubic"}, 3, "no degradation named 'blurr'"),
        ({"INPUT": "gone.png"}, 4, "gone.png"),
    ],
)
def test_what_cannot_be_is_said(photo, tmp_path, capsys, monkeypatch, change, code, fact):
    monkeypatch.chdir(tmp_path)
    words = {"INPUT": photo.name, "--out": "new.png", "--degrade": "blur | bicubic"} | change
    assert (
        run(["degrade", words["INPUT"], "--out", words["--out"], "--degrade", words["--degrade"]])
        == code
    )
    told = capsys.readouterr().err
    assert fact in told
    assert told.count("\n") == 2
    assert not (tmp_path / "new.png").exists()
