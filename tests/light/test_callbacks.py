"""Is a callback that fails named and left out, while the others hear on?"""

import logging
from pathlib import Path

from srkit_core.callbacks import (
    Callback,
    CallbackList,
    CheckpointEvent,
    PictureScoredEvent,
    StageEndEvent,
    StepEvent,
    ValidationEvent,
)

STEP = StepEvent("main", 1, 10, 11, {"loss/total": 0.5})


class Hears(Callback):
    def __init__(self):
        self.heard = []

    def on_note(self, text):
        self.heard.append(text)

    def on_step(self, event):
        self.heard.append(event)


class Clumsy(Callback):
    calls = 0

    def on_step(self, event):
        self.calls += 1
        raise ValueError("no such key")


def test_a_callback_that_raises_is_named_once_and_not_called_again():
    clumsy, hears = Clumsy(), Hears()
    callbacks = CallbackList([clumsy, hears])
    callbacks.on_step(STEP)
    callbacks.on_step(STEP)
    assert clumsy.calls == 1
    assert hears.heard == [
        "warning: the callback Clumsy.on_step raised ValueError: no such key; "
        "it is not called again, and the run goes on",
        STEP,
        STEP,
    ]


def test_where_nobody_is_left_to_hear_it_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="srkit_core"):
        CallbackList([Clumsy()]).on_step(STEP)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["warning"]
    assert "Clumsy.on_step raised ValueError: no such key" in caplog.text


def test_every_event_reaches_every_callback():
    heard = []

    class All(Callback):
        def __getattribute__(self, name):
            if name.startswith("on_"):
                return lambda *arguments: heard.append((name, *arguments))
            return super().__getattribute__(name)

    callbacks = CallbackList([All()])
    validation = ValidationEvent("main", 3, {"loss/total": 0.1}, {"psnr": 30.0})
    scored = PictureScoredEvent("main", 3, "Set5", "baby", 1, 5)
    checkpoint = CheckpointEvent("main", 3, Path("runs/a/checkpoints/step-00000003"))
    end = StageEndEvent("main", 3, {"psnr": 30.0}, early=False)
    callbacks.on_note("hello")
    callbacks.on_step(STEP)
    callbacks.on_picture_scored(scored)
    callbacks.on_validation(validation)
    callbacks.on_checkpoint(checkpoint)
    callbacks.on_stage_end(end)
    callbacks.on_download("vgg19", 1, 2)
    assert heard == [
        ("on_note", "hello"),
        ("on_step", STEP),
        ("on_picture_scored", scored),
        ("on_validation", validation),
        ("on_checkpoint", checkpoint),
        ("on_stage_end", end),
        ("on_download", "vgg19", 1, 2),
    ]
