"""Does a demo that was interrupted draw its picture when it goes on?"""

import json
import os
import signal
import sys

import pytest

from srkit_core import named_recipes
from srkit_core.cli import demo
from srkit_core.cli.app import run
from srkit_core.cli.progress import ProgressView
from srkit_core.io.images import image_size
from srkit_core.recipe import recipe_from_toml

RECIPE = """
name = "demo"
generator = "srvgg(features=4, blocks=1)"
[data]
hold_out = ["chelsea"]
[validation]
metrics = "psnr"
[[stages]]
name = "warmup"
loss = "l1"
steps = 3
batch = 1
patch = 16
log_every = 1
[[stages]]
name = "gan"
loss = "l1"
steps = 1
batch = 1
patch = 16
"""


@pytest.fixture
def interrupted(tmp_path, monkeypatch, capsys):
    """Begin a small demo and interrupt it at its second step; returns its folder."""
    recipe, folder = recipe_from_toml(RECIPE), tmp_path / "my demo"
    monkeypatch.setattr(named_recipes, "read_own_recipe", lambda name: recipe)
    monkeypatch.setattr(sys, "argv", ["srkit", "demo", "--out", str(folder)])
    stopped = []

    def stop_once(view, event):
        if event.run_step == 2 and not stopped:
            stopped.append(event.run_step)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ProgressView, "on_step", stop_once)
    assert run(["demo", "--out", str(folder)]) == 130
    assert f"try: srkit train --resume --out '{folder}'" in capsys.readouterr().err
    assert not (folder / "comparison.png").exists()
    return folder


@pytest.mark.parametrize("words", [["train", "--resume", "--out"], ["demo", "--out"]])
def test_it_goes_on_and_draws_its_picture(words, interrupted, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["srkit", *words, str(interrupted)])
    assert run([*words, str(interrupted)]) == 0
    told = capsys.readouterr().out
    assert f"picture: {interrupted / 'comparison.png'}" in told
    assert "model (gain over bicubic)" in told
    assert image_size(interrupted / "comparison.png")[0] > 100
    models = json.loads((interrupted / "scores.json").read_text())["models"]
    assert [one["name"] for one in models] == ["bicubic", "warmup, best PSNR", "gan, last"]


def test_another_run_is_no_demo(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["srkit", "train", "demo"])
    small = ["--gen", "srvgg(features=4,blocks=1)", "--batch", "1", "--patch", "16"]
    out = ["--steps", "1", "--out", str(tmp_path / "run"), "--device", "cpu"]
    assert run(["train", *small, *out]) == 0
    assert not demo.is_demo(tmp_path / "run")
    assert run(["demo", "--out", str(tmp_path / "run")]) == 2
    assert "already holds a run" in capsys.readouterr().err
