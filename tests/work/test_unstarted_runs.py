"""Does a run that could not start leave nothing behind, so that its command works when repeated?"""

import numpy as np
import pytest
import torch

from srkit_core.builtin.accelerate_trackers import AccelerateTracker
from srkit_core.cli.app import run
from srkit_core.engine import networks, stage_run, trainer
from srkit_core.engine.trainer import train
from srkit_core.errors import OutOfMemoryError, RecipeError, SrkitError
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

RECIPE = recipe_from_dict(
    {
        "generator": "srvgg(features=4, blocks=1)",
        "validation": {"pictures": 0, "metrics": "psnr"},
        "stages": [{"loss": "l1", "steps": 2, "batch": 2, "patch": 32}],
    }
)


@pytest.fixture
def where(tmp_path):
    for number in range(4):
        rng = np.random.default_rng(number)
        picture = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        write_image(tmp_path / f"photos/{number}.png", picture)
    return RunOptions(data=str(tmp_path / "photos"), out=tmp_path / "runs/mine", device="cpu")


def no_memory(*_, **__):
    raise torch.OutOfMemoryError("CUDA out of memory")


def a_tracker(monkeypatch, where):
    def start(self, run):
        raise RecipeError("no API key")

    monkeypatch.setattr(AccelerateTracker, "start", start)
    return {"track": ("tensorboard",)}


def no_pictures(monkeypatch, where):
    return {"data": f"{where.data}-gone"}


def bad_weights(monkeypatch, where):
    path = where.out.parent.with_name("bad.safetensors")
    path.write_bytes(b"")
    return {"init": path}


def at_build(monkeypatch, where):
    monkeypatch.setattr(networks, "build_network", no_memory)
    return {}


def at_the_losses(monkeypatch, where):
    monkeypatch.setattr(trainer, "open_stage_run", no_memory)
    return {}


def in_the_first_step(monkeypatch, where):
    monkeypatch.setattr(stage_run, "train_step", no_memory)
    return {}


def a_full_disk(monkeypatch, where):
    from srkit_core.engine.logs import csv_log

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv_log, "_append", fail)
    return {}


def a_lost_picture(monkeypatch, where):
    from srkit_core.data.dataset import CropDataset
    from srkit_core.errors import DataError

    def fail(*_):
        raise DataError("cannot read a.png: it was cut", hint="copy it again")

    monkeypatch.setattr(CropDataset, "__getitem__", fail)
    return {}


def a_bug(monkeypatch, where):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(stage_run, "train_step", fail)
    return {}


WAYS = [
    a_tracker,
    no_pictures,
    bad_weights,
    at_build,
    at_the_losses,
    in_the_first_step,
    a_full_disk,
    a_lost_picture,
    a_bug,
]


def with_changes(where, changes):
    given = {"data": where.data, "out": where.out, "device": "cpu"} | changes
    return RunOptions(**given)


@pytest.mark.parametrize(
    ("way", "there"),
    [(way, "nothing") for way in WAYS]
    + [(way, there) for way in (a_tracker, a_bug) for there in ("an empty folder", "a file")],
)
def test_what_fails_before_the_first_step_leaves_no_trace(where, monkeypatch, way, there):
    if there != "nothing":
        where.out.mkdir(parents=True)
    if there == "a file":
        (where.out / "mine.txt").write_text("mine")
    before = sorted(where.out.parent.parent.rglob("*"))
    with monkeypatch.context() as patch, pytest.raises((SrkitError, ZeroDivisionError)):
        train(RECIPE, with_changes(where, way(patch, where)))
    left = sorted(where.out.parent.parent.rglob("*"))
    assert [path for path in left if path.name != "bad.safetensors"] == before
    if way == a_tracker and there != "an empty folder":
        train(RECIPE, where)
        assert (where.out / "summary.json").is_file()


def test_the_hint_after_a_first_step_without_memory_works(where, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(OutOfMemoryError) as caught:
        train(RECIPE, with_changes(where, in_the_first_step(patch, where)))
    assert caught.value.hint.startswith("the same command with --set stages.main.accumulate=2 ")
    words = ["train", "--gen", "srvgg(features=4,blocks=1)", "--loss", "l1", "--steps", "2"]
    words += ["--batch", "2", "--patch", "32", "--data", where.data, "--out", str(where.out)]
    assert run([*words, "--set", "stages.main.accumulate=2"]) == 0


def test_a_run_with_a_step_behind_it_stays_and_goes_on(where, monkeypatch):
    steps = iter([stage_run.train_step])

    def once(*given):
        return next(steps, no_memory)(*given)

    with monkeypatch.context() as patch:
        patch.setattr(stage_run, "train_step", once)
        with pytest.raises(OutOfMemoryError) as caught:
            train(RECIPE, where)
    assert caught.value.hint.startswith(f"srkit train --resume --out {where.out} --set ")
    assert (where.out / "recipe.toml").is_file()
    assert run(caught.value.hint.partition(" keeps")[0].split()[1:]) == 0


def test_a_run_that_goes_on_and_cannot_stays_as_it_is(where, monkeypatch):
    train(RECIPE, where)
    before = {path: path.read_bytes() for path in where.out.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch, pytest.raises(SrkitError):
        train(RECIPE, with_changes(where, a_tracker(patch, where)), resume="newest")
    kept = ("environment.json", "curves.png")
    assert {path: path.read_bytes() for path in before if path.name not in kept} == {
        path: content for path, content in before.items() if path.name not in kept
    }
