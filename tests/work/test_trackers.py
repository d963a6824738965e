"""Do trackers get what metrics.csv gets, and does a run go on without them?"""

import csv
import os
import re
import signal
from typing import ClassVar

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.errors import (
    InterruptedRunError,
    OptionError,
    PluginError,
    RecipeError,
    UnknownComponentError,
)
from srkit_core.interfaces import Tracker
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions
from srkit_core.specs import TrackerSpec

STAGE = {
    "loss": "l1",
    "steps": 4,
    "batch": 1,
    "patch": 32,
    "log_every": 1,
    "checkpoint_every": 1,
    "validate_every": 2,
}
RECIPE = recipe_from_dict(
    {"generator": "srvgg(features=4, blocks=1)", "validation": {"pictures": 1}, "stages": [STAGE]}
)


class Notes(Callback):
    def __init__(self, stop_after=None):
        self.notes, self.stop_after, self.steps = [], stop_after, 0

    def on_note(self, text):
        self.notes.append(text)

    def on_download(self, *_):
        pass

    def on_step(self, *_):
        self.steps += 1
        if self.steps == self.stop_after:
            os.kill(os.getpid(), signal.SIGINT)


class Recorder:
    """A tracker of a plugin."""

    said: ClassVar[list] = []

    def __init__(self, name):
        type(self).said = [("name", name)]

    def start(self, run):
        self.said.append((run.folder.name, run.done, run.identity, run.recipe))

    def row(self, step, figures):
        self.said.append((step, figures))

    def pictures(self, step, sheet):
        self.said.append((step, sheet.shape))

    def close(self):
        self.said.append("closed")


class Broken(Recorder):
    def row(self, step, figures):
        raise ConnectionError("the server has gone")


class WithoutKey(Recorder):
    def start(self, run):
        raise ValueError("no API key")


class Half:
    def start(self, run):
        raise AssertionError("nobody starts it")


def tracker(cls):
    def made(*, name: str = "mine") -> Tracker:
        """Make one."""
        return cls(name)

    return TrackerSpec(name="recorder", factory=made, summary="remembers")


def with_tracker(cls):
    return discover().with_components(tracker(cls), distribution="zz-logs")


def rows(folder):
    return list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))


def test_a_tracker_of_a_plugin_is_told_every_row_and_the_recipe(tmp_path):
    where = RunOptions(out=tmp_path / "mine", device="cpu", track=("recorder(name=yours)",))
    train(RECIPE, where, registry=with_tracker(Recorder))
    name, (folder, done, identity, recipe), *told, end = Recorder.said
    assert (name, end, folder, done) == (("name", "yours"), "closed", "mine", 0)
    assert identity == read_environment(tmp_path / "mine")["id"]
    assert recipe["stages"][0]["loss"] == "1.0*srkit/l1"
    sheets = [one for one in told if isinstance(one[1], tuple)]
    assert [(step, shape[2]) for step, shape in sheets] == [(2, 3), (4, 3)]
    told = [one for one in told if one not in sheets]
    assert [step for step, _ in told] == [1, 2, 2, 3, 4, 4]
    for row, (step, values) in zip(rows(tmp_path / "mine"), told, strict=True):
        assert int(row["step"]) == step
        figures = {
            name: value
            for name, value in row.items()
            if value and name not in ("step", "epoch", "stage", "split")
        }
        expected = {f"{row['split']}/{name}": float(value) for name, value in figures.items()}
        assert values == pytest.approx(expected)


def test_a_tracker_that_fails_is_named_once_and_the_run_goes_on(tmp_path):
    listener = Notes()
    train(
        RECIPE,
        RunOptions(out=tmp_path / "run", device="cpu", track=("recorder",)),
        registry=with_tracker(Broken),
        callbacks=[listener],
    )
    assert [note for note in listener.notes if "recorder" in note] == [
        "warning: the tracker zz-logs/recorder has failed and may miss figures: the server has "
        "gone; metrics.csv has them all"
    ]
    assert len(rows(tmp_path / "run")) == 6


