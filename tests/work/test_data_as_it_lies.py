"""Are HR and LR found where people keep them: in folders apart, of several scales, for training and
validation side by side?
"""

import json
from zlib import crc32

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.data.pairs import Naming, find_pairs
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, IncompatibleError
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

TINY = ["--gen", "srvgg(features=4, blocks=1)", "--scale", "2", "--steps", "2", "--batch", "2"]
TINY += ["--patch", "16", "--device", "cpu", "--set", "validation.pictures=0"]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder, *names, size=(24, 32)):
    for name in names:
        write_image(folder / name, noise(*size, crc32(f"{folder.name}/{name}".encode())))
    return folder


def pairs_in(folder, hr, lr, names=("a", "b", "c"), scale=2):
    for name in names:
        high = noise(32, 40, crc32(f"{hr}/{name}".encode()))
        write_image(folder / hr / f"{name}.png", high)
        write_image(folder / lr / f"{name}.png", high[::scale, ::scale])
    return folder


def joined(folder, root, scale):
    return [
        (hr.relative_to(root).as_posix(), lr.relative_to(root).as_posix())
        for hr, lr in find_pairs(folder, Naming(scale)).files
    ]


def of(source, **how):
    return [
        (one.name, one.lr and one.lr.name, one.split)
        for one in open_picture_set(source, **how).pictures
    ]


@pytest.fixture
def command(capsys):
    def call(*words):
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_benchmarks_as_basicsr_keeps_them(tmp_path, scale):
    fill(tmp_path / "Set5/GTmod12", "baby.png")
    for other in (2, 3, 4):
        fill(tmp_path / f"Set5/LRbicx{other}", "baby.png")
    fill(tmp_path / "Set5/original", "baby.png")
    low = f"LRbicx{scale}/baby.png"
    assert joined(tmp_path / "Set5", tmp_path / "Set5", scale) == [("GTmod12/baby.png", low)]
    assert joined(tmp_path / "Set5/GTmod12", tmp_path / "Set5", scale) == [
        ("GTmod12/baby.png", low)
    ]
    assert of(str(tmp_path / "Set5")) == [("GTmod12/baby", None, "")]
    with pytest.raises(DataError, match=r"the LR of .*Set5 is of scale x2, x3, x4, not x8"):
        find_pairs(tmp_path / "Set5", Naming(8))


def test_div2k_in_parts_beside_whole_pictures(tmp_path):
    fill(tmp_path / "DIV2K_train_HR", "0001.png")
    fill(tmp_path / "DIV2K_train_HR_sub", "0001_s001.png", "0001_s002.png")
    for scale in (2, 4):
        below = tmp_path / "DIV2K_train_LR_bicubic"
        fill(below / f"X{scale}", f"0001x{scale}.png")
        fill(below / f"X{scale}_sub", "0001_s001.png", f"0001x{scale}_s002.png")
    whole = ("DIV2K_train_HR/0001.png", "DIV2K_train_LR_bicubic/X4/0001x4.png")
    assert joined(tmp_path / "DIV2K_train_HR", tmp_path, 4) == [whole]
    assert joined(tmp_path, tmp_path, 4) == [whole]
    assert of(str(tmp_path)) == [("DIV2K_train_HR/0001", None, "")]
    assert joined(tmp_path / "DIV2K_train_HR_sub", tmp_path, 2) == [
        ("DIV2K_train_HR_sub/0001_s001.png", "DIV2K_train_LR_bicubic/X2_sub/0001_s001.png"),
        ("DIV2K_train_HR_sub/0001_s002.png", "DIV2K_train_LR_bicubic/X2_sub/0001x2_s002.png"),
    ]


def test_files_of_several_scales_lie_in_one_folder(tmp_path):
    fill(tmp_path / "HR", "0001.png")
    fill(tmp_path / "LR", "0001x2.png", "0001x4.png", "0001x4m.png")
    assert joined(tmp_path, tmp_path, 2) == [("HR/0001.png", "LR/0001x2.png")]
    (tmp_path / "LR/0001x4.png").unlink()
    assert joined(tmp_path, tmp_path, 4) == [("HR/0001.png", "LR/0001x4m.png")]


def test_pairs_of_folders_may_be_numbered(tmp_path):
    for number in ("", "2"):
        fill(tmp_path / f"hr{number}", f"a{number}.png")
        fill(tmp_path / f"lr{number}", f"a{number}.png")
    both = [("hr/a.png", "lr/a.png"), ("hr2/a2.png", "lr2/a2.png")]
    assert joined(tmp_path, tmp_path, 2) == both
    assert joined(tmp_path, tmp_path, 4) == both
    alone = tmp_path / "alone"
    fill(alone / "hr2", "a.png")
    fill(alone / "lr2", "a.png")
    assert joined(alone, alone, 4) == [("hr2/a.png", "lr2/a.png")]
    scales = tmp_path / "scales"
    fill(scales / "HR", "a.png")
    for scale in (2, 4):
        fill(scales / f"LR{scale}", "a.png")
    assert joined(scales, scales, 4) == [("HR/a.png", "LR4/a.png")]


