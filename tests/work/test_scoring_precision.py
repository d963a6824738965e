"""In which precision is a stage's validation, and does it stay in it? (stand-ins of processors)"""

import csv
import json
from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace

import pytest
import torch

from srkit_core import RunOptions, bf16_units, devices, evaluate, train
from srkit_core.callbacks import Callback
from srkit_core.engine import scoring_precision, stage_run
from srkit_core.engine.checkpoints.contests import Contest
from srkit_core.errors import NotFiniteError
from srkit_core.evaluation import scoring
from srkit_core.io.images import write_image
from srkit_core.models.model import Model
from srkit_core.recipe import recipe_from_dict

FINE = "srvgg(features=4, blocks=1)"
COARSE = "rrdb(blocks=1, features=8, growth=4)"
"""Its last convolution makes the whole picture, of which bf16 keeps 8 bits; SRVGG's makes what is
added to LR."""
LEARNT = {"steps": 30, "validate_every": 15, "lr": 1e-2}
NAMES = ("a", "b", "c")
AGREES = "scores of the first pictures are those of fp32, within 0.01 dB"


class Notes(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)

    def of_precision(self):
        return [one for one in self.notes if one.startswith("validation computes in")]


@pytest.fixture(autouse=True)
def fast_bf16(monkeypatch):
    """A processor with units for bf16."""
    monkeypatch.setattr(bf16_units, "bf16_units", lambda: ("amx_bf16",))


@pytest.fixture
def trained(tmp_path, smooth):
    for seed, name in enumerate((*NAMES, "x", "y")):
        folder = "val" if name in NAMES else "photos"
        write_image(tmp_path / folder / f"{name}.png", smooth(48, 48 + 4 * seed, seed))

    def run(name="run", *, generator=FINE, precision="bf16", resume=None, heard=None, **stage):
        fields = {"loss": "l1", "steps": 3, "batch": 1, "patch": 32, "lr": 1e-4}
        stages = [fields | {"validate_every": 1, "checkpoint_every": 1} | stage]
        wanted = recipe_from_dict(
            {
                "generator": generator,
                "scale": 2,
                "validation": {"metrics": "psnr + ssim", "pictures": 1},
                "stages": stages,
            }
        )
        options = RunOptions(
            data=str(tmp_path / "photos"),
            val={"": str(tmp_path / "val")},
            out=tmp_path / name,
            device="cpu",
            precision=precision,
        )
        return train(wanted, options, resume=resume, callbacks=[heard or Notes()])

    return run


@pytest.fixture
def upscaled(monkeypatch):
    """What was upscaled for a score, as the side of LR and the precision."""
    seen, real = [], scoring.upscale_tiled

    def counted(model, lr, tiling):
        seen.append((lr.shape[-1], model.precision))
        return real(model, lr, tiling)

    monkeypatch.setattr(scoring, "upscale_tiled", counted)
    return seen


def validations(folder):
    timing = ("images_per_s", "memory_mb", "elapsed_s")
    with (folder / "metrics.csv").open() as file:
        found = [one for one in csv.DictReader(file) if one["split"] == "val"]
    return [{key: one[key] for key in one if key not in timing} for one in found]


def recorded(folder):
    """The precision that each checkpoint names, and that of the summary."""
    states = sorted(folder.glob("checkpoints/*/state.json"))
    named = {json.loads(one.read_text())["progress"]["scored_in"] for one in states}
    summary = json.loads((folder / "summary.json").read_text())
    return named | {one["scored_in"] for one in summary["stages"].values()}


def test_a_run_in_bf16_is_validated_in_bf16_where_scores_agree(trained, upscaled, tmp_path):
    heard = Notes()
    result = trained(heard=heard)
    assert heard.of_precision() == [f"validation computes in bf16: {AGREES}"]
    assert recorded(result.folder) == {"bf16"}
    half, exact = torch.bfloat16, torch.float32
    sides = [24, 26, 28]
    once = [(side, half) for side in sides]
    bicubic = [(side, exact) for side in sides]
    assert upscaled == [(side, exact) for side in sides] + once + bicubic + once + once
    said = [
        evaluate(result.weights, tmp_path / "val", precision=one, device="cpu", metrics="psnr")
        for one in ("bf16", "fp32")
    ]
    last = result.history("val")[-1]["psnr"]
    assert last == pytest.approx(said[0].mean("psnr"), abs=1e-9)
    assert 0 < abs(last - said[1].mean("psnr")) < 0.01


