"""Is a run folder taken wherever a model or a recipe is meant?"""

import json

import pytest

from srkit_core import bundled_photographs
from srkit_core.cli.app import run

SMALL = ["--gen", "srvgg(features=4,blocks=1)", "--batch", "1", "--patch", "16", "--device", "cpu"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of a step, in a folder whose name has a blank."""
    folder = tmp_path_factory.mktemp("my runs") / "the run"
    assert run(["train", *SMALL, "--steps", "1", "--out", str(folder)]) == 0
    return folder


def test_a_run_is_resumed_however_it_is_named(trained, capsys):
    ways = [
        ["--resume", str(trained)],
        [str(trained), "--resume"],
        [f"--resume={trained}"],
        [str(trained / "recipe.toml"), "--resume"],
        ["--out", str(trained), "--resume"],
    ]
    for steps, words in enumerate(ways, start=2):
        capsys.readouterr()
        assert run(["train", *words, "--steps", str(steps)]) == 0, words
        assert f"main {steps}/{steps}" in capsys.readouterr().out
    rows = (trained / "metrics.csv").read_text().splitlines()
    steps = [line.split(",")[0] for line in rows if ",train," in line]
    assert steps == ["1", "2", "3", "4", "5", "6"]
    assert not (trained.parent / "runs").exists()


@pytest.mark.parametrize("word", ["nowhere", "soon", "1e3", "-1"])
def test_what_is_no_step_and_no_run_is_named(word, trained, capsys):
    assert run(["train", "--out", str(trained), f"--resume={word}"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"error: --resume takes a step or epoch=N, not '{word}'",
        "try: --resume alone takes the newest checkpoint",
    ]


def test_a_run_is_a_recipe(trained, capsys):
    assert run(["check", str(trained)]) == 0
    told = capsys.readouterr().out
    assert "srvgg(features=4, blocks=1)" in told
    assert run(["recipes", str(trained)]) == 0
    assert 'generator = "srkit-srvgg/srvgg(features=4, blocks=1)"' in capsys.readouterr().out


def test_a_run_is_a_model(trained, tmp_path, capsys):
    photo, out = str(bundled_photographs()[2]), tmp_path / "large.png"
    assert run(["upscale", str(trained), photo, "--out", str(out)]) == 0
    assert out.is_file()
    found = tmp_path / "scores.json"
    words = ["eval", str(trained), "--data", photo, "--metrics", "psnr", "--json", str(found)]
    assert run(words) == 0
    assert json.loads(found.read_text())["models"][0]["images"]
    capsys.readouterr()
    assert run(["weights", "show", str(trained), "--json"]) == 0
    assert (
        json.loads(capsys.readouterr().out)["generator"]
        == "srkit-srvgg/srvgg(features=4, blocks=1)"
    )
