"""What is left of later steps when a run goes back to an earlier one?"""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file, save

from srkit_core.callbacks import Callback
from srkit_core.engine.checkpoints.checkpoint import (
    _SET_ASIDE,
    Position,
    Progress,
    read_progress,
    save_checkpoint,
    tidy,
)
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.io.images import write_image
from srkit_core.models.weights_card import read_card
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunFolder, RunResult
from srkit_core.run_options import RunOptions

STAGE = {
    "name": "main",
    "loss": "l1",
    "batch": 1,
    "patch": 32,
    "lr": 1e-2,
    "keep": 10,
    "keep_weights_at": [2, 5],
}
RECIPE = recipe_from_dict(
    {
        "generator": "srvgg(features=4, blocks=1)",
        "validation": {"pictures": 1},
        "stages": [
            STAGE | {"steps": 6, "log_every": 1, "checkpoint_every": 1, "validate_every": 1}
        ],
    }
)


@pytest.fixture
def where(tmp_path):
    ramp = np.mgrid[0:48, 0:48].sum(axis=0).astype(np.uint8)
    for number in range(3):
        write_image(tmp_path / f"photos/{number}.png", np.stack([ramp + 20 * number] * 3, axis=-1))
    return RunOptions(data=str(tmp_path / "photos"), out=tmp_path / "run", device="cpu")


def shape(folder):
    names = [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix in (".png", ".safetensors")
    ]
    return sorted(name for name in names if not name.startswith("later-"))


def contents(folder):
    return {
        name: save(load_file(folder / name))
        for name in shape(folder)
        if name.endswith(".safetensors") and "optimizer" not in name
    }  # metadata stand in any order


LATER = tuple(f"checkpoints/step-0000000{step}/" for step in (4, 5, 6))


class LeftError(BaseException):
    """Raised by a callback, so that a run ends there as if it were killed."""


class LeavesAt(Callback):
    def __init__(self, start):
        self._start, self.notes = start, []

    def on_note(self, text):
        self.notes.append(text)
        if text.startswith(self._start):
            raise LeftError


def test_weights_and_pictures_of_later_steps_go_and_come_again_the_same(where):
    train(RECIPE, where)
    weights = where.out / "weights/main"
    assert read_card(weights / "best-psnr.safetensors").step > 3
    before, kept = shape(where.out), contents(where.out)
    with pytest.raises(LeftError):
        train(RECIPE, where, resume=3, callbacks=[LeavesAt("going on after step 3")])
    assert sorted(path.name for path in (where.out / "pictures").iterdir()) == [
        f"step-0000000{step}.png" for step in (1, 2, 3)
    ]
    assert sorted(path.name for path in weights.iterdir()) == [
        "last.safetensors",
        "step-00000002.safetensors",
    ]
    assert [path.name for path in RunFolder(where.out).checkpoints()] == [
        f"step-0000000{step}" for step in (1, 2, 3)
    ]
    train(RECIPE, where, resume="newest")
    assert shape(where.out) == before
    assert contents(where.out) == kept


def test_what_came_later_is_a_run_of_its_own_that_goes_on(where):
    longer = RECIPE.model_copy(
        update={"stages": (RECIPE.stages[0].model_copy(update={"steps": 8}),)}
    )
    train(RECIPE, where)
    before, rows = contents(where.out), (where.out / "metrics.csv").read_text()
    listener = LeavesAt("going on after step 3")
    with pytest.raises(LeftError):
        train(RECIPE, where, resume=3, callbacks=[listener])
    (aside,) = where.out.glob("later-*")
    assert [note for note in listener.notes if "moved" in note] == [
        f"what came after step 3, up to step 6, was moved into {aside}; "
        f"srkit train --resume --out {aside} goes on from there"
    ]
    assert [path.name for path in RunFolder(aside).checkpoints()] == [
        f"step-0000000{step}" for step in (4, 5, 6)
    ]
    assert sorted(path.name for path in (aside / "pictures").iterdir()) == [
        f"step-0000000{step}.png" for step in (4, 5, 6)
    ]
    assert contents(aside) == {
        name: content
        for name, content in before.items()
        if not name.startswith("checkpoints/") or name.startswith(LATER)
    }
    assert (aside / "metrics.csv").read_text() == rows
    assert RunResult(aside).best("psnr").step > 3
    with pytest.raises(DataError, match="is not finished"):
        RunResult(where.out).best("psnr")
    assert read_card(where.out / "weights/last.safetensors").step == 3
    assert read_card(where.out / "weights/main/last.safetensors").step == 3
    train(longer, replace(where, out=aside), resume="newest")
    assert [row["step"] for row in RunResult(aside).history("val")] == list(range(1, 9))


def test_the_newest_checkpoint_lets_all_that_was_kept_stay(where):
    train(RECIPE, where)
    before = shape(where.out)
    shutil.rmtree(where.out / "checkpoints/step-00000006")  # as if it had not been written yet
    with pytest.raises(LeftError):
        train(RECIPE, where, resume="newest", callbacks=[LeavesAt("going on after step 5")])
    assert shape(where.out) == [name for name in before if "checkpoints/step-00000006" not in name]


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "a run")


def saved(folder, **values):
    save_checkpoint(folder.checkpoint(3), {}, Progress(Position(0, 3, 3), **values))
    return folder.checkpoint(3)


def test_a_checkpoint_takes_the_place_of_another_of_its_step(folder):
    saved(folder, owed=True)
    assert not read_progress(saved(folder)).owed
    assert [path.name for path in (folder.path / "checkpoints").iterdir()] == ["step-00000003"]


def test_one_that_was_set_aside_is_found_again_when_nothing_took_its_place(folder):
    first = saved(folder, owed=True)
    first.rename(first.with_name(f".{first.name}{_SET_ASIDE}"))
    tidy(folder)
    assert read_progress(first).owed
    shutil.copytree(first, first.with_name(f".{first.name}{_SET_ASIDE}"))
    tidy(folder)
    assert [path.name for path in (folder.path / "checkpoints").iterdir()] == ["step-00000003"]


def test_one_stays_when_its_successor_cannot_be_named(folder, monkeypatch):
    from pathlib import Path

    from srkit_core.errors import DataError

    first, rename = saved(folder, owed=True), Path.rename

    def refusing(path, target):
        if path.name.endswith(".part"):
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(DataError, match="Input/output error"):
        saved(folder)
    assert read_progress(first).owed
