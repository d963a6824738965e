"""Does `auto` take what is faster on a card, once a run? (a stand-in: a CPU that has a choice)"""

import json
from dataclasses import replace

import pytest

from srkit_core import devices
from srkit_core.engine import faster_precision
from srkit_core.engine.step_timing import StepTiming
from srkit_core.engine.trainer import train
from srkit_core.errors import OutOfMemoryError
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

SPEEDS = {"bf16": 40.0, "fp32": 160.0}


@pytest.fixture
def timed(monkeypatch):
    """A CPU that may train in bf16 or fp32, and the precisions that were timed on it."""
    asked = list[str]()

    def time_stages(planned, options):
        asked.append(options.precision)
        if SPEEDS[options.precision] == 0:
            raise OutOfMemoryError("no memory", hint="a smaller batch")
        seconds = 8 / SPEEDS[options.precision]
        yield StepTiming("train", 8, seconds, 0.0, None, own_process=False)
        yield StepTiming("fine", 8, seconds / 2, 0.0, None, own_process=False)

    kinds = tuple(
        replace(one, precisions=lambda: ("bf16", "fp32")) if one.name == "cpu" else one
        for one in devices.BACKENDS
    )
    monkeypatch.setattr(devices, "BACKENDS", kinds)
    monkeypatch.setattr(faster_precision, "time_stages", time_stages)
    return asked


def trained(out, *, resume=None, steps=2, **where):
    stage = {"loss": "l1", "steps": steps, "batch": 2, "patch": 32}
    recipe = recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "validation": {"pictures": 0},
            "stages": [stage],
        }
    )
    given = {"data": "photos", "device": "cpu"} | where
    train(recipe, RunOptions(out=out, **given), resume=resume)
    return json.loads((out / "environment.json").read_text())


def test_the_faster_one_is_taken_and_a_resumed_run_keeps_it(timed, tmp_path, monkeypatch):
    environment = trained(tmp_path / "run")
    assert (environment["precision"], timed) == ("fp32", ["bf16", "fp32"])
    monkeypatch.setitem(SPEEDS, "bf16", 1000.0)
    environment = trained(tmp_path / "run", resume="newest", steps=3)
    assert environment["precision"] == "fp32"
    assert trained(tmp_path / "other")["precision"] == "bf16"
    assert timed == ["bf16", "fp32"] * 2


def test_what_does_not_fit_is_not_taken(timed, tmp_path, monkeypatch):
    monkeypatch.setitem(SPEEDS, "fp32", 0)
    assert trained(tmp_path / "run")["precision"] == "bf16"


def test_nothing_is_timed_where_a_precision_is_asked_for(timed, tmp_path):
    assert trained(tmp_path / "run", precision="bf16")["precision"] == "bf16"
    assert timed == []


def test_figures_are_said_of_the_slowest_stage(timed):
    options = RunOptions(out="unused", device="cpu")
    chosen, said = faster_precision.with_faster_precision(options, None, goes_on=False)
    assert chosen.precision == "fp32"
    assert said == ["precision fp32: pictures a second in steps on noise: bf16 40, fp32 160"]
