"""Which pictures are found, which are left out and why, and which are held out?"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from srkit_core.data.bundled_photographs import BUNDLED, PHOTOGRAPHS
from srkit_core.data.picture import Picture
from srkit_core.data.picture_set import PictureSet, open_picture_set, readable, split_pictures
from srkit_core.errors import DataError
from srkit_core.io.images import image_size, read_image, write_image

ABSENT = Path("absent.png")


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder, *names, size=(24, 32)):
    for number, name in enumerate(names):
        write_image(folder / name, noise(*size, seed=number))
    return folder


def parted(source, hold_out):
    made = split_pictures(source, hold_out, ())
    return made.training, made.validation


def named(pictures):
    return [picture.name for picture in pictures]


def source_of(count):
    names = [f"{number:04d}" for number in range(count)]
    return PictureSet("many", tuple(Picture(one, ABSENT, one, 64, 64, origin=one) for one in names))


def test_photos_are_the_bundled_photographs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = open_picture_set(BUNDLED)
    assert len(source.pictures) == 13
    assert {"astronaut", "coffee", "motorcycle_left", "motorcycle_right"} <= set(
        named(source.pictures)
    )
    assert min(min(picture.height, picture.width) for picture in source.pictures) >= 300
    assert (source.skipped, source.ignored, source.notes()) == ((), 0, [])
    assert {one.path.name for one in source.pictures} <= {one.file for one in PHOTOGRAPHS}


def test_an_existing_folder_called_photos_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(
        tmp_path / BUNDLED,
        "mine.png",
        "sub/motorcycle_left.png",
        "sub/motorcycle_right.png",
        "rocket.jpg",
    )
    pictures = open_picture_set(BUNDLED).pictures
    assert named(pictures) == ["mine", "rocket", "sub/motorcycle_left", "sub/motorcycle_right"]
    assert [picture.group for picture in pictures] == [
        "mine",
        "rocket",
        "sub/motorcycle",
        "sub/motorcycle",
    ]


def test_folders_are_searched_to_the_bottom_whatever_they_are_called(tmp_path):
    folder = fill(tmp_path / "mes images été", "b.PNG", "a/deep er/ü ñ.jpeg", "a/日本.tif", "z.Jpg")
    source = open_picture_set(str(folder))
    assert named(source.pictures) == ["a/deep er/ü ñ", "a/日本", "b", "z"]
    assert [(picture.height, picture.width) for picture in source.pictures] == [(24, 32)] * 4
    assert source.notes() == []


def test_hidden_files_are_passed_over_and_others_counted(tmp_path):
    folder = fill(tmp_path / "data", "a.png", ".b.png", ".git/c.png", "sub/.d.png")
    (folder / "readme.md").write_text("words")
    (folder / "sub" / "list.csv").write_text("1,2")
    (folder / ".hidden.txt").write_text("words")
    source = open_picture_set(str(folder))
    assert (named(source.pictures), source.ignored) == (["a"], 2)
    assert source.notes() == [f"ignored 2 files of {folder} without a picture ending"]


def test_links_to_folders_are_followed_and_nothing_is_found_twice(tmp_path):
    elsewhere = fill(tmp_path / "elsewhere", "c.png")
    folder = fill(tmp_path / "data", "a.png", "sub/b.png")
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    (folder / "sub" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "twice").symlink_to(folder / "sub", target_is_directory=True)
    assert named(open_picture_set(str(folder)).pictures) == ["a", "linked/c", "sub/b"]


def test_broken_files_are_named_skipped_and_counted(tmp_path):
    folder = fill(tmp_path / "da: ta", "good.png")
    for number in range(6):
        (folder / f"bad{number}.png").write_text("words")
    (folder / "none.jpg").symlink_to(folder / "gone.jpg")
    source = open_picture_set(str(folder))
    assert named(source.pictures) == ["good"]
    assert source.notes() == [
        f"skipped {folder}/bad{number}.png: it is not a picture of a known format"
        for number in range(5)
    ] + ["skipped 2 more files"]
    assert source.skipped[-1].reason == f"there is no file {folder / 'none.jpg'}"


def test_pictures_smaller_than_the_crop_are_skipped(tmp_path):
    folder = fill(tmp_path, "large.png", size=(48, 64))
    fill(tmp_path, "flat.png", size=(47, 64))
    source = open_picture_set(str(folder), smallest=48)
    assert named(source.pictures) == ["large"]
    assert source.notes() == [
        f"skipped {folder / 'flat.png'}: 64 x 47 is smaller than the crop of 48 pixels"
    ]
    with pytest.raises(
        DataError, match=f"all 2 pictures of {folder} are smaller than the crop of 49 pixels"
    ) as caught:
        open_picture_set(str(folder), smallest=49)
    assert "--patch" in caught.value.hint


def test_a_turned_photograph_counts_as_it_is_seen(assets):
    source = open_picture_set(str(assets / "camera" / "exif_landscape_6.jpg"), smallest=450)
    assert [(one.name, one.height, one.width) for one in source.pictures] == [
        ("exif_landscape_6", 450, 600)
    ]


def test_the_camera_folder_is_read_or_named(assets):
    source = open_picture_set(str(assets / "camera"))
    assert {"exif_landscape_1", "pillow_16bit.cropped", "realesrgan_tree_alpha_16bit"} <= set(
        named(source.pictures)
    )
    assert {"_DSC2164", "arrow", "colorchart", "RGB_10bit_128x128"} <= set(named(source.pictures))
    assert [one.path.name for one in source.skipped] == ["corrupted.heic", "pillow_broken.png"]
    assert source.ignored == 0
    checked = readable(source)
    damaged = [
        "Canon-R6-pruned.CR3",
        "corrupted.heic",
        "pillow_broken.png",
        "pillow_truncated_image.png",
        "pillow_truncated_jpeg.jpg",
    ]
    assert sorted(one.path.name for one in checked.skipped) == damaged
    assert len(checked.pictures) == len(list((assets / "camera").iterdir())) - len(damaged)


def test_pictures_that_differ_in_their_ending_only_have_different_names(tmp_path):
    folder = fill(tmp_path, "a.png", "a.jpg", "b.png", "sub/a.png")
    assert named(open_picture_set(str(folder)).pictures) == ["a.jpg", "a.png", "b", "sub/a"]


@pytest.mark.parametrize(
    ("place", "fact"),
    [
        ("empty", "holds no picture"),
        ("words", "holds no picture"),
        ("gone", "there is no folder"),
        ("broken", "none of the 2 files of .* can be used; a.png: it is not a picture"),
        ("broken/a.png", "none of the 1 files of .* can be used; a.png: it is not a picture"),
    ],
)
def test_nothing_left_is_an_error(tmp_path, place, fact):
    (tmp_path / "empty").mkdir()
    for name in ("words/readme.txt", "broken/a.png", "broken/b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")
    with pytest.raises(DataError, match=fact) as caught:
        open_picture_set(str(tmp_path / place))
    assert str(tmp_path / place) in caught.value.message
    assert caught.value.hint


def test_a_single_file_is_a_source(tmp_path):
    fill(tmp_path, "one.png", "other.png")
    assert named(open_picture_set(str(tmp_path / "one.png")).pictures) == ["one"]


def test_the_fingerprint_follows_the_files(tmp_path):
    one, same = (
        open_picture_set(str(fill(tmp_path / name, "a.png", "b.png"))).fingerprint()
        for name in ("one", "same")
    )
    assert one == same
    write_image(tmp_path / "one" / "b.png", np.zeros((24, 32, 3), dtype=np.uint8))
    assert open_picture_set(str(tmp_path / "one")).fingerprint() != one


@pytest.mark.parametrize(("count", "held"), [(2, 1), (9, 1), (10, 1), (24, 2), (76, 8), (800, 8)])
def test_a_tenth_is_held_out_but_1_to_8(count, held):
    training, out = parted(source_of(count), ())
    assert (len(training), len(out)) == (count - held, held)
    assert set(named(training)).isdisjoint(named(out))
    assert {picture.limit for picture in out} == {1024}
    assert {picture.limit for picture in training} == {None}


def test_a_split_is_the_same_every_time_and_hardly_moved_by_new_files():
    before = set(named(parted(source_of(60), ())[1]))
    assert before == set(named(parted(source_of(60), ())[1]))
    assert len(before & set(named(parted(source_of(66), ())[1]))) >= len(before) - 1
    assert before != {f"{number:04d}" for number in range(6)}


def test_one_picture_cannot_be_split():
    with pytest.raises(DataError, match="many has too few pictures to hold any out") as caught:
        parted(source_of(1), ())
    assert "--val" in caught.value.hint


def test_named_pictures_are_held_out_with_their_group(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = open_picture_set(BUNDLED)
    training, held = parted(source, ["motorcycle_left", "coffee"])
    assert named(held) == ["coffee", "motorcycle_left", "motorcycle_right"]
    assert len(training) == 10
    with pytest.raises(DataError, match="photos has no picture 'motorbike' to hold out") as caught:
        parted(source, ["coffee", "motorbike"])
    assert "astronaut" in caught.value.hint
    with pytest.raises(DataError, match="too few pictures"):
        parted(source, named(source.pictures))


def test_a_stereo_pair_is_never_torn_apart():
    pair = [
        Picture(name, ABSENT, "motorcycle", 64, 64, origin=name)
        for name in ("motorcycle_left", "motorcycle_right")
    ]
    for count in range(1, 40):
        training, held = parted(PictureSet("s", (*source_of(count).pictures, *pair)), ())
        assert {one.name for one in pair} <= set(named(training)) or {
            one.name for one in pair
        } <= set(named(held))


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1025, 1500), (1030, 700), (64, 1024)])
def test_the_central_cut_of_a_held_out_picture_lies_on_the_lr_grid(tmp_path, scale, size):
    hr = noise(*size)
    lr = hr[::scale, ::scale][: size[0] // scale, : size[1] // scale]
    write_image(tmp_path / "hr.png", hr)
    write_image(tmp_path / "lr.png", lr)
    picture = Picture("a", tmp_path / "hr.png", "a", *size, lr=tmp_path / "lr.png", limit=1024)
    cut, small = picture.read(scale)
    assert max(cut.shape[:2]) <= 1024
    assert min(cut.shape[0] - min(size[0], 1024), cut.shape[1] - min(size[1], 1024)) > -scale
    assert np.array_equal(cut[::scale, ::scale], small)


def test_the_central_cut_is_central(tmp_path):
    hr = noise(1500, 1200)
    write_image(tmp_path / "hr.png", hr)
    cut, lr = Picture("a", tmp_path / "hr.png", "a", 1500, 1200, limit=1024).read(4)
    assert np.array_equal(cut, hr[236 : 236 + 1024, 88 : 88 + 1024])
    assert lr is None


def test_a_picture_is_read_in_whole_lr_pixels(tmp_path):
    hr = noise(31, 42)
    write_image(tmp_path / "hr.png", hr)
    picture = Picture("a", tmp_path / "hr.png", "a", 31, 42)
    assert np.array_equal(picture.read(4)[0], hr[:28, :40])
    assert np.array_equal(picture.read(1)[0], hr)
    with pytest.raises(
        DataError, match=f"{tmp_path / 'hr.png'} has 42x31 pixels, too few for scale 32"
    ):
        picture.read(32)


def test_every_bundled_photograph_is_whole():
    assert {image_size(path.path) for path in open_picture_set(BUNDLED).pictures} == {
        read_image(path.path).shape[:2] for path in open_picture_set(BUNDLED).pictures
    }


def test_a_moved_folder_has_the_same_pictures(tmp_path):
    before = open_picture_set(str(fill(tmp_path / "one", "a.png", "sub/b.png")))
    fingerprint = before.fingerprint()
    after = open_picture_set(str(shutil.move(tmp_path / "one", tmp_path / "other")))
    assert (named(after.pictures), after.fingerprint()) == (named(before.pictures), fingerprint)


def test_a_broken_body_behind_a_good_header_is_found_by_reading(tmp_path):
    fill(tmp_path, "a.png", "b.png", "c.png", size=(64, 64))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:-2000])
    source = open_picture_set(str(tmp_path))
    assert (named(source.pictures), source.skipped) == (["a", "b", "c"], ())
    checked = readable(source)
    assert named(checked.pictures) == ["a", "c"]
    (note,) = checked.notes()
    assert note.startswith(f"skipped {tmp_path / 'b.png'}: it is truncated or damaged")
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-2000])
    with pytest.raises(DataError, match="none of the 3 files"):
        readable(source)


def test_of_hr_and_lr_side_by_side_hr_is_taken_and_told(tmp_path):
    fill(tmp_path / "Set" / "HR", "a.png", "b.png", size=(32, 32))
    fill(tmp_path / "Set" / "LRx2", "a.png", "b.png", size=(16, 16))
    fill(tmp_path / "Set" / "LRx4", "ax4.png", "bx4.png", size=(8, 8))
    source = open_picture_set(str(tmp_path / "Set"))
    assert named(source.pictures) == ["HR/a", "HR/b"]
    assert source.notes() == [
        f"{tmp_path / 'Set'} holds HR and LR side by side: these are the pictures of HR, 4 others "
        "were left alone"
    ]
    paired = open_picture_set(str(tmp_path / "Set"), paired=True, scale=4)
    assert [picture.lr.name for picture in paired.pictures] == ["ax4.png", "bx4.png"]
    assert paired.notes() == []
    with pytest.raises(DataError, match="is of scale x2, x4, not x3"):
        open_picture_set(str(tmp_path / "Set"), paired=True, scale=3)


def test_folders_of_photographs_whose_names_say_hr_and_lr_by_chance_are_all_taken(tmp_path):
    fill(tmp_path, "2019 GT race/a.png", "LR exports/b.png", "Iceland/c.png", "d.png", "LR/e.png")
    source = open_picture_set(str(tmp_path))
    assert named(source.pictures) == ["2019 GT race/a", "Iceland/c", "LR/e", "LR exports/b", "d"]
    assert source.notes() == []


@pytest.mark.parametrize(
    ("high", "low"),
    [
        ("HR", "LRx4"),
        ("DIV2K_train_HR", "DIV2K_train_LR_bicubic"),
        ("Flickr2K_HR_sub", "Flickr2K_LR_bicubic"),
        ("high resolution", "low_resolution"),
    ],
)
def test_of_published_layouts_hr_alone_is_taken(tmp_path, high, low):
    fill(tmp_path, f"{high}/a.png", f"{low}/a.png")
    source = open_picture_set(str(tmp_path))
    assert named(source.pictures) == [f"{high}/a"]
