"""Is a split by digest, ratio or list free of leaks, and does nothing move when files are added?"""

import json
from pathlib import Path

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.data.groups import group_of
from srkit_core.data.picture import Picture
from srkit_core.data.picture_set import PictureSet, open_picture_set, split_pictures
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions


def source_of(names):
    pictures = [Picture(name, Path(name), group_of(name), 64, 64, origin=name) for name in names]
    return PictureSet("many", tuple(pictures))


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def numbered(count, first=0):
    return [f"{number:05d}" for number in range(first, first + count)]


def named(pictures):
    return {picture.name for picture in pictures}


def parted(names, hold_out, test=()):
    made = split_pictures(source_of(names), hold_out, test)
    return named(made.training), named(made.validation), named(made.test)


def test_shares_are_those_of_the_report_to_a_percent():
    sizes = [len(part) for part in parted(numbered(30_000), 0.15, 0.05)]
    assert sum(sizes) == 30_000
    assert [size / 30_000 for size in sizes] == pytest.approx([0.8, 0.15, 0.05], abs=0.01)


@pytest.mark.parametrize(
    ("hold_out", "test"), [(0.15, 0.05), (0.05, ()), (["00003", "00077"], 0.1), (0.2, ["00009"])]
)
def test_added_files_never_move_an_old_one(hold_out, test):
    before = parted(numbered(400), hold_out, test)
    after = parted(["a", *numbered(400), *numbered(300, first=9000)], hold_out, test)
    assert all(
        old == {name for name in new if name < "00400"}
        for old, new in zip(before, after, strict=True)
    )
    assert sum(map(len, after)) == 701


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("0001_s001", "0001"),
        ("sub/0001T2_s014", "sub/0001"),
        ("0001T0", "0001"),
        ("0001_L", "0001"),
        ("kitchen-right", "kitchen"),
        ("left", "left"),
        ("deep/_left", "deep/_left"),
        ("_s001", "_s001"),
        ("a.png", "a"),
        ("a.v2", "a.v2"),
        ("0801", "0801"),
    ],
)
def test_what_shows_the_same_is_one_group(name, group):
    assert group_of(name) == group


def test_groups_stay_together_in_every_part():
    names = [
        f"{number:04d}{kind}"
        for number in range(200)
        for kind in ("_s001", "_s002", "T1_s001", "_L", "_R", ".png", ".jpg")
    ]
    made = parted(names, 0.2, 0.2)
    groups = [{name[:4] for name in part} for part in made]
    assert [len(part) for part in made] == [7 * len(part) for part in groups]
    assert sum(map(len, groups)) == 200
    assert min(map(len, groups)) > 20


def test_a_file_that_makes_a_name_ambiguous_moves_nothing(tmp_path):
    for number in range(40):
        write_image(tmp_path / f"{number}.png", noise(number))
    before = {
        one.path for one in split_pictures(open_picture_set(str(tmp_path)), 0.3, ()).validation
    }
    for number in range(0, 40, 3):
        write_image(tmp_path / f"{number}.jpg", noise(number))
    after = {
        one.path for one in split_pictures(open_picture_set(str(tmp_path)), 0.3, ()).validation
    }
    assert {path for path in after if path.suffix == ".png"} == before
    assert {path.with_suffix(".png") for path in after} == before


def test_names_come_before_shares_and_may_have_endings():
    training, held, tested = parted(numbered(100), ["00001.png", "00002"], 0.3)
    assert held == {"00001", "00002"}
    assert len(tested) == pytest.approx(30, abs=12)
    assert training | held | tested == set(numbered(100))
    assert not held & tested


def test_without_validation_only_the_test_is_kept():
    made = split_pictures(source_of(numbered(50)), None, ["00007"])
    assert (len(made.training), made.validation, named(made.test)) == (49, (), {"00007"})
    assert len(split_pictures(source_of(numbered(50)), (), ["00007"]).validation) == 5


@pytest.mark.parametrize(
    ("hold_out", "test", "fact", "hint"),
    [
        (
            0.001,
            (),
            "no picture of many falls into the share of 0.001 of data.hold_out",
            "a larger share, or names: --set 'data.hold_out=[\"00000\"]'",
        ),
        (
            ["00001"],
            ["00001"],
            "many: '00001' is both held out for validation and kept for a test",
            "data.hold_out or data.test",
        ),
        ([""], (), "many has no picture '' to hold out", "data.hold_out, one of: 00000"),
        (
            (),
            ["nobody"],
            "many has no picture 'nobody' to keep for a test",
            "data.test, one of: 00000",
        ),
    ],
)
def test_a_split_that_cannot_be_is_refused(hold_out, test, fact, hint):
    with pytest.raises(DataError) as caught:
        split_pictures(source_of(numbered(20)), hold_out, test)
    assert caught.value.message == fact
    assert caught.value.hint.startswith(hint)


def test_a_run_trains_on_the_rest_and_names_the_parts(tmp_path):
    listed = tmp_path / "val.txt"
    listed.write_text("# mine\nchelsea.png (300,451,3)\n\ncoffee\n", encoding="utf-8")
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 32}
    fields = {
        "generator": "srvgg(features=4, blocks=1)",
        "scale": 2,
        "validation": {"metrics": "psnr"},
        "stages": [stage],
    }
    wanted = recipe_from_dict(fields | {"data": {"hold_out": str(listed), "test": ["rocket"]}})
    notes = []

    class Listener(Callback):
        on_note = staticmethod(notes.append)

    folder = train(
        wanted, RunOptions(out=tmp_path / "run", device="cpu"), callbacks=[Listener()]
    ).folder
    environment = json.loads((folder / "environment.json").read_text())
    assert (environment["validation"], environment["test"]) == (["chelsea", "coffee"], ["rocket"])
    assert "held out for validation: chelsea, coffee" in notes
    assert "kept for a test: rocket" in notes
    assert any("10 bundled photographs" in note for note in notes)
    assert '"chelsea.png"' in (folder / "recipe.toml").read_text()
