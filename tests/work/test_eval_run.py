"""Can what a run held out be scored later, as it was scored while it trained?"""

import json

import numpy as np
import pytest

from srkit_core import evaluate
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunResult
from srkit_core.run_options import RunOptions


def recipe(**changes):
    stage = {"loss": "l1", "steps": 2, "batch": 1, "patch": 32, "validate_every": 1}
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "scale": 2,
        "validation": {"pictures": 0, "metrics": "psnr", "protocol": "rgb", "border": 3},
        "degradation": "blur(sigma=0.5..2) | bicubic",
        "target": "sharpen",
        "data": {"test": ["5"]},
        "stages": [stage],
    }
    return recipe_from_dict(document | changes)


def photographs(folder, seeds, side=48):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        write_image(folder / f"{seed}.png", rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    return folder


@pytest.fixture
def data(tmp_path):
    return photographs(tmp_path / "data", range(6))


def trained(data, out, wanted=None, **changes):
    return train(wanted or recipe(), RunOptions(data=str(data), out=out, device="cpu", **changes))


@pytest.mark.parametrize("way", ["hold-out", "val", "several", "prepared"])
def test_the_pictures_of_validation_have_the_scores_of_training(data, tmp_path, way):
    """By the same degradation, target, protocol, border and metrics, cut as they were."""
    changes = {}
    if way in ("val", "several"):
        changes["val"] = {"": str(photographs(tmp_path / "val", [50, 51]))}
    if way == "several":
        changes["val"] = {"a": changes["val"][""], "b": str(photographs(tmp_path / "b", [50, 60]))}
    if way == "prepared":
        words = ["--patch", "32", "--split", "0.3", "--scale", "2"]
        assert run(["prepare", str(data), str(tmp_path / "prepared"), *words]) == 0
        data = tmp_path / "prepared"
    wanted = recipe(data={})
    result = trained(data, tmp_path / "run", wanted, **changes)
    column = "psnr/a" if way == "several" else "psnr"
    rows = {row["step"]: row[column] for row in result.history("val")}
    scores = evaluate(str(tmp_path / "run"), split="val", device="cpu")
    if way == "several":
        assert set(scores.models[0].images) == {"a/50", "a/51", "b/50", "b/60"}
        scores = evaluate(
            str(tmp_path / "run"), changes["val"]["a"], device="cpu", degrade="bicubic"
        )
        return
    best = RunResult(tmp_path / "run").best("psnr")
    assert scores.models[0].mean("psnr") == pytest.approx(best.value, abs=1e-4)
    assert rows[best.step] == best.value


def test_the_test_is_read_from_the_run_and_flags_win(data, tmp_path, capsys):
    trained(data, tmp_path / "run")
    out = tmp_path / "scores.json"
    words = ["eval", str(tmp_path / "run"), "bicubic", "--device", "cpu", "--json", str(out)]
    assert run([*words, "--split", "test", "--metrics", "psnr+ssim"]) == 0
    said = capsys.readouterr().out
    assert f"1 pictures that {tmp_path / 'run'} held out (test)" in said
    document = json.loads(out.read_text())
    assert [one["name"] for one in document["models"][0]["images"]] == ["5"]
    assert set(document["models"][0]["metrics"]) == {"psnr", "ssim"}
    assert (document["protocol"]["channel"], document["protocol"]["border"]) == ("rgb", 3)
    kernel = [one.strip().partition("(")[0] for one in document["protocol"]["kernel"].split("|")]
    assert kernel == ["srkit-degradations/sharpen", "srkit-degradations/blur", "srkit/bicubic"]
    assert run(["eval", str(tmp_path / "run"), "--device", "cpu"]) == 0
    assert "held out (test)" in capsys.readouterr().out


def test_without_a_split_validation_is_taken_where_there_is_no_test(data, tmp_path):
    trained(data, tmp_path / "run", recipe(data={"hold_out": ["2", "3"]}))
    scores = evaluate([str(tmp_path / "run"), "bicubic"], device="cpu")
    assert [set(one.images) for one in scores.models] == [{"2", "3"}] * 2


def test_pairs_are_scored_on_stored_lr(tmp_path):
    for seed in range(4):
        hr = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(tmp_path / f"data/HR/{seed}.png", hr)
        write_image(tmp_path / f"data/LR/{seed}.png", hr[::2, ::2])
    wanted = recipe(degradation="paired", target="", data={})
    result = trained(tmp_path / "data", tmp_path / "run", wanted)
    scores = evaluate(str(tmp_path / "run"), split="val", device="cpu")
    assert scores.models[0].mean("psnr") == pytest.approx(result.best().value, abs=1e-4)
    assert scores.protocol["kernel"] == "as stored"


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ("gone", "is not in "),
        ("other", "held out are others by now"),
        ("no test", "kept no pictures for a test"),
        ("train", "has no split 'train'"),
        ("no record", "environment.json is missing"),
        ("two runs", "each held out pictures of their own"),
        ("nothing", "there is nothing to evaluate on"),
    ],
)
def test_what_cannot_be_scored_is_said(data, tmp_path, change, fact):
    place = tmp_path / "run"
    trained(data, place, recipe(data={}) if change == "no test" else None)
    models, split = [str(place)], "test"
    if change == "gone":
        (data / "5.png").unlink()
    elif change == "other":
        (data / "5.png").write_bytes((data / "4.png").read_bytes())
    elif change == "train":
        split = "train"
    elif change == "no record":
        (place / "environment.json").unlink()
    elif change == "two runs":
        models.append(str(trained(data, tmp_path / "again").folder))
    elif change == "nothing":
        models, split = ["bicubic"], None
    with pytest.raises((DataError, RecipeError)) as caught:
        evaluate(models, split=split, device="cpu")
    assert fact in caught.value.message