def test_a_network_whose_pictures_bf16_rounds_is_validated_in_fp32(trained, upscaled):
    heard = Notes()
    result = trained(generator=COARSE, heard=heard, **LEARNT)
    (said,) = heard.of_precision()
    assert said.startswith("validation computes in fp32: SR of a in bf16 is off by ")
    assert said.endswith(" levels of 8 bit, more than 0.125")
    assert recorded(result.folder) == {"fp32"}
    assert {precision for _, precision in upscaled} == {torch.float32}
    last = result.history("val")[-1]
    exact = evaluate(result.weights, result.folder.parent / "val", device="cpu")
    assert last["psnr"] == pytest.approx(exact.mean("psnr"), abs=1e-9)


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_a_run_in_fp32_is_validated_in_fp32_and_nothing_is_computed_twice(
    trained, upscaled, precision
):
    heard = Notes()
    result = trained(precision=precision, heard=heard, steps=1)
    assert (heard.of_precision(), recorded(result.folder)) == ([], {"fp32"})
    assert upscaled == 2 * [(side, torch.float32) for side in (24, 26, 28)]


def test_where_bf16_is_slow_validation_is_in_fp32(trained, upscaled, monkeypatch):
    monkeypatch.setattr(bf16_units, "bf16_units", lambda: ())
    monkeypatch.setattr(bf16_units, "bf16_slowdown", lambda: 7.0)
    heard = Notes()
    result = trained(heard=heard, steps=1)
    assert heard.of_precision() == ["validation computes in fp32: bf16 is the slower one here"]
    assert recorded(result.folder) == {"fp32"}
    assert upscaled == 2 * [(side, torch.float32) for side in (24, 26, 28)]


def test_a_resumed_run_keeps_the_precision_and_gives_the_same_curve(trained, upscaled, monkeypatch):
    whole = validations(trained("whole", steps=4).folder)
    trained("parts", steps=2)
    monkeypatch.setattr(bf16_units, "bf16_units", lambda: ())
    monkeypatch.setattr(bf16_units, "bf16_slowdown", lambda: 7.0)
    upscaled.clear()
    heard = Notes()
    result = trained("parts", steps=4, resume="newest", heard=heard)
    assert (heard.of_precision(), recorded(result.folder)) == ([], {"bf16"})
    assert upscaled == 2 * [(side, torch.bfloat16) for side in (24, 26, 28)]
    assert validations(result.folder) == whole


def test_a_run_of_a_srkit_that_had_no_choice_goes_on_in_fp32(trained, monkeypatch):
    keep = stage_run.with_scoring_precision
    monkeypatch.setattr(stage_run, "with_scoring_precision", lambda run: run.progress)
    trained("parts", steps=2)
    monkeypatch.setattr(stage_run, "with_scoring_precision", keep)
    heard = Notes()
    result = trained("parts", steps=3, resume="newest", heard=heard)
    assert (heard.of_precision(), recorded(result.folder)) == ([], {"", "fp32"})


def test_each_stage_has_its_own_choice(tmp_path, smooth):
    for seed in range(3):
        write_image(tmp_path / f"photos/{seed}.png", smooth(48, 48, seed))
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 32, "lr": 1e-4}
    wanted = recipe_from_dict(
        {
            "generator": FINE,
            "scale": 2,
            "validation": {"metrics": "psnr", "pictures": 0},
            "stages": [stage | {"name": "first"}, stage | {"name": "second"}],
        }
    )
    heard = Notes()
    options = RunOptions(
        data=str(tmp_path / "photos"), out=tmp_path / "two", device="cpu", precision="bf16"
    )
    train(wanted, options, callbacks=[heard])
    assert heard.of_precision() == 2 * [f"validation computes in bf16: {AGREES}"]


def spoil(monkeypatch, step):
    """Let bf16 make infinity of `b`, whose LR is 26 wide, from a call on."""
    real, calls = Model.__call__, []

    def spoilt(self, lr):
        if self.precision == torch.bfloat16 and lr.shape[-1] == 26:
            calls.append(lr)
            if len(calls) >= step:
                raise NotFiniteError("the generator made NaN", hint="fp32", by_model=True)
        return real(self, lr)

    monkeypatch.setattr(Model, "__call__", spoilt)


