"""What is a folder, or a list, inside of a prepared place?"""

import numpy as np
import pytest
from prepared_places import SPLITS, files, noise, pack

from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.errors import DataError
from srkit_core.io.images import write_image


def test_a_folder_or_list_inside_a_prepared_one_keeps_splits_and_groups(tmp_path, monkeypatch):
    folder = files(tmp_path / "f", ("HQ", "LQ"))
    (tmp_path / "some.txt").write_text(
        "".join(f"HQ/{number:02d}_{part}.png\n" for number in (1, 2, 3) for part in (0, 2))
    )
    monkeypatch.chdir(folder / "HQ")
    for place in (str(folder / "HQ"), "."):
        source = open_picture_set(place)
        assert len(source.pictures) == 12
        assert [{one.group for one in part} for part in parted(source)] == [
            {"00", "01"},
            {"02"},
            {"03"},
        ]
    source = open_picture_set(f"{tmp_path / 'some.txt'} in {folder}")
    assert [(one.group, one.split, one.crops) for one in source.pictures if one.split] == [
        (group, split, 1)
        for group, split in (("01", "train"), ("02", "val"), ("03", "test"))
        for _ in range(2)
    ]
    assert open_picture_set(str(folder / "HQ"), prefer=("test",)).pictures[0].group == "03"


def parted(source):
    made = split_pictures(source, (), ())
    return made.training, made.validation, made.test


def test_a_list_names_pictures_of_shards(tmp_path):
    folder = pack(tmp_path / "a", splits=SPLITS)
    names = [one.name for one in open_picture_set(str(folder)).pictures]
    (tmp_path / "two.txt").write_text(f"{names[3]}\n{names[2]}.png\n")
    source = open_picture_set(f"2*{tmp_path / 'two.txt'} in {folder / 'shards'}")
    assert [(one.name, one.split, one.weight) for one in source.pictures] == [
        (names[3], "train", 2.0),
        (names[2], "val", 2.0),
    ]
    (tmp_path / "two.txt").write_text("nobody.png\n")
    with pytest.raises(DataError, match=r"has no picture 'nobody.png', which .*two.txt names"):
        open_picture_set(f"{tmp_path / 'two.txt'} in {folder}")


@pytest.mark.parametrize("text", ['{"name": "something else"}', "no json"])
def test_a_manifest_around_a_folder_that_is_another_programs_is_left_alone(tmp_path, text):
    write_image(tmp_path / "photos/a.png", noise(32, 32))
    (tmp_path / "manifest.json").write_text(text)
    assert [one.name for one in open_picture_set(str(tmp_path / "photos")).pictures] == ["a"]


def test_an_hr_folder_whose_pictures_lie_in_a_subfolder_has_its_lr_beside_it(tmp_path):
    for folder, step in (("hr", 1), ("lr", 4)):
        write_image(
            tmp_path / folder / "inner one/a.png",
            np.ascontiguousarray(noise(64, 64)[::step, ::step]),
        )
    (picture,) = open_picture_set(str(tmp_path / "hr"), paired=True, scale=4).pictures
    assert picture.lr == tmp_path / "lr/inner one/a.png"


def test_other_folders_inside_a_prepared_one_are_what_they_are(packed, monkeypatch):
    write_image(packed / "run/pictures/own.png", noise(32, 32))
    assert [one.name for one in open_picture_set(str(packed / "run")).pictures] == ["pictures/own"]
    with pytest.raises(DataError, match="there is no folder"):
        open_picture_set(str(packed / "typo"))
    monkeypatch.chdir(packed)
    assert "rocket" in [one.name for one in open_picture_set("photos").pictures]
