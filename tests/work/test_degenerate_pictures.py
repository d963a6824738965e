"""Is a picture that a metric cannot judge named and left out, wherever scores are made?"""

import csv
import json
import math

import numpy as np
import pytest
import torch

from srkit_core import evaluate
from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.evaluation.score_files import read_scores
from srkit_core.evaluation.scores import ModelScores
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunResult
from srkit_core.run_options import RunOptions
from srkit_core.specs import MetricSpec

CPU = {"device": "cpu"}


def contrast():
    """Return a metric that has nothing to say of a flat picture."""

    def measure(sr, hr):
        spread = hr.std(dim=(1, 2, 3))
        return torch.where(spread > 0, (sr - hr).abs().mean(dim=(1, 2, 3)) / spread, torch.nan)

    return measure


SPEC = MetricSpec(name="contrast", factory=contrast, summary="", higher_is_better=False)


class Notes(Callback):
    def __init__(self):
        self.told, self.events = [], []

    def on_note(self, text):
        self.told.append(text)

    def on_download(self, *_):
        pass

    def on_validation(self, event):
        self.events.append(event)


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    monkeypatch.setattr("srkit_core.engine.logs.curves.curves_file.CurvesFile.draw", lambda _: None)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two pictures, and a black one that every interpolation reproduces."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(2):
        squares = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", squares.repeat(8, axis=0).repeat(8, axis=1))
    write_image(folder / "black.png", np.zeros((64, 64, 3), np.uint8))
    return folder


@pytest.fixture(scope="module")
def black(tmp_path_factory):
    folder = tmp_path_factory.mktemp("black")
    write_image(folder / "dark.png", np.zeros((64, 64, 3), np.uint8))
    return folder


def recipe(*stages, metrics="psnr + ssim", **validation):
    stage = {"loss": "l1", "steps": 4, "batch": 1, "patch": 32, "validate_every": 2}
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "validation": {"metrics": metrics, "pictures": 0, **validation},
            "stages": [stage | one for one in stages or ({},)],
        }
    )