def test_tensorboard_has_the_rows_of_a_resumed_run_once_and_its_pictures(tmp_path):
    where = RunOptions(out=tmp_path / "run", device="cpu", track=("tensorboard",))
    with pytest.raises(InterruptedRunError):
        train(RECIPE, where, callbacks=[Notes(stop_after=3)])
    for path in where.out.glob("checkpoints/step-00000003"):
        path.rename(where.out / "elsewhere")
    train(RECIPE, where, resume="newest")
    events = EventAccumulator(str(where.out / "tensorboard")).Reload()
    losses = {event.step: event.value for event in events.Scalars("train/loss/l1")}
    assert len(losses) == len(events.Scalars("train/loss/l1")) == 4
    assert losses == pytest.approx(
        {
            int(row["step"]): float(row["loss/l1"])
            for row in rows(where.out)
            if row["split"] == "train"
        }
    )
    assert [event.step for event in events.Images("validation")] == [2, 4]


@pytest.mark.parametrize(
    ("cls", "name", "error", "message", "hint"),
    [
        (
            Recorder,
            "tensorbord",
            UnknownComponentError,
            "no tracker named 'tensorbord' is installed",
            "did you mean 'tensorboard'?",
        ),
        (
            Recorder,
            "comet_ml",
            RecipeError,
            "the tracker comet_ml is not installed",
            "pip install comet-ml",
        ),
        (
            Recorder,
            "recorder(nam=x)",
            OptionError,
            "recorder has no option 'nam'",
            "did you mean 'name'? srkit show recorder",
        ),
        (
            Half,
            "recorder",
            PluginError,
            "the tracker zz-logs/recorder is not made: TypeError: Half",
            "srkit doctor, or leave out --track",
        ),
        (
            lambda name: name,
            "zz-logs/recorder",
            PluginError,
            "the tracker zz-logs/recorder is a str without start, row, pictures and close",
            "srkit doctor, or leave out --track",
        ),
        (
            WithoutKey,
            "recorder",
            RecipeError,
            "the tracker zz-logs/recorder does not start: no API key",
            "look into the settings of zz-logs/recorder, or leave out --track",
        ),
    ],
)
def test_a_tracker_that_does_not_work_is_told_before_anything_is_written(
    tmp_path, cls, name, error, message, hint
):
    where = RunOptions(out=tmp_path / "run", device="cpu", track=(name,))
    with pytest.raises(error, match=re.escape(message)) as caught:
        train(RECIPE, where, registry=with_tracker(cls))
    assert caught.value.hint == hint
    assert not (tmp_path / "run").exists()


def test_names_are_those_of_accelerate():
    names = [one.name for one in discover().installed(TrackerSpec)]
    assert set(map(str, LOGGER_TYPE_TO_CLASS)) <= set(names)


def test_trackers_are_taken_over_by_a_resume(tmp_path, installed, capsys):
    installed(tracker(Recorder), distribution="zz-logs")
    (tmp_path / "mine.toml").write_text(RECIPE.to_toml())
    assert (
        run(
            [
                "train",
                str(tmp_path / "mine.toml"),
                "--out",
                str(tmp_path / "run"),
                "--track",
                "recorder",
            ]
        )
        == 0
    )
    Recorder.said = []
    assert run(["train", "--resume", "--steps", "5", "--out", str(tmp_path / "run")]) == 0
    assert "track ('recorder',)" in capsys.readouterr().out
    assert [said[0] for said in Recorder.said[2:-1]] == [5, 5, 5]


@pytest.mark.slow
def test_weights_and_biases_works_offline_without_an_account(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    train(RECIPE, RunOptions(out=tmp_path / "run", device="cpu", track=("wandb",)))
    logs = list((tmp_path / "run/wandb").glob("offline-run-*/run-*.wandb"))
    assert len(logs) == 1
    assert logs[0].stat().st_size > 1000
