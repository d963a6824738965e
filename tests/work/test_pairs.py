"""Is every HR picture joined with the LR picture of its own, pixel by pixel?"""

from pathlib import Path

import numpy as np
import pytest

from srkit_core.data.alignment import aligned, on_grid
from srkit_core.data.pairs import Candidates, Naming, find_pairs
from srkit_core.data.picture_set import open_picture_set
from srkit_core.errors import DataError
from srkit_core.io.images import write_image


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder, *names, size=(24, 32)):
    for name in names:
        write_image(folder / name, noise(*size))
    return folder


def joined(folder):
    return [
        (str(hr.relative_to(folder)), str(lr.relative_to(folder)))
        for hr, lr in find_pairs(folder).files
    ]


@pytest.mark.parametrize(
    ("hr", "lr"),
    [
        ("HR", "LR"),
        ("hq", "lq"),
        ("GT", "LQ"),
        ("High Resolution", "low_resolution"),
        ("high-res", "LowRes"),
        ("HIGH_RES", "Low Resolution"),
    ],
)
def test_subfolders_have_many_names(tmp_path, hr, lr):
    fill(tmp_path / hr, "a.png", "b.png")
    fill(tmp_path / lr, "b.jpg", "a.png")
    fill(tmp_path / "other", "a.png")
    assert joined(tmp_path) == [(f"{hr}/a.png", f"{lr}/a.png"), (f"{hr}/b.png", f"{lr}/b.jpg")]


@pytest.mark.parametrize("suffix", ["", "x4", "_x4", "-x2", "X8"])
def test_an_lr_picture_may_bear_its_scale(tmp_path, suffix):
    fill(tmp_path / "HR", "001.png", "max.png")
    fill(tmp_path / "LR", f"001{suffix}.png", f"max{suffix}.png")
    assert joined(tmp_path) == [
        ("HR/001.png", f"LR/001{suffix}.png"),
        ("HR/max.png", f"LR/max{suffix}.png"),
    ]


def test_the_whole_stem_comes_before_a_stem_with_a_scale(tmp_path):
    fill(tmp_path / "HR", "a.png", "ax4.png")
    fill(tmp_path / "LR", "a.png", "ax4.png")
    assert joined(tmp_path) == [("HR/a.png", "LR/a.png"), ("HR/ax4.png", "LR/ax4.png")]


def test_equal_names_in_different_subfolders_stay_apart(tmp_path):
    fill(tmp_path / "HR", "cats/1.png", "dogs/1.png")
    fill(tmp_path / "LR", "cats/1x4.png", "dogs/1x4.png")
    assert joined(tmp_path) == [
        ("HR/cats/1.png", "LR/cats/1x4.png"),
        ("HR/dogs/1.png", "LR/dogs/1x4.png"),
    ]


def test_subfolders_may_differ_where_names_do_not_repeat(tmp_path):
    fill(tmp_path / "HR", "train_HR/1.png")
    fill(tmp_path / "LR", "X4/1x4.png")
    assert joined(tmp_path) == [("HR/train_HR/1.png", "LR/X4/1x4.png")]


def test_two_candidates_are_refused_and_named(tmp_path):
    fill(tmp_path / "HR", "1.png")
    fill(tmp_path / "LR", "X2/1x2.png", "X4/1x4.png")
    with pytest.raises(
        DataError, match=r"HR/1.png has several LR pictures in .*LR: X2/1x2.png, X4/1x4.png"
    ) as caught:
        find_pairs(tmp_path)
    assert caught.value.path == tmp_path / "HR" / "1.png"


def test_a_missing_partner_is_named(tmp_path):
    fill(tmp_path / "HR", "a.png", "b.png")
    fill(tmp_path / "LR", "a.png", "c.png")
    with pytest.raises(
        DataError, match=f"{tmp_path}/HR/b.png has no LR picture in {tmp_path}/LR"
    ) as caught:
        find_pairs(tmp_path)
    assert (caught.value.path, caught.value.hint) == (
        tmp_path / "HR" / "b.png",
        "add b.png or bx4.png there",
    )


@pytest.mark.parametrize(
    ("folders", "fact"),
    [
        (["HR"], "has no subfolder for LR"),
        (["LR", "other"], "has no subfolder for HR"),
        (["HR", "LR", "low_res"], "has several subfolders for LR: LR, low_res"),
    ],
)
def test_subfolders_that_are_missing_or_too_many_are_named(tmp_path, folders, fact):
    for name in folders:
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=f"{tmp_path} {fact}"):
        find_pairs(tmp_path)