def rows(folder, split="val"):
    with (folder / "metrics.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == split]


def test_mean_and_deviation_are_of_the_pictures_that_are_judged():
    images = {"a": {"m": 20.0}, "b": {"m": math.inf}, "c": {"m": 30.0}, "d": {"m": math.nan}}
    spec = {"m": SPEC}
    scores = ModelScores("x", images, spec)
    assert (scores.mean("m"), scores.std("m"), scores.left_out("m")) == (25.0, 5.0, ("b", "d"))
    assert scores.to_dict()["metrics"]["m"] == {
        "mean": 25.0,
        "std": 5.0,
        "interval": None,
        "unit": "",
        "higher_is_better": False,
        "left_out": ["b", "d"],
    }
    assert scores.to_dict()["images"][1] == {"name": "b", "m": None}
    nothing = ModelScores("x", {"b": {"m": -math.inf}}, spec)
    assert math.isnan(nothing.mean("m"))
    assert nothing.to_dict()["metrics"]["m"]["mean"] is None


def test_eval_names_it_in_table_csv_and_json(photos, tmp_path, capsys):
    to = ["--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv"]
    words = ["eval", "bicubic", "nearest", "--data", photos, "--device", "cpu", *to]
    assert run([str(one) for one in words]) == 0
    told = capsys.readouterr().out
    assert "inf" not in told.replace("information", "")
    assert "nan" not in told
    assert "left out of the psnr of bicubic: black (1 of 3 pictures)" in told
    first = json.loads((tmp_path / "a.json").read_text())["models"][0]
    values = [one["psnr"] for one in first["images"]]
    assert [one["name"] for one in first["images"]] == ["0", "1", "black"]
    assert values[2] is None
    assert first["metrics"]["psnr"]["mean"] == pytest.approx(np.mean(values[:2]))
    assert first["metrics"]["psnr"]["std"] == pytest.approx(np.std(values[:2]))
    assert first["metrics"]["psnr"]["left_out"] == ["black"]
    assert "left_out" not in first["metrics"]["ssim"]
    table = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [row["psnr"] for row in table if row["image"] == "black"] == ["", ""]
    assert [row["ssim"] for row in table if row["image"] == "black"] == ["1.0", "1.0"]
    again = read_scores(tmp_path / "a.json")
    assert again.left_out("psnr", "nearest") == ("black",)
    assert again.to_dict() == json.loads((tmp_path / "a.json").read_text())


def test_a_metric_that_cannot_judge_leaves_a_picture_out_in_python(photos, registry):
    scores = evaluate(
        "bicubic", photos, metrics="psnr + contrast", registry=registry.with_components(SPEC), **CPU
    )
    found = scores.models[0]
    assert scores.left_out("contrast") == scores.left_out("psnr") == ("black",)
    assert scores.mean("contrast") == np.mean([found.images[one]["contrast"] for one in "01"])


def test_nothing_judged_is_no_figure(black, capsys, tmp_path):
    file = tmp_path / "a.json"
    words = ["eval", "bicubic", "--data", black, "--metrics", "psnr", "--json", file]
    assert run([str(one) for one in words]) == 0
    assert "none judged" in capsys.readouterr().out
    psnr = json.loads(file.read_text())["models"][0]["metrics"]["psnr"]
    assert (psnr["mean"], psnr["std"], psnr["left_out"]) == (None, None, ["dark"])


def test_validation_best_and_summary_are_of_the_others(photos, registry, tmp_path):
    notes, known = Notes(), registry.with_components(SPEC)
    where = RunOptions(photos, val={"": photos}, out=tmp_path / "run", device="cpu")
    wanted = recipe(metrics="psnr + contrast", border=0)
    folder = train(wanted, where, registry=known, callbacks=[notes]).folder
    summary = json.loads((folder / "summary.json").read_text())
    final, best = (summary["stages"]["main"][one] for one in ("final", "best"))
    assert final["left_out"]["contrast"] == best["contrast"]["left_out"] == ["black"]
    assert summary["bicubic"]["left_out"] == {"psnr": ["black"], "contrast": ["black"]}
    assert all(math.isfinite(float(row["contrast"])) for row in rows(folder))
    alone = evaluate("bicubic", photos, metrics="psnr", border=0, **CPU)
    assert summary["bicubic"]["psnr"] == alone.mean("psnr")
    told = [text for text in notes.told if text.startswith("validation after step 4")]
    assert "; without black)" in told[0]
    assert notes.events[-1].left_out["contrast"] == ("black",)
    assert notes.events[-1].bicubic["psnr"] == alone.mean("psnr")
    assert RunResult(folder).best("contrast").weights.is_file()


def test_a_validation_without_a_figure_does_not_spoil_the_best(photos, black, registry, tmp_path):
    """The first set cannot be judged by contrast at all: patience waits in vain, and says so."""
    where = RunOptions(photos, val={"dark": black, "b": photos}, out=tmp_path / "run", device="cpu")
    wanted = recipe({"steps": 20, "patience": 2, "patience_on": "contrast"}, metrics="contrast")
    folder = train(wanted, where, registry=registry.with_components(SPEC)).folder
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["steps"] == 4
    assert "contrast/dark" not in summary["stages"]["main"]["best"]
    assert math.isfinite(summary["stages"]["main"]["best"]["contrast/b"]["value"])
    assert [row["contrast/dark"] for row in rows(folder)] == ["", ""]
    assert not (folder / "weights/main/best-contrast.safetensors").exists()
    assert "NaN" not in (folder / "summary.json").read_text()


FLIPS = [{"0": 20.0, "1": 10.0}, {"0": 21.0, "1": math.inf}, {"0": 20.5, "1": 12.0}]
"""Means over what is judged are 15, 21, 16.25; on the pictures that both judge the second is the
best, and the third, though it is better than the first, is not.
"""


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        (FLIPS, 2),
        ([{"0": math.nan, "1": math.nan}, *FLIPS[:2]], 3),
        ([{"0": 30.0, "1": 60.0}, {"0": 31.0, "1": math.inf}], 2),
        ([{"0": 30.0, "1": math.inf}, {"0": 29.0, "1": 90.0}], 1),
    ],
    ids=["left out later", "nan first", "a mean that falls", "a mean that rises"],
)
def test_the_best_is_compared_on_pictures_that_both_judge(
    photos, registry, tmp_path, monkeypatch, scores, kept
):
    told = iter([one[name] for one in scores for name in ("0", "1")])
    spec = MetricSpec(
        name="told",
        factory=lambda: lambda sr, hr: torch.tensor([next(told)]),
        summary="",
        higher_is_better=True,
    )
    monkeypatch.setattr("srkit_core.engine.stage_run.bicubic_scores", lambda run: {})
    held = tmp_path / "held"
    for name in ("0.png", "1.png"):
        held.mkdir(exist_ok=True)
        (held / name).write_bytes((photos / name).read_bytes())
    where = RunOptions(photos, val={"": held}, out=tmp_path / "run", device="cpu")
    wanted = recipe({"steps": 2 * len(scores)}, metrics="told")
    folder = train(wanted, where, registry=registry.with_components(spec)).folder
    best = RunResult(folder).best("told")
    assert best.step == 2 * kept
    judged = [value for value in scores[kept - 1].values() if math.isfinite(value)]
    assert best.value == np.mean(judged)


def test_bicubic_is_scored_once_and_kept_over_a_resume(photos, registry, tmp_path, monkeypatch):
    from srkit_core.engine.validator import Validator

    calls, real = [], Validator.baseline_scores
    monkeypatch.setattr(
        Validator, "baseline_scores", lambda self, *seen: calls.append(1) or real(self, *seen)
    )
    where = RunOptions(photos, out=tmp_path / "run", device="cpu")
    train(recipe(), where, registry=registry)
    train(recipe({"steps": 8}), where, registry=registry, resume="newest")
    assert calls == [1]
    summary = json.loads((where.out / "summary.json").read_text())
    assert summary["bicubic"]["ssim"] > 0
