"""Does a run that is asked to stop answer at once, and leave what its newest checkpoint says?"""

import csv
import json
import signal
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.data.dataset import CropDataset
from srkit_core.engine.checkpoints import checkpoint_policy
from srkit_core.engine.checkpoints.checkpoint import read_progress
from srkit_core.engine.machine.stop_request import StopNow, catch_stop_signals
from srkit_core.engine.trainer import train
from srkit_core.engine.validator import Validator
from srkit_core.errors import InterruptedRunError
from srkit_core.io.images import write_image
from srkit_core.models.weights_card import read_card
from srkit_core.models.weights_file import read_tensors
from srkit_core.overrides import apply_setting
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if sys.platform != "win32" or name != "SIGHUP"
]
WISH = recipe_from_dict(
    {
        "generator": "srvgg(features=4, blocks=1)",
        "scale": 2,
        "validation": {"pictures": 0, "metrics": "psnr"},
        "stages": [
            {
                "loss": "l1",
                "steps": 8,
                "batch": 1,
                "patch": 16,
                "log_every": 1,
                "validate_every": 8,
                "checkpoint_every": 2,
            }
        ],
    }
)


@pytest.fixture
def where(tmp_path):
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        write_image(tmp_path / f"photos/{number}.png", pixels)
    photos = str(tmp_path / "photos")
    return RunOptions(data=photos, val={"": photos}, out=tmp_path / "run", device="cpu")


class Signals(Callback):
    """Sends signals after a step, and keeps the notes."""

    def __init__(self, step, *numbers):
        self.step, self.numbers, self.notes = step, numbers, []

    def on_step(self, event):
        if event.run_step == self.step:
            for number in self.numbers:
                signal.raise_signal(number)

    def on_note(self, text):
        self.notes.append(text)


def steps(out, split="train"):
    rows = csv.DictReader((out / "metrics.csv").read_text().splitlines())
    return [int(row["step"]) for row in rows if row["split"] == split]


def newest(out):
    return max(int(path.name[5:]) for path in out.glob("checkpoints/step-*"))


def left_by(out):
    """Return the steps of which rows, the last weights and the newest checkpoint tell."""
    weights = [read_card(path).step for path in sorted(out.glob("weights/**/last.safetensors"))]
    return max(steps(out)), *weights, newest(out)


def tensors(out):
    return {
        name: tensor.tolist()
        for name, tensor in read_tensors(out / "weights/last.safetensors").items()
    }


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_answered_and_ends_the_run_after_its_step(where, number):
    view = Signals(3, number)
    with pytest.raises(InterruptedRunError) as caught:
        train(WISH, where, callbacks=[view])
    assert caught.value.exit_code == 128 + number
    assert "finishing step 3, then saving; once more to stop now" in view.notes
    assert left_by(where.out) == (3, 3, 3, 3)
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_leaves_what_the_newest_checkpoint_says(where, tmp_path, number):
    whole = replace(where, out=tmp_path / "whole")
    train(WISH, whole)
    with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
        train(WISH, where, callbacks=[Signals(5, number, number)])
    assert number == signal.SIGINT or caught.value.code == 128 + number
    assert left_by(where.out) == (4, 4, 4, 4)
    train(WISH, where, resume="newest")
    assert (steps(where.out), steps(where.out, "val")) == ([*range(1, 9)], [8])
    assert tensors(where.out) == tensors(whole.out)


def test_a_second_signal_before_any_checkpoint_leaves_no_rows(where):
    with pytest.raises(KeyboardInterrupt):
        train(WISH, where, callbacks=[Signals(1, signal.SIGINT, signal.SIGINT)])
    assert steps(where.out) == []
    assert not list(where.out.glob("weights/**/*.safetensors"))


def test_a_second_signal_waits_for_a_checkpoint_that_is_being_written(where, monkeypatch):
    write, stopped = checkpoint_policy.save_checkpoint, threading.Event()

    def slow(folder, states, progress):
        if progress.position.total == 6:
            assert stopped.wait(60)
            time.sleep(0.5)
        write(folder, states, progress)

    class Twice(Signals):
        def on_step(self, event):
            if event.run_step == 7:
                stopped.set()
            super().on_step(event)

    monkeypatch.setattr(checkpoint_policy, "save_checkpoint", slow)
    with pytest.raises(SystemExit):
        train(WISH, where, callbacks=[Twice(7, signal.SIGTERM, signal.SIGTERM)])
    assert left_by(where.out) == (6, 6, 6, 6)


