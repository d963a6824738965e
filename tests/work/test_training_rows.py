"""Do rows of training say what happened since the last row, and when?"""

import csv
import json
import math
import os
import signal

import numpy as np
import pytest
import torch

from srkit_core.callbacks import Callback
from srkit_core.engine.logs.columns import columns_of_kind
from srkit_core.engine.logs.running_means import RunningMeans
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.trainer import train
from srkit_core.errors import InterruptedRunError
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions
from srkit_core.specs import LossSpec

MEASURED = ("loss/l1", "loss/straight", "loss/total", "loss/discriminator", "d_real", "d_fake")


class Straight:
    """A game whose losses are the figures of the row: D wants D(real) - D(fake)."""

    def generator(self, real, fake):
        return 1 - torch.sigmoid(fake).mean()

    def discriminator(self, real, fake):
        return 1 - torch.sigmoid(real).mean() + torch.sigmoid(fake).mean()


STRAIGHT = LossSpec(name="straight", factory=Straight, summary="", adversarial=True)


class Stopper(Callback):
    def __init__(self, after):
        self.after, self.steps = after, 0

    def on_note(self, text):
        pass

    def on_download(self, *_):
        pass

    def on_step(self, event):
        self.steps += 1
        if self.steps == self.after:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(4):
        squares = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", squares.repeat(8, axis=0).repeat(8, axis=1))
    return folder


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    monkeypatch.setattr("srkit_core.engine.logs.curves.curves_file.CurvesFile.draw", lambda _: None)


@pytest.fixture(scope="module")
def known():
    from srkit_core.registry import discover

    return discover().with_components(STRAIGHT)


def recipe(**stage):
    usual = {"loss": "l1 + 0.1*straight", "steps": 7, "batch": 2, "patch": 32, "lr": 1e-3}
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "discriminator": "vgg-sn(features=4)",
            "validation": {"pictures": 0, "metrics": "psnr"},
            "data": {"hold_out": ["0"]},
            "stages": [usual | {"validate_every": 100} | stage],
        }
    )


def rows(folder, split="train"):
    with (folder / "metrics.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == split]


def repeatable(folder):
    kept = (folder / "metrics.csv").read_text().splitlines()
    skipped = columns_of_kind("timing")
    return [{k: v for k, v in row.items() if k not in skipped} for row in csv.DictReader(kept)]


TURNS = [
    {"order": "generator-first", "accumulate": 2},
    {"order": "discriminator-first"},
    {"order": "discriminator-first", "accumulate": 2, "d_steps": 2},
]


@pytest.mark.parametrize("turns", TURNS, ids=str)
def test_a_row_is_the_mean_of_the_steps_since_the_last_one(photos, known, tmp_path, turns):
    """Loss and confidence of a row are of one discriminator: 1 - D(real) + D(fake) holds."""
    where = [RunOptions(photos, out=tmp_path / name, device="cpu") for name in ("each", "some")]
    each, some = (
        rows(train(recipe(log_every=every, **turns), one, registry=known).folder)
        for every, one in zip((1, "1 epoch"), where, strict=True)
    )
    assert [row["step"] for row in some] == ["1", "2", "4", "6", "7"]
    groups = [each[:1], each[1:2], each[2:4], each[4:6], each[6:]]
    for row, group in zip(some, groups, strict=True):
        for name in (*MEASURED, "gradient/generator", "gradient/discriminator"):
            mean = np.mean([float(one[name]) for one in group])
            assert float(row[name]) == pytest.approx(mean, rel=1e-12), name
    for row in [*each, *some, *rows(where[1].out, "val")]:
        real, fake = float(row["d_real"]), float(row["d_fake"])
        assert float(row["loss/discriminator"]) == pytest.approx(1 - real + fake, abs=1e-6)
        assert float(row["loss/straight"]) == pytest.approx(1 - fake, abs=1e-6)


@pytest.mark.parametrize("after", [3, 5])
def test_a_run_that_was_stopped_between_rows_writes_the_same_ones(photos, known, tmp_path, after):
    wanted = recipe(log_every=5, order="discriminator-first")
    whole = RunOptions(photos, out=tmp_path / "whole", device="cpu")
    train(wanted, whole, registry=known)
    where = RunOptions(photos, out=tmp_path / "stopped", device="cpu")
    with pytest.raises(InterruptedRunError):
        train(wanted, where, registry=known, callbacks=[Stopper(after)])
    train(wanted, where, registry=known, resume="newest")
    assert repeatable(where.out) == repeatable(whole.out)


def test_seconds_are_counted_over_a_resume_and_never_go_back(photos, known, tmp_path):
    where = RunOptions(photos, out=tmp_path / "run", device="cpu")
    with pytest.raises(InterruptedRunError):
        train(recipe(log_every=1), where, registry=known, callbacks=[Stopper(3)])
    checkpoint = where.out / "checkpoints/step-00000003/state.json"
    before = json.loads(checkpoint.read_text())["progress"]["elapsed_s"]
    train(recipe(log_every=1), where, registry=known, resume="newest")
    seconds = [float(row["elapsed_s"]) for row in rows(where.out)]
    assert len(seconds) == 7
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    assert seconds[2] <= before <= seconds[3]


def test_a_stage_that_ends_by_patience_logs_its_last_step(photos, known, tmp_path):
    wanted = recipe(steps=90, validate_every=2, patience=1, patience_on="psnr", log_every=50)
    where = RunOptions(photos, out=tmp_path / "run", device="cpu")
    folder = train(wanted, where, registry=known).folder
    last = json.loads((folder / "summary.json").read_text())["steps"]
    assert last < 90
    assert [row["step"] for row in rows(folder)] == ["1", str(last)]


def test_what_is_not_finite_is_in_no_mean():
    means = RunningMeans()
    with open_processes("cpu", "fp32") as processes:
        assert means.take(processes) == {}
        for number in (1.0, math.inf, 3.0):
            means.add({"a": torch.tensor(number), "b": torch.tensor(math.nan)})
        assert means
        assert means.take(processes) == {"a": 2.0}
        assert not means


def test_many_small_values_are_added_up_exactly():
    means = RunningMeans()
    with open_processes("cpu", "fp32") as processes:
        value = torch.tensor(0.1)
        for _ in range(20_000):
            means.add({"a": value})
        assert means.take(processes)["a"] == pytest.approx(value.item(), rel=1e-12)
