"""Are HR and LR found however their folders and files are named, and is a pair that is incomplete
named?
"""

import numpy as np
import pytest

from srkit_core.data.pairs import Naming, find_pairs
from srkit_core.data.picture_set import open_picture_set
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder, *names, size=(24, 32)):
    for name in names:
        write_image(folder / name, noise(*size))
    return folder


def joined(folder, root, **naming):
    return [
        (hr.relative_to(root).as_posix(), lr.relative_to(root).as_posix())
        for hr, lr in find_pairs(folder, Naming(**naming)).files
    ]


@pytest.mark.parametrize(
    ("hr", "lr"),
    [
        ("DIV2K_train_HR", "DIV2K_train_LR_bicubic"),
        ("Flickr2K HR", "Flickr2K LR"),
        ("train High Resolution", "train Low Resolution"),
        ("DIV2K_train_HR_sub", "DIV2K_train_LR_bicubic_X4_sub"),
        ("my-HQ", "my-LQ"),
    ],
)
def test_the_words_may_stand_among_others(tmp_path, hr, lr):
    fill(tmp_path / hr, "0001.png")
    fill(tmp_path / lr, "0001.png")
    fill(tmp_path / "other", "0001.png")
    assert joined(tmp_path, tmp_path) == [(f"{hr}/0001.png", f"{lr}/0001.png")]


def test_div2k_as_it_is_unpacked(tmp_path):
    """Archives nest their folder, LR has a folder for each scale, and training and validation lie
    side by side.
    """
    for part, name in [("train", "0001"), ("valid", "0801")]:
        fill(tmp_path / f"DIV2K_{part}_HR" / f"DIV2K_{part}_HR", f"{name}.png")
        for scale in (2, 3, 4):
            fill(tmp_path / f"DIV2K_{part}_LR_bicubic" / f"X{scale}", f"{name}x{scale}.png")
    for scale in (2, 4):
        assert joined(tmp_path / "DIV2K_train_HR", tmp_path, scale=scale) == [
            (
                "DIV2K_train_HR/DIV2K_train_HR/0001.png",
                f"DIV2K_train_LR_bicubic/X{scale}/0001x{scale}.png",
            )
        ]
    assert [
        one.name
        for one in open_picture_set(str(tmp_path / "DIV2K_valid_HR"), paired=True, scale=4).pictures
    ] == ["DIV2K_valid_HR/0801"]
    for paired in (True, False):
        found = open_picture_set(str(tmp_path), paired=paired, scale=4)
        assert [(one.name, one.split) for one in found.pictures] == [
            ("DIV2K_train_HR/DIV2K_train_HR/0001", "train"),
            ("DIV2K_valid_HR/DIV2K_valid_HR/0801", "val"),
        ]
        lows = ["X4/0001x4.png", "X4/0801x4.png"] if paired else []
        assert [f"X4/{one.lr.name}" for one in found.pictures if one.lr] == lows
        assert found.notes()[-1] == (
            f"what pictures are for is said by the folders of {tmp_path}: "
            "1 for training, 1 for validation"
        )


def test_of_several_lr_folders_that_of_the_scale_is_taken(tmp_path):
    fill(tmp_path / "HR", "a.png")
    for scale in (2, 4):
        fill(tmp_path / f"LR_bicubic_X{scale}", "a.png")
    assert joined(tmp_path, tmp_path, scale=4) == [("HR/a.png", "LR_bicubic_X4/a.png")]
    with pytest.raises(DataError, match=r"the LR of .* is of scale x2, x4, not x3") as caught:
        find_pairs(tmp_path, Naming(3))
    assert caught.value.hint == "--scale 2, or --degrade bicubic"
    with pytest.raises(DataError, match="several subfolders for LR: LR_bicubic_X2, LR_bicubic_X4"):
        find_pairs(tmp_path)


def test_a_folder_within_a_folder_is_looked_into(tmp_path):
    fill(tmp_path / "set" / "set" / "High_Resolution", "a.png")
    fill(tmp_path / "set" / "set" / "LR", "a.png")
    assert joined(tmp_path / "set", tmp_path / "set" / "set") == [
        ("High_Resolution/a.png", "LR/a.png")
    ]


@pytest.mark.parametrize(
    ("template", "name"),
    [("{}x4", "a bx4.png"), ("{}_LR-mild", "a b_LR-mild.jpg"), ("lq {}", "lq a b.png")],
)
def test_a_template_of_names(tmp_path, template, name):
    fill(tmp_path / "HR", "a b.png")
    fill(tmp_path / "LR", name, "a b.png", "other.png")
    assert joined(tmp_path, tmp_path, template=template) == [("HR/a b.png", f"LR/{name}")]
    with pytest.raises(DataError, match=r"a b.png has no LR picture in .*LR") as caught:
        find_pairs(tmp_path, Naming(template="{}x3"))
    assert caught.value.hint == "add a bx3.png there"


def test_every_incomplete_pair_is_counted_and_some_are_named(tmp_path):
    fill(tmp_path / "HR", *(f"{name}.png" for name in "abcdef"))
    fill(tmp_path / "LR", "c.png")
    with pytest.raises(DataError) as caught:
        find_pairs(tmp_path)
    assert (
        caught.value.message
        == f"{tmp_path}/HR/a.png has no LR picture in {tmp_path}/LR, nor have 4 more one: b.png, "
        "d.png, e.png"
    )


def paired_recipe(**data):
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 16}
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "scale": 2,
            "degradation": "paired",
            "data": data,
            "validation": {"metrics": "psnr"},
            "stages": [stage],
        }
    )


def test_a_recipe_names_lr_files_and_an_error_names_the_split(tmp_path):
    for part in ("train", "valid"):
        hr = noise(40, 40)
        for name in ("a", "b", "c"):
            write_image(tmp_path / part / "HR" / f"{name}.png", hr)
            write_image(tmp_path / part / "LR" / f"{name}_small.png", hr[::2, ::2])
    where = RunOptions(
        data=str(tmp_path / "train"),
        val={"": str(tmp_path / "valid")},
        device="cpu",
        out=tmp_path / "run",
    )
    train(paired_recipe(lr_names="{}_small"), where)
    assert 'lr_names = "{}_small"' in (tmp_path / "run" / "recipe.toml").read_text()
    (tmp_path / "valid" / "LR" / "b_small.png").unlink()
    wrong = RunOptions(data=where.data, val=where.val, device="cpu", out=tmp_path / "other")
    with pytest.raises(
        DataError,
        match=rf"^for validation, {tmp_path}/valid/HR/b.png has no LR picture in "
        rf"{tmp_path}/valid/LR$",
    ):
        train(paired_recipe(lr_names="{}_small"), wrong)


@pytest.mark.parametrize("names", ["x4", "{}{}", "a/{}", "{0}"])
def test_a_template_has_one_place_for_the_name(names):
    with pytest.raises(RecipeError, match=r"data\.lr_names: expects a text with one \{\}"):
        paired_recipe(lr_names=names)
