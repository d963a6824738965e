"""Has every HR picture an LR picture of its own, seen from both sides, by every door?"""

import unicodedata

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.data.pairs import Candidates, Naming, find_pairs
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.data.side_by_side import lr_beside_hr
from srkit_core.errors import DataError
from srkit_core.io.images import write_image
from srkit_core.lists import read_list

TRAIN = ["train", "--gen", "srvgg(features=4,blocks=1)", "--loss", "l1", "--batch", "1"]
TRAIN += ["--steps", "1", "--patch", "16", "--device", "cpu", "--scale", "2"]
WHOLE, APART = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


def fill(folder, *names):
    for number, name in enumerate(names):
        side = 16 if "LR" in name or "lq" in name else 32
        pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
        write_image(folder / name, pixels)
    return folder


TWICE = {
    "two endings": (["HR/a.png", "HR/a.jpg", "LR/a.png"], ("HR/a.jpg", "HR/a.png", "LR/a.png")),
    "an ending in other case": (["HR/a.png", "HR/a.PNG", "LR/a.png"], ("HR/a.PNG", "HR/a.png")),
    "subfolders and a flat LR": (["HR/p/1.png", "HR/q/1.png", "LR/1.png"], ("p/1", "q/1", "LR/1")),
    "one subfolder missing": (["HR/p/1.png", "HR/q/1.png", "LR/p/1.png"], ("p/1", "q/1")),
    "upper and lower case": (["HR/a.png", "HR/A.png", "LR/a.png"], ("HR/A.png", "HR/a.png")),
    "NFC and NFD": ([f"HR/{WHOLE}.png", f"HR/{APART}.png", f"LR/{WHOLE}.png"], ("LR/",)),
    "a scale in one name": (["HR/a.png", "HR/A.png", "LR/ax2.png"], ("LR/ax2.png",)),
}


@pytest.mark.parametrize("case", TWICE)
def test_an_lr_picture_of_two_is_refused(tmp_path, case):
    names, named = TWICE[case]
    fill(tmp_path, *names)
    with pytest.raises(DataError, match=r" is the LR picture of .* and of ") as caught:
        find_pairs(tmp_path)
    assert all(name in caught.value.message for name in named)
    assert caught.value.hint.startswith("give each HR picture an LR picture of its own")


@pytest.mark.parametrize("door", ["train --data", "train --val", "eval --lr", "eval paired"])
def test_every_door_refuses_it(tmp_path, capfd, monkeypatch, door):
    fill(tmp_path, "HR/a.png", "HR/a.jpg", "LR/a.png", "good/HR/a.png", "good/LR/a.png")
    monkeypatch.chdir(tmp_path)
    paired = ["--degrade", "paired", "--out", "new"]
    line = {
        "train --data": [*TRAIN, *paired, "--data", "."],
        "train --val": [*TRAIN, *paired, "--data", "good", "--val", "."],
        "eval --lr": ["eval", "nearest", "--data", "HR", "--lr", "LR", "--json", "s.json"],
        "eval paired": ["eval", "nearest", "--data", ".", "--degrade", "paired"],
    }[door]
    assert run(line) == 4
    assert "LR/a.png is the LR picture of HR/a.jpg and of HR/a.png" in capfd.readouterr().err
    assert not (tmp_path / "s.json").exists()
    assert not (tmp_path / "new").exists()