@pytest.mark.parametrize(
    ("hr", "lr"),
    [
        ("Hi Res", "lo_res"),
        ("HighRes images", "LowRes images"),
        ("gt_4x", "lq_4x"),
        ("RealSR.HR", "RealSR.LR"),
    ],
)
def test_short_forms_of_words(tmp_path, hr, lr):
    fill(tmp_path / hr, "a.png")
    fill(tmp_path / lr, "a.png")
    assert joined(tmp_path, tmp_path, 4) == [(f"{hr}/a.png", f"{lr}/a.png")]


@pytest.mark.parametrize(
    ("train", "valid", "inner"),
    [
        ("train", "val", True),
        ("Training set", "validation_set", True),
        ("DIV2K_train_{}", "DIV2K_valid_{}", False),
        ("{}/train", "{}/test", False),
    ],
)
@pytest.mark.parametrize("paired", [True, False])
def test_folders_say_what_pictures_are_for(tmp_path, train, valid, inner, paired):
    for part, names in ((train, "abc"), (valid, "de")):
        where = part + "/{}" if inner else part
        pairs_in(tmp_path, where.format("HR"), where.format("LR"), names)
    found = open_picture_set(str(tmp_path), paired=paired, scale=2)
    kept = "test" if "test" in valid else "val"
    told = {one.path.stem: one.split for one in found.pictures}
    assert told == dict.fromkeys("abc", "train") | dict.fromkeys("de", kept)
    assert sum(one.lr is not None for one in found.pictures) == (5 if paired else 0)
    splits = split_pictures(found, (), ())
    trained = {one.path.stem for one in splits.training}
    assert trained < set("abc") if kept == "test" else trained == set("abc")
    assert [one.path.stem for one in (splits.validation if kept == "val" else splits.test)] == [
        "d", "e",
    ]  # fmt: skip
    judged = open_picture_set(str(tmp_path), paired=paired, scale=2, prefer=("test", "val"))
    assert [one.path.stem for one in judged.pictures] == ["d", "e"]


def test_two_folders_for_the_same_are_refused(tmp_path):
    for part in ("old_train", "new_train"):
        pairs_in(tmp_path, f"{part}_HR", f"{part}_LR")
    for paired in (True, False):
        with pytest.raises(
            DataError, match="several subfolders for HR: new_train_HR, old_train_HR"
        ) as caught:
            open_picture_set(str(tmp_path), paired=paired, scale=2)
        assert caught.value.hint == f"name one of them, {tmp_path / 'new_train_HR'}"
    fill(tmp_path / "one_HR", "a.png")
    fill(tmp_path / "one_LR_mild", "a.png")
    fill(tmp_path / "one_LR_unknown", "a.png")
    with pytest.raises(DataError, match="several subfolders for LR") as caught:
        find_pairs(tmp_path / "one_HR", Naming(2))
    assert caught.value.hint == f"--data '{tmp_path}/one_HR with {tmp_path}/one_LR_mild'"


def test_lr_lies_apart(tmp_path):
    pairs_in(tmp_path / "there", "here", "low/X2", "ab")
    fill(tmp_path / "there/low/X4", "a.png", "b.png")
    high, low = tmp_path / "there/here", tmp_path / "there/low"
    assert of(f"{high} with {low}", scale=2) == [("a", "a.png", ""), ("b", "b.png", "")]
    (one,) = open_picture_set(f"{high}/a.png with {low}/X2", scale=2).pictures
    assert one.lr == low / "X2/a.png"
    (one,) = open_picture_set(f"{high}/a.png with {low}/X4/b.png", scale=4).pictures
    assert one.lr == low / "X4/b.png"
    (tmp_path / "list.txt").write_text("b.png (32,40,3)\n")
    assert of(f"{tmp_path}/list.txt in {high} with {low}", scale=2) == [("b", "b.png", "")]
    (tmp_path / "pairs.txt").write_text("a.png, X4/b.png\n")
    (one,) = open_picture_set(f"{tmp_path}/pairs.txt in {high} with {low}").pictures
    assert one.lr == low / "X4/b.png"
    with pytest.raises(DataError, match=f"there is no folder {tmp_path}/gone"):
        open_picture_set(f"{high} with {tmp_path}/gone", scale=2)


def test_one_folder_may_hold_the_other(tmp_path):
    pairs_in(tmp_path, "all", "all/low", "ab")
    found = of(f"{tmp_path}/all with {tmp_path}/all/low", scale=2)
    assert found == [("a", "a.png", ""), ("b", "b.png", "")]


