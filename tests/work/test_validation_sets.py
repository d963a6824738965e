"""Is each validation set scored as its table says, and who decides what is best?"""

import json
from math import nan

import numpy as np
import pytest
import torch

from srkit_core import RunOptions, evaluate, load_model, train
from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.checkpoints.contests import Contest
from srkit_core.errors import IncompatibleError, RecipeError
from srkit_core.io.images import write_image
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover

STAGE = {"loss": "l1", "steps": 2, "batch": 1, "patch": 32, "validate_every": 1, "lr": 1e-2}


class Listener(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def recipe(validation, **changes):
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "scale": 2,
        "degradation": "blur(sigma=0.5..2) | bicubic",
        "target": "sharpen",
        "validation": {"pictures": 0, "metrics": "psnr"} | validation,
        "stages": [STAGE],
    }
    return recipe_from_dict(document | changes)


def photographs(folder, seeds, side=48):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        write_image(folder / f"{seed}.png", rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    return folder


def paired(folder, seeds, side=48):
    """Pairs whose LR no degradation makes: every other pixel, turned upside down in brightness."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        hr = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        write_image(folder / f"HR/{seed}.png", hr)
        write_image(folder / f"LR/{seed}.png", 255 - hr[::2, ::2])
    return folder


def trained(tmp_path, wanted, val, data=None, listener=None):
    data = data or photographs(tmp_path / "data", range(3))
    where = RunOptions(data=str(data), val=val, out=tmp_path / "run", device="cpu")
    return train(wanted, where, callbacks=[listener] if listener else [])


@pytest.fixture
def val(tmp_path):
    return {
        "real": str(paired(tmp_path / "real", [50, 51])),
        "plain": str(photographs(tmp_path / "plain", [60, 61], 64)),
    }


def test_a_synthetic_run_is_validated_on_stored_lr_and_on_another_degradation(tmp_path, val):
    sets = {
        "real": {"degradation": "paired", "protocol": "rgb", "border": 0},
        "plain": {"degradation": "bicubic", "metrics": "ssim + psnr(border=6)", "crop": 32},
    }
    result = trained(tmp_path, recipe({"sets": sets}), val)
    last = result.history("val")[-1]
    scores = [name for name in last if name.startswith(("psnr", "ssim"))]
    assert [one for one in scores if not one.endswith("/std")] == [
        "psnr/real",
        "ssim/plain",
        "psnr/plain",
    ]
    weights = str(result.weights)
    real = evaluate(
        weights, val["real"], degrade="paired", metrics="psnr", protocol="rgb", border=0
    )
    plain = evaluate(
        weights, val["plain"], degrade="bicubic", metrics="ssim + psnr(border=6)", crop=32
    )
    assert last["psnr/real"] == pytest.approx(real.mean("psnr"), abs=1e-4)
    assert last["ssim/plain"] == pytest.approx(plain.mean("ssim"), abs=1e-5)
    assert last["psnr/plain"] == pytest.approx(plain.mean("psnr"), abs=1e-4)
    assert plain.protocol["crop"] == 32
    whole = evaluate(weights, val["plain"], degrade="bicubic", metrics="psnr(border=6)")
    assert abs(whole.mean("psnr") - plain.mean("psnr")) > 0.01  # the crop is not all of it
    bicubic = json.loads((result.folder / "summary.json").read_text())["bicubic"]
    known = evaluate("bicubic", val["plain"], scale=2, degrade="bicubic", metrics="ssim", crop=32)
    assert bicubic["ssim/plain"] == pytest.approx(known.mean("ssim"), abs=1e-5)


def test_a_paired_run_is_validated_on_hr_alone(tmp_path, val):
    data = paired(tmp_path / "pairs", range(3))
    sets = {"plain": {"degradation": "bicubic"}}
    wanted = recipe({"sets": sets}, degradation="paired", target="")
    result = trained(tmp_path, wanted, val, data)
    last = result.history("val")[-1]
    plain = evaluate(str(result.weights), val["plain"], degrade="bicubic", metrics="psnr")
    real = evaluate(str(result.weights), val["real"], degrade="paired", metrics="psnr")
    assert last["psnr/plain"] == pytest.approx(plain.mean("psnr"), abs=1e-4)
    assert last["psnr/real"] == pytest.approx(real.mean("psnr"), abs=1e-4)


def test_a_validation_loss_is_taken_of_the_lr_of_its_set(tmp_path, val):
    """By hand on the centre patches of 32, whose target is the sharpened HR."""
    sets = {"real": {"degradation": "paired"}, "plain": {"degradation": "bicubic"}}
    wanted = recipe({"sets": sets, "best_of": ["real"]}, target="")
    result = trained(tmp_path, wanted, val)
    model = load_model(result.weights)
    losses = []
    for seed in (50, 51):
        hr = np.random.default_rng(seed).integers(0, 256, (48, 48, 3), dtype=np.uint8)
        high, low = (torch.from_numpy(one / 255).float().permute(2, 0, 1)[None] for one in (
            hr[8:40, 8:40], 255 - hr[8:40:2, 8:40:2]))  # fmt: skip
        with torch.no_grad():
            losses.append((model(low) - high).abs().mean().item())
    assert result.history("val")[-1]["loss/l1"] == pytest.approx(np.mean(losses), abs=1e-6)


def test_the_run_knows_later_how_each_set_was_scored(tmp_path, val):
    sets = {"real": {"degradation": "paired"}, "plain": {"degradation": "bicubic"}}
    result = trained(tmp_path, recipe({"sets": sets}), val)
    with pytest.raises(RecipeError) as caught:
        evaluate(str(result.folder), split="val", device="cpu")
    assert "validates 'real' and 'plain' with another degrade each" in caught.value.message
    assert run(["eval", str(result.folder), "--split", "val", "--json", str(tmp_path / "j")]) == 0
    told = json.loads((tmp_path / "j").read_text())["sets"]
    best = max(result.history("val"), key=lambda row: row["psnr/real"])
    for one in told:
        (model,) = one["models"]
        expected = pytest.approx(best[f"psnr/{one['name']}"], abs=1e-4)
        assert model["metrics"]["psnr"]["mean"] == expected
    kernels = {one["name"]: one["protocol"]["kernel"] for one in told}
    assert kernels["real"] == "as stored"
    assert kernels["plain"].startswith("srkit/bicubic(")
    words = ["--metrics", "ssim", "--only", "plain", "--json", str(tmp_path / "k")]
    assert run(["eval", str(result.folder), *words]) == 0
    assert list(json.loads((tmp_path / "k").read_text())["models"][0]["metrics"]) == ["ssim"]
    del val["real"]
    alone = trained(tmp_path / "alone", recipe({"sets": sets, "crop": 32}), val)
    scores = evaluate(str(alone.folder), split="val", device="cpu")
    assert scores.models[0].mean("psnr") == pytest.approx(alone.best("psnr").value, abs=1e-4)
    assert scores.protocol["crop"] == 32
    assert scores.protocol["kernel"].startswith("srkit/bicubic(")  # without blur and sharpening


def test_figures_of_set5_are_those_of_the_literature_and_of_eval(tmp_path, assets):
    """Bicubic x4 of its official LR: 28.43 dB and 0.8111 on luma, 26.70 dB on whole RGB."""
    set5 = assets / "benchmarks/Set5"
    val = {"made": str(set5 / "HR"), "stored": f"{set5 / 'HR'} with {set5 / 'LRx4'}"}
    metrics = "psnr + ssim + psnr(protocol=rgb, border=0)"
    sets = {"stored": {"degradation": "paired"}, "made": {"degradation": "bicubic", "crop": 96}}
    changes = {"scale": 4, "target": "", "stages": [STAGE | {"steps": 1}]}
    wanted = recipe({"metrics": metrics, "sets": sets, "best_of": ["stored"]}, **changes)
    result = trained(tmp_path, wanted, val)
    bicubic = json.loads((result.folder / "summary.json").read_text())["bicubic"]
    found = [bicubic[f"{label}/stored"] for label in ("psnr", "ssim", "psnr.2")]
    assert found == pytest.approx([28.4290, 0.81114, 26.6993], abs=5e-5)
    scores = evaluate(str(result.weights), set5 / "HR", lr=set5 / "LRx4", metrics=metrics)
    crops = evaluate(str(result.weights), set5 / "HR", metrics=metrics, crop=96)
    (row,) = result.history("val")
    for label in ("psnr", "ssim", "psnr.2"):
        assert row[f"{label}/stored"] == pytest.approx(scores.mean(label), abs=1e-4)
        assert row[f"{label}/made"] == pytest.approx(crops.mean(label), abs=1e-4)
    columns = [name for name in row if name.startswith("psnr/") and not name.endswith("/std")]
    assert columns == ["psnr/stored", "psnr/made"]  # what decides comes first


@pytest.mark.parametrize("best_of", [["plain"], ["real", "plain"]])
def test_best_weights_are_those_of_the_sets_that_decide(tmp_path, val, best_of):
    sets = {"real": {"degradation": "paired"}}
    wanted = recipe({"sets": sets, "best_of": best_of}, stages=[STAGE | {"steps": 5}])
    result = trained(tmp_path, wanted, val)
    rows = result.history("val")
    figures = [np.mean([row[f"psnr/{name}"] for name in best_of]) for row in rows]
    best = result.best("psnr")
    assert best.value == pytest.approx(max(figures), abs=1e-9)
    assert (best.step, best.weights.is_file()) == (1 + int(np.argmax(figures)), True)


def test_sets_that_decide_together_count_alike_whatever_they_hold():
    scores = {"a/1": 30.0, "b/1": 20.0, "b/2": 22.0, "b/3": 24.0}
    contest = Contest("psnr", "psnr", 26.0, scores, True, several=True)
    before = {"a/1": 29.0, "b/1": 21.0, "b/2": 23.0, "b/3": 25.0}
    progress = type("Progress", (), {"best": {"psnr": 26.0}, "judged": {"psnr": before}})
    assert not contest.is_won(progress)  # 30 + 22 against 29 + 23
    before["a/1"] = 28.0
    assert contest.is_won(progress)  # 30 + 22 against 28 + 23; 96 against 97 over all pictures
    assert not Contest("psnr", "psnr", nan, {}, True, several=True).is_won(progress)


def test_the_set_without_a_name_is_called_val_by_a_recipe(tmp_path, val):
    sets = {"val": {"degradation": "bicubic", "metrics": "ssim"}}
    listener = Listener()
    wanted = recipe({"sets": sets, "best_of": ["val"]})
    result = trained(tmp_path, wanted, {"": val["plain"]}, listener=listener)
    assert [one for one in listener.notes if "table in the recipe" in one or "nothing" in one] == []
    last = result.history("val")[-1]
    assert "psnr" not in last
    scores = evaluate(str(result.weights), val["plain"], degrade="bicubic", metrics="ssim")
    assert last["ssim"] == pytest.approx(scores.mean("ssim"), abs=1e-5)
    again = evaluate(str(result.folder), split="val", device="cpu")
    best = max(row["ssim"] for row in result.history("val"))
    assert again.mean("ssim") == pytest.approx(best, abs=1e-5)


def test_pictures_that_were_held_out_are_called_val_too(tmp_path):
    sets = {"val": {"metrics": "psnr(border=6)", "crop": 32}}
    result = trained(tmp_path, recipe({"sets": sets}, target=""), None)
    scores = evaluate(str(result.folder), split="val", device="cpu")
    assert scores.protocol["crop"] == 32
    assert scores.mean("psnr") == pytest.approx(result.best("psnr").value, abs=1e-4)


def test_what_does_not_match_is_said(tmp_path, val):
    listener = Listener()
    sets = {"plian": {"crop": 32}, "real": {"degradation": "paired"}}
    trained(tmp_path, recipe({"sets": sets, "crop": 50}), val, listener=listener)
    said = [one for one in listener.notes if "validation" in one]
    assert (
        "[validation.sets.plian] of the recipe changes nothing, as no --val plian=PATH gives its "
        "pictures; is 'plain' meant?" in said
    )
    assert "validation set 'plain' has no table in the recipe, and is scored as is usual" in said
    small = "smaller than the crop of 50 pixels, so scored whole: HR/50, HR/51"
    assert f"validation set 'real': {small}" in said


@pytest.mark.parametrize(
    ("validation", "error", "fact"),
    [
        ({"crop": 33}, IncompatibleError, "validation.crop is 33, and no multiple of the scale 2"),
        ({"sets": {"a": {"crop": 5}}}, IncompatibleError, "validation.sets.a.crop is 5"),
        ({"sets": {"a": {"degradation": "nearest(x"}}}, RecipeError, "expected"),
        ({"sets": {"a": {"metric": "psnr"}}}, RecipeError, "no field validation.sets.a.metric"),
    ],
)
def test_tables_that_cannot_be_meant_are_refused(validation, error, fact):
    with pytest.raises(error) as caught:
        plan(recipe(validation), discover())
    assert fact in caught.value.message


def test_a_degradation_of_a_set_whose_lr_is_stored_is_refused(tmp_path, val):
    """As `srkit eval` refuses --degrade beside --lr."""
    stored = {"real": f"{tmp_path / 'real/HR'} with {tmp_path / 'real/LR'}"}
    wanted = recipe({"sets": {"real": {"degradation": "bicubic"}}})
    with pytest.raises(RecipeError) as caught:
        trained(tmp_path, wanted, stored)
    fact = "validation.sets.real.degradation makes LR, and --val real takes it from disk"
    assert caught.value.message == f"{fact}: one of them"
    assert caught.value.hint.startswith("--set validation.sets.real.degradation=paired, or ")
    assert not (tmp_path / "run").exists()
    with pytest.raises(RecipeError) as scored:
        evaluate("bicubic", stored["real"], scale=2, degrade="bicubic")
    assert "takes LR from disk and degrade makes it: one of them" in scored.value.message


def test_of_a_set_that_is_partly_stored_the_rest_is_made_and_that_is_said(tmp_path, val):
    mixed = {"both": f"{tmp_path / 'real'} as paired + {val['plain']}"}
    listener = Listener()
    trained(
        tmp_path, recipe({"sets": {"both": {"degradation": "nearest"}}}), mixed, listener=listener
    )
    (said,) = [one for one in listener.notes if one.startswith("validation set 'both'")]
    assert "LR of 2 pictures is from disk, of 2 it is made by srkit/nearest" in said


def test_a_set_that_decides_has_to_be_there_and_to_measure_what_is_waited_for(tmp_path, val):
    with pytest.raises(RecipeError) as caught:
        trained(tmp_path, recipe({"best_of": ["Set5"]}), val)
    assert "validation.best_of names 'Set5', and no --val gives such a set" in caught.value.message
    assert not (tmp_path / "run").exists()
    stage = STAGE | {"patience": 2, "patience_on": "psnr"}
    sets = {"plain": {"metrics": "ssim"}}
    with pytest.raises(IncompatibleError) as refused:
        plan(recipe({"best_of": ["plain"], "sets": sets}, stages=[stage]), discover())
    assert "patience_on of stage 'main' is 'psnr', which validation does not" in (
        refused.value.message
    )


def test_what_is_written_out_means_the_same():
    sets = {
        "real": {"degradation": "paired"},
        "plain": {"degradation": "bicubic", "metrics": "psnr"},
    }
    written = plan(recipe({"sets": sets}), discover()).recipe
    again = recipe_from_dict(written.to_dict())
    assert again == written
    assert str(again.validation.sets["plain"].metrics) == "srkit/psnr"
    assert str(again.validation.sets["plain"].degradation).startswith("srkit/bicubic")
    assert plan(again, discover()).recipe == written