def after(seconds):
    """Send SIGINT to the main thread, from outside of it, when something goes on."""
    main = threading.main_thread().ident
    timer = threading.Timer(seconds, signal.pthread_kill, [main, signal.SIGINT])
    timer.daemon = True
    timer.start()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_signal_ends_the_wait_for_a_batch(where, monkeypatch, workers):
    take = CropDataset.__getitem__

    def stuck(self, index):
        if index >= 3:
            time.sleep(60)
        return take(self, index)

    class Later(Signals):
        def on_step(self, event):
            if event.run_step == 3:
                after(0.3)

    monkeypatch.setattr(CropDataset, "__getitem__", stuck)
    begun, view = time.monotonic(), Later(3)
    with pytest.raises(InterruptedRunError, match="stopped after step 3"):
        train(WISH, replace(where, workers=workers), callbacks=[view])
    assert time.monotonic() - begun < 50
    assert "saving what step 3 left; once more to stop now" in view.notes
    assert left_by(where.out) == (3, 3, 3, 3)


def test_a_signal_ends_a_validation_which_comes_first_in_the_next_life(
    where, tmp_path, monkeypatch
):
    wish = recipe_from_dict(apply_setting(WISH.to_dict(), "validate_every=4"))
    whole = replace(where, out=tmp_path / "whole")
    train(wish, whole)
    score = Validator.scores

    def slow(self, model, *seen):
        after(0.2)
        time.sleep(60)
        return score(self, model, *seen)

    with monkeypatch.context() as patch:
        patch.setattr(Validator, "scores", slow)
        with pytest.raises(InterruptedRunError, match="stopped after step 4"):
            train(wish, where)
    assert read_progress(where.out / "checkpoints/step-00000004").owed
    assert (steps(where.out), steps(where.out, "val")) == ([1, 2, 3, 4], [])
    train(wish, where, resume="newest")
    assert (steps(where.out), steps(where.out, "val")) == ([*range(1, 9)], [4, 8])
    assert tensors(where.out) == tensors(whole.out)


def test_a_request_does_not_wait_for_a_validation_that_is_due(where):
    wish = recipe_from_dict(apply_setting(WISH.to_dict(), "validate_every=3"))
    with pytest.raises(InterruptedRunError):
        train(wish, where, callbacks=[Signals(3, signal.SIGTERM)])
    assert (steps(where.out, "val"), newest(where.out)) == ([], 3)
    train(wish, where, resume="newest")
    assert steps(where.out, "val") == [3, 6, 8]


@pytest.mark.parametrize("times", [1, 2])
def test_a_summary_of_an_earlier_end_tells_of_the_run_as_it_is(where, times):
    train(WISH, where)
    longer = recipe_from_dict(apply_setting(WISH.to_dict(), "steps=20"))
    callbacks = [Signals(13, *[signal.SIGINT] * times)]
    with pytest.raises((InterruptedRunError, KeyboardInterrupt)):
        train(longer, where, resume="newest", callbacks=callbacks)
    summary = json.loads((where.out / "summary.json").read_text())
    assert summary["steps"] == newest(where.out) == (13 if times == 1 else 12)


def test_a_hang_up_that_is_ignored_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with catch_stop_signals() as stop:
            signal.raise_signal(signal.SIGHUP)
        assert stop.signal == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_other_processes_wait_for_is_not_ended():
    with catch_stop_signals(alone=False) as stop, stop.at_once("waiting"):
        signal.raise_signal(signal.SIGTERM)
    assert stop.signal == signal.SIGTERM
    with pytest.raises(StopNow), catch_stop_signals() as stop, stop.at_once("waiting"):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("words", "place", "hint"),
    [
        (["eval", "bicubic"], "srkit_core.evaluation.bench.score_model", "run the same command"),
        (
            ["upscale", "bicubic"],
            "srkit_core.upscaling.batch.begin_file",
            "try: srkit upscale bicubic ",
        ),
        (
            ["prepare"],
            "srkit_core.data.preparation.executor.open_executor",
            "run the same command again: it goes on",
        ),
        (["train", "--gen", "srvgg"], "srkit_core.engine.trainer.open_run_data", "--resume"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else None,
)
@pytest.mark.parametrize("number", SIGNALS)
def test_every_command_is_ended_by_a_signal_and_says_so(
    where, tmp_path, words, place, hint, number, monkeypatch, capsys
):
    def ended(*_, **__):
        signal.raise_signal(number)
        pytest.fail("it went on")

    monkeypatch.setattr(place, ended)
    monkeypatch.chdir(tmp_path)
    photos = str(where.data)
    rest = {
        "eval": ["--data", photos],
        "upscale": [f"{photos}/0.png", "--out", "large.png"],
        "prepare": [photos, "prepared", "--workers", "1"],
        "train": ["--data", photos, "--device", "cpu"],
    }
    assert run([*words, *rest[words[0]]]) == 128 + number
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert hint in said.splitlines()[-1]