def test_a_missing_lr_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=f"there is no folder {tmp_path}/LR"):
        Candidates(tmp_path / "LR")


def test_hidden_files_are_passed_over_and_others_counted(tmp_path):
    fill(tmp_path / "HR", "a.png", "._a.png", ".thumbs/b.png")
    fill(tmp_path / "LR", "a.png", "._a.png")
    (tmp_path / "LR" / "readme.txt").write_text("words")
    source = open_picture_set(str(tmp_path), paired=True)
    assert [(one.name, one.lr) for one in source.pictures] == [("HR/a", tmp_path / "LR" / "a.png")]
    assert source.notes() == [f"ignored 1 files of {tmp_path} without a picture ending"]


def test_a_broken_lr_picture_is_skipped_and_named(tmp_path):
    fill(tmp_path / "HR", "a.png", "b.png")
    fill(tmp_path / "LR", "a.png")
    (tmp_path / "LR" / "b.png").write_text("words")
    source = open_picture_set(str(tmp_path), paired=True)
    assert [one.name for one in source.pictures] == ["HR/a"]
    assert source.notes() == [f"skipped {tmp_path}/LR/b.png: it is not a picture of a known format"]


def test_an_lr_picture_without_hr_is_named_but_not_another_scale(tmp_path):
    fill(tmp_path / "HR", "a.png")
    fill(tmp_path / "LR", "ax2.png", "ax4.png", "zebra.png", "yakx4.png")
    pairs = find_pairs(tmp_path, Naming(template="{}x4"))
    assert [low.name for _, low in pairs.files] == ["ax4.png"]
    assert [stray.name for stray in pairs.strays] == ["yakx4.png", "zebra.png"]


def test_a_stray_lr_picture_is_a_note(tmp_path):
    fill(tmp_path / "HR", "a.png")
    fill(tmp_path / "LR", "a.png", "zebra.png")
    source = open_picture_set(str(tmp_path), paired=True)
    assert source.notes() == ["skipped: 1 LR pictures without an HR picture, such as 'zebra.png'"]


def test_empty_paired_folders_are_an_error(tmp_path):
    for name in ("HR", "LR"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=f"{tmp_path} holds no picture"):
        open_picture_set(str(tmp_path), paired=True)


def test_the_official_lr_folders_fit(assets):
    folder = assets / "benchmarks" / "Set5"
    for scale in (2, 3, 4):
        candidates, files = Candidates(folder / f"LRx{scale}"), sorted((folder / "HR").iterdir())
        names = [candidates.partner(file, Path()).name for file in files]
        assert names == [
            f"{name}x{scale}.png" for name in ("baby", "bird", "butterfly", "head", "woman")
        ]


@pytest.mark.parametrize(
    ("hr", "lr", "scale", "kept"),
    [
        ((24, 32), (6, 8), 4, (6, 8)),
        ((27, 35), (6, 8), 4, (6, 8)),  # what the scale does not divide has no LR
        ((25, 33), (7, 9), 4, (6, 8)),  # resizers that round up
        ((118, 130), (54, 60), 2, (54, 60)),  # LR made from HR cut to a multiple of 12
        ((7, 9), (1, 2), 4, (1, 2)),
        ((24, 32), (24, 32), 1, (24, 32)),
    ],
)
def test_hr_and_lr_are_cut_to_what_both_show(hr, lr, scale, kept):
    large, small = noise(*hr), noise(*lr)
    cut, low = aligned(large, small, scale, "a.png")
    assert np.array_equal(cut, large[: kept[0] * scale, : kept[1] * scale])
    assert np.array_equal(low, small[: kept[0], : kept[1]])


@pytest.mark.parametrize(
    ("lr", "scale"),
    [((12, 16), 4), ((6, 8), 2), ((8, 10), 4), ((6, 16), 4), ((24, 32), 4), ((6, 8), 3)],
)
def test_lr_of_another_scale_is_refused(lr, scale):
    with pytest.raises(
        DataError,
        match=f"a.png has 32x24 pixels and its LR {lr[1]}x{lr[0]}: that is not scale {scale}",
    ):
        aligned(noise(24, 32), noise(*lr), scale, "a.png")


def test_a_picture_smaller_than_the_scale_is_refused():
    assert on_grid(noise(4, 5), 4, "a.png").shape == (4, 4, 3)
    with pytest.raises(DataError, match=r"a\.png has 9x3 pixels, too few for scale 4"):
        on_grid(noise(3, 9), 4, "a.png")