def test_a_picture_that_bf16_cannot_compute_is_scored_in_fp32(
    trained, upscaled, monkeypatch, tmp_path
):
    spoil(monkeypatch, 4)  # the first two are of the first validation, one of the second
    heard = Notes()
    result = trained(heard=heard)
    told = "bf16 made NaN or infinity of b, scored in fp32"
    assert heard.notes.count(told) == 1
    assert upscaled[-3:] == [(26, torch.bfloat16), (26, torch.float32), (28, torch.bfloat16)]
    monkeypatch.undo()
    scores = {
        one: evaluate(result.weights, tmp_path / "val", precision=one, device="cpu").models[0]
        for one in ("bf16", "fp32")
    }
    of = zip(NAMES, ("bf16", "fp32", "bf16"), strict=True)
    by_hand = [scores[one].images[name]["psnr"] for name, one in of]
    row = result.history("val")[-1]
    assert row["psnr"] == pytest.approx(sum(by_hand) / 3, abs=1e-9)
    state = json.loads((result.folder / "checkpoints/step-00000003/state.json").read_text())[
        "progress"
    ]
    assert set(state["judged"]["psnr"]) in ({"a", "b", "c"}, {"a", "b in fp32", "c"})


def test_what_bf16_cannot_compute_at_the_first_validation_makes_it_fp32(trained, monkeypatch):
    spoil(monkeypatch, 1)
    heard = Notes()
    result = trained(heard=heard)
    said = ["validation computes in fp32: bf16 makes NaN or infinity of b"]
    assert (heard.of_precision(), recorded(result.folder)) == (said, {"fp32"})


def test_scores_of_two_precisions_are_not_compared():
    progress = SimpleNamespace(best={"psnr": 30.0}, judged={"psnr": {"a": 30.0, "b": 30.0}})
    scores = {"a": 29.0, "b in fp32": 90.0}
    assert not Contest("psnr", "psnr", 59.5, scores, True).is_won(progress)
    assert Contest("psnr", "psnr", 59.5, {**scores, "a": 30.1}, True).is_won(progress)


def test_a_run_on_a_card_is_validated_in_its_fp16(trained, upscaled, monkeypatch):
    """A stand-in: a CPU whose pictures are upscaled in fp16."""
    kinds = tuple(
        replace(one, upscaling="fp16") if one.name == "cpu" else one for one in devices.BACKENDS
    )
    monkeypatch.setattr(devices, "BACKENDS", kinds)
    heard = Notes()
    result = trained(heard=heard, generator=COARSE, steps=30, validate_every=15)
    assert heard.of_precision() == [f"validation computes in fp16: {AGREES}"]
    assert recorded(result.folder) == {"fp16"}
    assert upscaled[-1][1] == torch.float16
    exact = evaluate(result.weights, result.folder.parent / "val", device="cpu")
    assert result.history("val")[-1]["psnr"] == pytest.approx(exact.mean("psnr"), abs=0.01)


def test_the_precision_of_scores_is_the_runs_or_that_of_a_card():
    cpu, card = torch.device("cpu"), torch.device("cuda")
    of = devices.scoring_precision
    assert [of(one, cpu) for one in ("fp32", "bf16")] == ["fp32", "bf16"]
    assert [of(one, card) for one in ("fp32", "bf16", "fp16")] == ["fp32", "fp16", "fp16"]
    assert of("bf16", torch.device("mps")) == "bf16"


@pytest.mark.parametrize(
    ("unit", "exact", "other", "same"),
    [
        ("dB", 30.0, 30.0099, True),
        ("dB", 30.0, 29.9899, False),
        ("dB", inf, inf, True),
        ("dB", inf, 60.0, False),
        ("", nan, nan, True),
        ("", nan, 0.3, False),
        ("", 0.3, 0.3006, True),
        ("", 0.3, 0.3008, False),
        ("", -2.0, -2.004, True),
        ("", 0.0, 0.0, True),
        ("", 0.0, 1e-9, False),
    ],
)
def test_scores_agree_within_what_is_said(unit, exact, other, same):
    spec = SimpleNamespace(unit=unit)
    assert scoring_precision.is_same_score(exact, other, spec) == same
