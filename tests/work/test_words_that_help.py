"""Is a slip of the pen answered with what was meant?"""

import math
import shlex

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.io.images import write_image


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Run a command line in a folder with photographs; returns code, fact and hint."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 48, 3), dtype=np.uint8)
        write_image(tmp_path / f"my photos/{number}.png", pixels)
    (tmp_path / "old.toml").write_text("generator = 'srvgg'\n[stages]\nloss = 'l1'\nsteps = 2\n")

    def tell(words):
        code = run(shlex.split(words))
        lines = capsys.readouterr().err.splitlines()
        fact = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        hint = [line.removeprefix("try: ") for line in lines if line.startswith("try: ")]
        return code, *fact, *hint

    return tell


@pytest.mark.parametrize(
    ("words", "code", "fact", "hint"),
    [
        (
            "upscale 'my photos/0.png' bicubic --out large.png",
            2,
            "the model comes first, and my photos/0.png is a picture",
            "srkit upscale bicubic 'my photos/0.png' --out large.png",
        ),
        (
            "upscale 'my photos' lanczos --out large",
            2,
            "the model comes first, and my photos is a folder",
            "srkit upscale lanczos 'my photos' --out large",
        ),
        (
            "upscale bicubic 'my photos' --out large.png",
            2,
            "--out large.png is one picture, and my photos is a folder",
            "--out large",
        ),
        (
            "upscale bicubic 'my photos/0.png' 'my photos/1.png' --out 'so large.png'",
            2,
            "--out so large.png is one picture, and there are 2 inputs",
            "--out 'so large'",
        ),
        (
            "upscale bicubic 'my photos/*.jpg' --out large",
            4,
            "no picture is called like my photos/*.jpg",
            "the folder 'my photos', or another pattern",
        ),
        (
            "upscale bicubic 'my photos/00.png' --out large",
            4,
            "there is no file my photos/00.png",
            "did you mean 'my photos/0.png'?",
        ),
        (
            "upscale bicubic 'your photos/0.png' --out large",
            4,
            "there is no file your photos/0.png",
            "there is no folder your photos either; . is the last that is there",
        ),
        (
            "eval bicubic --data 'my photos/*'",
            4,
            "there is no folder my photos/*",
            "a pattern between quotes stays one: without quotes, or the folder my photos; or "
            "'photos', the bundled photographs",
        ),
        (
            "train --gen srvgg --data my-photos",
            4,
            "there is no folder my-photos",
            "did you mean 'my photos'?; or 'photos', the bundled photographs",
        ),
        (
            "check old.toml",
            2,
            "stages is one table, and has to be a list of them",
            "[[stages]] with two brackets, once for each stage",
        ),
    ],
)
def test_a_mix_up_is_named_with_what_was_meant(words, code, fact, hint, told):
    assert told(words) == (code, fact, hint)


FOLLOWED = [
    "upscale 'my photos/0.png' bicubic --out large.png",
    "upscale 'my photos' lanczos --out large",
    "upscale bicubic 'my photos' --out large.png",
]


@pytest.mark.parametrize("words", FOLLOWED)
def test_what_is_told_works_when_it_is_typed(words, told):
    hint = told(words)[2]
    again = hint.removeprefix("srkit ") if hint.startswith("srkit") else f"{words} {hint}"
    assert told(again) == (0,)


def test_a_folder_that_is_called_like_a_model_hides_none(told):
    assert told("upscale bicubic 'my photos/0.png' --out bicubic") == (0,)
    assert told("upscale bicubic 'my photos/1.png' --out bicubic") == (0,)


NUMBERS = {
    "upscale bicubic 'my photos/0.png' --out a.png": ["--scale 1..", "--overlap 0..", "--tile 1.."],
    "eval bicubic --data photos": ["--scale 1..64", "--border 0..", "--tile 1.."],
    "check --gen srvgg": [
        "--scale 1..", "--steps 1..", "--warmup 0..", "--batch 1..", "--patch 1..", "--seed 0..",
    ],
    "train --gen srvgg": ["--workers 0..", "--steps 1.."],
    "degrade 'my photos/0.png' --degrade bicubic --out a.png": [
        "--scale 1..64", "--seed 0..", "--count 1..48", "--side 16..",
    ],
    "prepare photos out": [
        "--scale 1..", "--stride 1..", "--variants 1..", "--limit 1..", "--workers 1..",
        "--time-limit 1..", "--max-failures 0..1",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "flag", "least", "most"),
    [
        (command, *text.replace("..", " ").split(" ", 2))
        for command, flags in NUMBERS.items()
        for text in flags
    ],
)
def test_a_number_beyond_its_range_is_refused_with_its_flag(command, flag, least, most, told):
    for value in [
        str(int(least) - 1),
        "-1",
        "many",
        "nan",
        *([str(int(most) + 1)] if most else []),
    ]:
        code, fact, _ = told(f"{command} {flag} {value}")
        assert (code, flag in fact, value in fact.replace(".0", "")) == (2, True, True), fact


@pytest.mark.parametrize("rate", [-1, 0, math.nan, math.inf, -math.inf])
def test_a_rate_that_is_none_is_refused(rate, told):
    code, fact, _ = told(f"check --gen srvgg --lr {rate}")
    assert (code, "lr" in fact) == (2, True)
