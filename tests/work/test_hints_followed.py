"""Does what a hint tells to type work when it is typed?"""

import re
import shlex

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.io.images import write_image

SMALL = "generator = 'srvgg(features=8, blocks=1)'\n[[stages]]\nloss = 'l1'\nsteps = 2\n"
SRVGG = ["--gen", "srvgg(features=8,blocks=1)"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with photographs, recipes and an evaluation recipe."""
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(tmp_path / f"some photos/{number}.png", pixels)
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "late.toml").write_text(SMALL + "start_from = 'best-psnr'\n")
    (tmp_path / "pool.toml").write_text(SMALL + "batch = 4\npool = 2\n")
    compared = "data = 'some photos'\nscale = 2\n[models]\nb = 'bicubic'\n"
    (tmp_path / "to compare.toml").write_text(compared)
    return tmp_path


def _tried(words, capsys):
    """Run a command line; returns its exit code and its hint."""
    code = run(words)
    told = capsys.readouterr()
    hints = [line for line in told.err.splitlines() if line.startswith("try: ")]
    return code, hints[0].removeprefix("try: ") if hints else None


def _followed(words, hint):
    """Return what a person types who takes the first words of a hint literally."""
    if hint.startswith("did you mean "):
        return [*words[:-1], re.findall(r"'([^']+)'", hint)[0]]
    typed = shlex.split(re.split(r"; | or |, or ", hint)[0])
    if typed[0] == "srkit":
        return typed[1:]
    flag, value = typed[0], typed[1].rstrip(",")
    assert flag.startswith("--"), hint
    again = flag in words and flag != "--set"
    kept = words[: words.index(flag)] + words[words.index(flag) + 2 :] if again else words
    return [*kept, flag, value]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("check late.toml", "--set stages.main.start_from=last"),
        ("check pool.toml", "--set pool=0"),
        ("check small.toml --patch 33", "--patch 36"),
        ("check small.toml --loss ragan", "--disc vgg-sn"),
        ("check small.toml --disc vgg-sn", "--loss l1+gan"),
        ("check small.toml --loss l1+wgan --disc vgg", "--disc vgg-sn"),
        ("check small.toml --loss l1+ssim --patch 4", "--patch 12"),
        ("check small.toml --scale 7", "--scale 4"),
        ("check small.toml --degrade blur", "--degrade 'blur | bicubic'"),
        ("check small.toml --degrade 'blur | sharpen'", "--degrade 'blur | sharpen | bicubic'"),
        ("check small.toml --set target=bicubic", "--set target=sharpen"),
        ("check small.toml --set optimizer.name=Muon", "--set optimizer.name=AdamW, or another"),
        ("check small.toml --set optimizer.name=LBFGS", "--set optimizer.name=AdamW, or another"),
        ("check 'to compare.toml' --steps 4", "srkit check 'to compare.toml'"),
        ("check 'to compare.toml' --seed 2", "srkit check 'to compare.toml'"),
        ("check nothing.toml", "srkit recipes"),
        ("check srresne", "did you mean 'srresnet'?"),
        ("check", "--gen rrdb, or a recipe of srkit recipes; srkit train"),
        ("train 'to compare.toml'", "srkit eval 'to compare.toml'"),
        ("recipes srresne", "did you mean 'srresnet'?"),
        ("show nothing-like-it", "srkit list --all"),
        ("list generators", "srkit list generator"),
        ("lst", "did you mean 'list'?"),
        ("upscale bicubic 'some photos/0.png' --out a.png --tile half", "--tile 256"),
        ("eval bicubic --data photos --precision fp16 --device cpu", "--precision bf16"),
        ("degrade 'some photos/0.png' --degrade bicubic --out a.txt", "--out a.png"),
        ("prepare photos out --patch many", "--patch 256"),
        ("prepare photos out --patch whole --resize 4by4", "--resize 640x640"),
        ("weights get nothing-like-it", "srkit weights list"),
    ],
)
def test_a_hint_that_is_followed_works(words, hint, folder, capsys):
    code, told = _tried(shlex.split(words), capsys)
    assert (code in (2, 3, 4), told.startswith(hint)) == (True, True), told
    assert run(_followed(shlex.split(words), told)) == 0
