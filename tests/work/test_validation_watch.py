"""Is a validation seen while it goes on, and are its pictures kept as files where wanted?"""

import numpy as np
import pytest

from srkit_core import RunOptions, evaluate, train
from srkit_core.callbacks import Callback, PictureScoredEvent
from srkit_core.cli import progress
from srkit_core.cli.progress import ProgressView
from srkit_core.engine import validation_watch
from srkit_core.errors import DiskFullError
from srkit_core.io.images import read_image, write_image
from srkit_core.recipe import recipe_from_dict


class Hears(Callback):
    def __init__(self):
        self.notes, self.scored = [], []

    def on_note(self, text):
        self.notes.append(text)

    def on_picture_scored(self, event):
        self.scored.append(event)


def recipe(steps=2, **changes):
    stage = {"loss": "l1", "steps": steps, "batch": 1, "patch": 32, "validate_every": 1}
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "scale": 2,
            "validation": {"pictures": 0, "metrics": "psnr", "files": True},
            "stages": [stage | {"checkpoint_every": 1, "lr": 1e-2}],
        }
        | changes
    )


def photographs(folder, names, side=40):
    for number, name in enumerate(names):
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        write_image(folder / f"{name}.png", pixels)
    return str(folder)


@pytest.fixture
def where(tmp_path):
    data = photographs(tmp_path / "data", "abc")
    sets = {
        "Set": photographs(tmp_path / "Set", ["baby", "deep/bird"]),
        "..": photographs(tmp_path / "odd", ["x"]),
    }
    return RunOptions(data=data, val=sets, out=tmp_path / "run", device="cpu")


def files(folder):
    inside = folder / "pictures"
    return sorted(str(one.relative_to(inside)) for one in inside.rglob("*.*") if one.is_file())


def test_sr_of_each_picture_is_a_file_and_the_disk_it_takes_is_said(where):
    hears = Hears()
    folder = train(recipe(), where, callbacks=[hears]).folder
    assert files(folder) == [
        f"step-0000000{step}/{name}.png"
        for step in (1, 2)
        for name in ("Set/baby", "Set/deep/bird", "model/x")
    ]
    (said,) = [one for one in hears.notes if one.startswith("validation.files")]
    assert said.startswith("validation.files writes 3 pictures at each of 2 validations, up to ")
    assert said.endswith(" 28.8 kB of disk")  # 3 x 2 x 40 x 40 x 3 bytes
    evaluate(str(folder / "weights/last.safetensors"), where.val["Set"], pictures=folder / "again")
    (again,) = (folder / "again").rglob("baby.png")
    kept = folder / "pictures/step-00000002/Set/baby.png"
    assert (read_image(again) == read_image(kept)).all()


def test_a_run_that_goes_back_takes_later_files_away_and_leaves_none_of_an_older_life(where):
    folder = train(recipe(3), where).folder
    stale = folder / "pictures/step-00000002/Set/gone.png"
    write_image(stale, np.zeros((8, 8, 3), dtype=np.uint8))
    train(recipe(2), where, resume=1)
    (later,) = folder.glob("later-*")
    assert (later / "pictures/step-00000003/Set/baby.png").is_file()
    assert (later / "pictures/step-00000002/Set/gone.png").is_file()
    assert [one.partition("/")[0] for one in files(folder)] == [
        *["step-00000001"] * 3,
        *["step-00000002"] * 3,
    ]
    stale.parent.mkdir(exist_ok=True)
    write_image(stale, np.zeros((8, 8, 3), dtype=np.uint8))
    train(recipe(3), where, resume=1)
    assert not stale.exists()


def test_a_full_disk_ends_the_run_after_its_checkpoint(where, monkeypatch):
    def full(folder, name, sr):
        raise DiskFullError("the disk is full", hint="make room")

    monkeypatch.setattr(validation_watch, "save_picture", full)
    with pytest.raises(DiskFullError):
        train(recipe(), where)
    assert (where.out / "checkpoints/step-00000001").is_dir()
    monkeypatch.undo()
    train(recipe(), where, resume="newest")
    assert len(files(where.out)) == 6


def test_each_picture_is_told_of_the_generator_and_once_of_bicubic(where):
    hears = Hears()
    train(recipe(), where, callbacks=[hears])
    told = [(one.run_step, one.bicubic, one.done, one.length) for one in hears.scored]
    counted = [(number, 3) for number in (1, 2, 3)]
    assert told == [
        *((1, False, *one) for one in counted),
        *((1, True, *one) for one in counted),
        *((2, False, *one) for one in counted),
    ]
    first = hears.scored[0]
    assert (first.stage, first.validation_set, first.picture) == ("main", "Set", "baby")
    assert {one.validation_set for one in hears.scored} == {"Set", ".."}


def scored(step, done, *, bicubic=False):
    return PictureScoredEvent("main", step, "", f"picture {done}", done, 4, bicubic)


def test_lines_tell_of_a_validation_that_takes_long(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with ProgressView() as view:
        for step, seconds in ((100, 1.0), (200, 8.0)):
            for done in range(1, 5):
                now[0] += seconds
                view.on_picture_scored(scored(step, done))
    assert capsys.readouterr().out.splitlines() == [
        "validation after step 200: 3/4 pictures  0:08 min left"
    ]


def test_the_bar_of_a_validation_comes_and_goes(monkeypatch):
    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    with ProgressView() as view:
        bar, seen = view._bar._progress, []
        for step in (1, 2):
            for done in range(1, 5):
                view.on_picture_scored(scored(step, done))
                seen.append((bar.tasks[0].completed, bar.tasks[0].visible))
        view.on_picture_scored(scored(2, 1, bicubic=True))
        assert [one.description for one in bar.tasks] == ["validation", "bicubic"]
        assert bar.tasks[0].fields["figures"] == "picture 4"
    assert seen == [(1, True), (2, True), (3, True), (4, False)] * 2
