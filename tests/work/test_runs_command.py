"""Does `srkit runs` say of runs what really became of them?"""

import json
import signal

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.errors import DivergedError, InterruptedRunError
from srkit_core.io.images import write_image
from srkit_core.overrides import apply_setting
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions
from srkit_core.run_state import run_state

STAGE = {"loss": "l1", "steps": 6, "batch": 1, "patch": 16}
WISH = {
    "generator": "srvgg(features=4, blocks=1)",
    "scale": 2,
    "validation": {"pictures": 0, "metrics": "psnr + ssim"},
    "stages": [{**STAGE, "log_every": 1, "validate_every": 3, "checkpoint_every": 3}],
}


class At(Callback):
    """Does something after a step."""

    def __init__(self, step, act):
        self.step, self.act = step, act

    def on_step(self, event):
        if event.run_step == self.step:
            self.act()


@pytest.fixture
def wish(tmp_path):
    """Train the recipe into `runs/NAME`, with settings, doing something after a step."""
    photos = tmp_path / "photos"
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        write_image(photos / f"{number}.png", pixels)

    def do(name, *settings, callbacks=(), resume=None):
        document = recipe_from_dict(WISH).to_dict()
        for setting in settings:
            document = apply_setting(document, setting)
        out = tmp_path / "runs" / name
        options = RunOptions(data=str(photos), val={"": str(photos)}, out=out, device="cpu")
        train(recipe_from_dict(document), options, resume=resume, callbacks=callbacks)
        return out

    return do


def told(capsys, *words):
    """Return the runs of `srkit runs --json` by the name of their folder."""
    capsys.readouterr()
    assert run(["runs", *words, "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    return {one["path"].rpartition("/")[2]: one for one in runs}


def test_runs_of_every_end_are_told_apart(wish, tmp_path, capsys, monkeypatch):
    wish("whole")
    with pytest.raises(InterruptedRunError):
        wish("stopped", callbacks=[At(4, lambda: signal.raise_signal(signal.SIGINT))])
    with pytest.raises(DivergedError):
        wish("burst", "lr=1e30")
    with pytest.raises(InterruptedRunError):
        wish("killed", callbacks=[At(2, lambda: signal.raise_signal(signal.SIGINT))])
    (tmp_path / "runs/killed/end.json").unlink()
    found = told(capsys, str(tmp_path / "runs"))
    assert {name: one["state"] for name, one in found.items()} == {
        "killed": "killed", "burst": "diverged", "stopped": "stopped", "whole": "finished",
    }  # fmt: skip
    assert [found[name]["step"] for name in ("whole", "stopped", "killed")] == [6, 4, 2]
    assert {one["steps"] for one in found.values()} == {6}
    assert found["whole"]["seconds_left"] is None
    assert found["stopped"]["seconds_left"] > 0
    assert list(found["whole"]["best"]) == ["psnr", "ssim", "loss"]
    best = found["stopped"]["best"]["psnr"]
    assert (best["step"], best["stage"], best["value"] > 0) == (3, "main", True)
    assert best["weights"].endswith("runs/stopped/weights/main/best-psnr.safetensors")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "state", "step", "time", "left", "best"]
    assert [line.split()[0] for line in lines[1:5]] == list(
        map("runs/{}".format, ("killed", "burst", "stopped", "whole"))
    )
    assert max(map(len, lines)) <= 80
    assert " ".join(lines[5:]).startswith("runs/burst has diverged: ")


def test_a_run_that_goes_on_forgets_how_it_ended_before(wish, capsys, tmp_path):
    seen = []
    with pytest.raises(InterruptedRunError):
        wish("run", callbacks=[At(4, lambda: signal.raise_signal(signal.SIGTERM))])
    out = tmp_path / "runs/run"
    assert json.loads((out / "end.json").read_text())["reason"] == "interrupted"
    watch = At(6, lambda: seen.append(run_state(out)))
    assert wish("run", callbacks=[watch], resume="newest") == out
    assert [(one.state, one.step, one.steps) for one in seen] == [("running", 6, 6)]
    assert not (out / "end.json").exists()
    assert told(capsys, str(out))["run"]["state"] == "finished"


def test_a_folder_without_runs_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["runs"]) == 4
    assert capsys.readouterr().err.splitlines()[0] == "error: there is no folder 'runs' here"
    assert run(["runs", "."]) == 0
    assert capsys.readouterr().out == "there are no runs in .\n"
    assert told(capsys, ".") == {}