def test_a_command_takes_hr_and_lr_apart(tmp_path, command):
    for part in ("one", "two", "val"):
        pairs_in(tmp_path / part, "high", "low", [f"{part}-a", f"{part}-b", f"{part}-c"])
    out = tmp_path / "run"
    words = ["--data", f"{tmp_path}/one/high + 2*{tmp_path}/two/high"]
    words += ["--lq", f"{tmp_path}/one/low + {tmp_path}/two/low"]
    words += ["--val", f"mine={tmp_path}/val/high with {tmp_path}/val/low"]
    code, told = command("train", *TINY, *words, "--out", out)
    assert code == 0, told
    assert "LR is from disk, as --data or --lq says: degradation is paired, not bicubic" in told
    assert 'degradation = "paired"' in (out / "recipe.toml").read_text()
    said = json.loads((out / "environment.json").read_text())["arguments"]
    assert said["data"] == " + ".join(
        f"{weight}{tmp_path}/{part}/high with {tmp_path}/{part}/low"
        for weight, part in (("", "one"), ("2*", "two"))
    )
    assert said["val"] == {"mine": f"{tmp_path}/val/high with {tmp_path}/val/low"}
    code, told = command("train", "--resume", "--out", out, "--steps", "3")
    assert (code, "going on after step 2" in told) == (0, True), told
    code, told = command("eval", out, "--device", "cpu")
    assert (code, "3 pictures that" in told) == (0, True), told
    code, told = command("check", *TINY, *words[:4])
    assert (code, "LR of 6 pictures is from disk" in told) == (0, True), told


def test_the_protocol_says_where_lr_is_from(tmp_path, command):
    pairs_in(tmp_path, "high", "low", scale=4)
    fill(tmp_path / "alone", "x.png", size=(32, 40))
    stored = f"{tmp_path}/high with {tmp_path}/low"
    for data, lr, kernel in (
        (stored, stored, "as stored"),
        (f"{stored} + {tmp_path}/alone", None, "as stored; bicubic"),
        (f"{tmp_path}/alone", "made from HR", "bicubic"),
    ):
        out = tmp_path / "scores.json"
        code, told = command("eval", "bicubic", "--data", data, "--metrics", "psnr", "--overwrite",
                             "--json", out, "--device", "cpu")  # fmt: skip
        assert code == 0, told
        protocol = json.loads(out.read_text())["protocol"]
        assert (protocol["scale"], protocol["kernel"]) == (4, kernel)
        assert protocol["lr"] == (lr or f"{data}; made from HR where none is")


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["--lq", "low"], "--lq names the LR of --data, which names no HR"),
        (["--data", "a + b", "--lq", "low"], "--lq names 1 places for LR, and --data 2 for HR"),
        (["--data", "a with b", "--lq", "low"], "'a with b' says already where its LR is"),
        (["--data", "a", "--lq", "2*low"], "--lq takes folders of LR, not '2*low'"),
    ],
)
@pytest.mark.parametrize("name", ["train", "check"])
def test_lr_that_does_not_fit_is_refused(command, words, fact, name):
    code, told = command(name, *TINY, *words)
    assert (code, fact in told) == (2, True), told


class Notes(Callback):
    def __init__(self):
        self.heard = []

    def on_note(self, text):
        self.heard.append(text)


def recipe(**fields):
    stage = {"loss": "l1", "steps": 2, "batch": 4, "patch": 16}
    stage |= {"augment": fields.pop("augment", "flip | turn")}
    usual = {"generator": "srvgg(features=4, blocks=1)", "scale": 2, "degradation": "bicubic"}
    return recipe_from_dict(usual | {"validation": {"metrics": "psnr"}, "stages": [stage]} | fields)


def test_names_of_lr_differ_by_set(tmp_path):
    for part, ending in (("train", ""), ("val", "_small")):
        for seed, name in enumerate("abc"):
            high = noise(32, 32, seed + len(part))
            write_image(tmp_path / part / "HR" / f"{part}{name}.png", high)
            write_image(tmp_path / part / "LR" / f"{part}{name}{ending}.png", high[::2, ::2])
    names = {"train": "{}", "mine": "{}_small", "Set14": "{}x2"}
    mine = recipe(degradation="paired", data={"lr_names": names})
    assert recipe_from_dict(mine.to_dict()).data.lr_names == names
    listener = Notes()
    train(
        mine,
        RunOptions(
            data=tmp_path / "train",
            val={"mine": tmp_path / "val"},
            device="cpu",
            out=tmp_path / "run",
        ),
        callbacks=[listener],
    )
    said = "data.lr_names says how LR of 'Set14' is called, and the sets are mine, train"
    assert said in listener.heard
    with pytest.raises(DataError, match=r"for the validation set 'other', .* has no LR picture"):
        train(
            mine,
            RunOptions(
                data=tmp_path / "train",
                val={"other": tmp_path / "val"},
                device="cpu",
                out=tmp_path / "other",
            ),
        )
    one = recipe(degradation="paired", data={"lr_names": {"val": "{}_small"}})
    where = RunOptions(data=tmp_path / "train", val={"": tmp_path / "val"}, device="cpu")
    train(one, RunOptions(data=where.data, val=where.val, device="cpu", out=tmp_path / "one"))


def test_stored_lr_refuses_what_changes_hr(tmp_path):
    pairs_in(tmp_path, "HR", "LR")
    fill(tmp_path / "alone", "x.png", "y.png", size=(32, 32))
    both = f"{tmp_path} as paired + {tmp_path / 'alone'}"
    where = RunOptions(data=both, device="cpu", out=tmp_path / "run")
    with pytest.raises(IncompatibleError, match="'srkit/jitter' changes HR before LR is made"):
        train(recipe(augment="jitter | flip"), where)
