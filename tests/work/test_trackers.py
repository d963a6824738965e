"""Do trackers get what metrics.csv gets, and does a run go on without them?"""

import csv
import os
import signal

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.logs import trackers
from srkit_core.engine.trainer import train
from srkit_core.errors import InterruptedRunError, RecipeError
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

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


class Recorder(GeneralTracker):
    name = "recorder"
    requires_logging_directory = False
    said: list

    def __init__(self, run_name):
        super().__init__()
        type(self).said = [("name", run_name)]

    @property
    def tracker(self):
        return None

    def store_init_configuration(self, values):
        self.said.append(("configuration", values))

    def log(self, values, step):
        self.said.append((step, values))

    def finish(self):
        self.said.append("finished")


class Broken(Recorder):
    def log(self, values, step):
        raise ConnectionError("the server has gone")


def registered(monkeypatch, cls):
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "recorder", cls)
    monkeypatch.setattr(trackers, "get_available_trackers", lambda: ["recorder"])


def rows(folder):
    return list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))


def test_a_tracker_is_told_every_row_and_the_recipe(tmp_path, monkeypatch):
    registered(monkeypatch, Recorder)
    train(RECIPE, RunOptions(out=tmp_path / "mine", device="cpu", track=("recorder",)))
    name, configuration, *told, end = Recorder.said
    assert (name, end) == (("name", "mine"), "finished")
    assert configuration[1]["stages.0.loss"] == "1.0*srkit/l1"
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


def test_a_tracker_that_fails_is_named_once_and_the_run_goes_on(tmp_path, monkeypatch):
    registered(monkeypatch, Broken)
    listener = Notes()
    train(
        RECIPE,
        RunOptions(out=tmp_path / "run", device="cpu", track=("recorder",)),
        callbacks=[listener],
    )
    assert [note for note in listener.notes if "recorder" in note] == [
        "warning: the tracker recorder has failed and may miss figures: the server has gone; "
        "metrics.csv has them all"
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
    ("name", "message", "hint"),
    [
        ("tensorbord", "there is no tracker 'tensorbord'", "did you mean 'tensorboard'?"),
        ("comet_ml", "the tracker comet_ml is not installed", "pip install comet-ml"),
    ],
)
def test_a_tracker_that_is_not_there_is_told_before_anything_is_written(
    tmp_path, name, message, hint
):
    with pytest.raises(RecipeError, match=message) as caught:
        train(RECIPE, RunOptions(out=tmp_path / "run", track=(name,)))
    assert caught.value.hint == hint
    assert not (tmp_path / "run").exists()


def test_trackers_are_taken_over_by_a_resume(tmp_path, monkeypatch, capsys):
    registered(monkeypatch, Recorder)
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
    assert [said[0] for said in Recorder.said[1:-1]] == [5, 5]


@pytest.mark.slow
def test_weights_and_biases_works_offline_without_an_account(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    train(RECIPE, RunOptions(out=tmp_path / "run", device="cpu", track=("wandb",)))
    logs = list((tmp_path / "run/wandb").glob("offline-run-*/run-*.wandb"))
    assert len(logs) == 1
    assert logs[0].stat().st_size > 1000