LISTS = {
    "a picture twice": ("HR/a.png\nHR/b.png\n./HR/a.png\n", "names a.png twice"),
    "a pair twice": ("HR/a.png, LR/a.png\nHR/a.png, LR/b.png\n", "is the HR picture of"),
    "an LR twice": ("HR/a.png, LR/a.png\nHR/b.png, LR/a.png\n", "is the LR picture of"),
    "an LR looked for": ("a.png\na.jpg\n", "LR/a.png is the LR picture of"),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_are_checked_from_both_sides(tmp_path, case):
    text, fact = LISTS[case]
    fill(tmp_path, "HR/a.png", "HR/a.jpg", "HR/b.png", "LR/a.png", "LR/b.png")
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(DataError, match=fact):
        open_picture_set(str(tmp_path / "list.txt"), paired=True)


def test_a_list_that_names_a_picture_twice_is_refused_without_lr_too(tmp_path):
    fill(tmp_path, "a.png", "b.png")
    (tmp_path / "list.txt").write_text("a.png\nb.png\na.png (32,32,3)\n")
    with pytest.raises(DataError, match=r"list\.txt names a\.png twice"):
        open_picture_set(str(tmp_path / "list.txt"))


FINE = {
    "each its own ending": (["HR/a.png", "HR/A.png", "LR/a.png", "LR/A.png"], None),
    "subfolders on both sides": (["HR/p/1.png", "HR/q/1.png", "LR/p/1.png", "LR/q/1.png"], None),
    "NFC and NFD": ([f"HR/{WHOLE}.png", f"LR/{APART}.png"], {WHOLE: APART}),
    "a folder in NFD": (
        [f"HR/{WHOLE}/1.png", f"LR/{APART}/1.png", "HR/2/1.png", "LR/2/1.png"],
        None,
    ),
    "upper and lower case": (["HR/IMG_1.png", "LR/img_1x2.png"], {"IMG_1": "img_1x2"}),
    "case apart in subfolders": (["HR/p/a.png", "LR/p/A.png", "LR/q/a.png"], {"a": "A"}),
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_one_to_one_is_paired(tmp_path, case):
    names, stems = FINE[case]
    pairs = find_pairs(fill(tmp_path, *names)).files
    assert len(pairs) == sum(name.startswith("HR") for name in names)
    for high, low in pairs:
        if stems:
            assert low.stem == stems[high.stem]
        else:
            inside = [one.relative_to(tmp_path).parts[1:] for one in (high, low)]
            assert inside[0] == inside[1] or WHOLE in str(high)


def test_lr_of_eval_is_found_in_nfd(tmp_path):
    fill(tmp_path, f"LR/{APART}.png")
    found = Candidates(tmp_path / "LR").partner(tmp_path / f"{WHOLE}.png", tmp_path / ".")
    assert found.stem == APART


SPELLINGS = [
    ("img_001_SRF_2_HR", "img_001_SRF_2_LR"),
    ("Canon_001_HR", "Canon_001_LR2"),
    ("a_gt", "a_lq"),
    ("a-HQ", "a-LQ"),
    ("a_HR", "a_LR_bicubic_x2"),
    ("HR_a", "LR_a"),
    ("a.hr", "a.lr"),
    ("0001HR", "0001LRx2"),
    ("a high res", "a low res"),
    ("0001_HR_x2", "0001_LR_x2"),
    ("a_highres", "a_lowres"),
]


@pytest.mark.parametrize(("high", "low"), SPELLINGS)
def test_hr_and_lr_of_one_folder_are_told_by_their_names(tmp_path, high, low):
    for name, side in ((high, 32), (low, 16)):
        for other in ("", "7"):
            pixels = np.full((side, side, 3), 90, np.uint8)
            write_image(
                tmp_path / f"{name.replace('a', f'a{other}') if other else name}.png", pixels
            )
    write_image(tmp_path / "plain.png", np.full((32, 32, 3), 90, np.uint8))
    source = open_picture_set(str(tmp_path), paired=True, scale=2)
    pairs = {one.path.stem: one.lr.stem for one in source.pictures}
    assert pairs[high] == low
    (note,) = source.notes()
    assert note == (
        f"{tmp_path} holds HR and LR in one folder: names tell its {len(pairs)} pairs; 1 others, "
        "such as 'plain.png', belong to none"
    )
    alone = open_picture_set(str(tmp_path))
    assert {one.path.stem for one in alone.pictures} == {*pairs, "plain"}
    assert alone.notes() == [
        f"{tmp_path} holds HR and LR in one folder, by their names: these are the pictures that do "
        f"not say LR, {len(pairs)} others were left alone"
    ]


def test_of_several_scales_in_one_folder_that_of_the_recipe_is_taken(tmp_path):
    names = ["c_HR.png", *(f"c_LR{scale}.png" for scale in (2, 3, 4))]
    fill(tmp_path, *names, "u_SRF_2_HR.png", "u_SRF_2_LR.png", "u_SRF_4_HR.png", "u_SRF_4_LR.png")
    for scale in (2, 4):
        found = {high.stem: low.stem for high, low in find_pairs(tmp_path, Naming(scale)).files}
        assert found == {"c_HR": f"c_LR{scale}", f"u_SRF_{scale}_HR": f"u_SRF_{scale}_LR"}
    with pytest.raises(DataError, match=r"several LR pictures beside it: c_LR2\.png, c_LR3\.png"):
        find_pairs(tmp_path)
    with pytest.raises(DataError, match="has no LR pictures of scale 8"):
        find_pairs(tmp_path, Naming(8))


def test_names_that_say_hr_by_chance_are_photographs(tmp_path):
    fill(tmp_path, "race gt.png", "lr 2019.png", "hr.png", "a_HR.png", "b_LR.png")
    assert not lr_beside_hr(sorted(tmp_path.iterdir()))
    assert len(open_picture_set(str(tmp_path)).pictures) == 5


def test_training_takes_pairs_of_one_folder(tmp_path, capfd):
    fill(tmp_path / "data", *(f"{n}_{side}.png" for n in range(3) for side in ("HR", "LR")))
    line = [*TRAIN, "--degrade", "paired", "--data", str(tmp_path / "data")]
    assert run([*line, "--out", str(tmp_path / "run")]) == 0
    assert "names tell its 3 pairs" in "".join(capfd.readouterr())


@pytest.mark.parametrize(("high", "low"), SPELLINGS)
def test_folders_whose_files_say_hr_and_lr_too_are_paired(tmp_path, high, low):
    fill(tmp_path, f"HR/{high}.png", f"LR/{low}.png")
    for naming in (Naming(), Naming(2)):
        ((_, found),) = find_pairs(tmp_path, naming).files
        assert found.stem == low


def test_eval_with_lr_in_the_folder_of_hr_takes_no_picture_for_its_own_lr(tmp_path, capfd):
    fill(tmp_path, "a_HR.png", "a_LR.png", "b_HR.png", "b_LR.png")
    line = ["eval", "nearest", "--data", str(tmp_path), "--lr", str(tmp_path), "--metrics", "psnr"]
    assert run(line) == 0
    assert "scale 2, from the sizes of HR and LR" in "".join(capfd.readouterr())
    fill(tmp_path / "plain", "a.png")
    line = ["eval", "nearest", "--data", str(tmp_path / "plain"), "--lr", str(tmp_path / "plain")]
    assert run(line) == 4
    assert "plain/a.png has no LR picture in" in capfd.readouterr().err


def test_names_to_hold_out_match_in_nfc_and_nfd(tmp_path):
    fill(tmp_path, f"{APART}.png", "b.png", "c.png", f"sub/{APART}.png")
    (tmp_path / "list.txt").write_text(f"sub\\{WHOLE}.png\n", encoding="utf-8")
    source = open_picture_set(str(tmp_path))
    for names in ([WHOLE], [f"{WHOLE}.png"]):
        assert [one.name for one in split_pictures(source, names, ()).validation] == [APART]
    names = read_list(tmp_path / "list.txt")
    assert [one.name for one in split_pictures(source, names, ()).validation] == [f"sub/{APART}"]
