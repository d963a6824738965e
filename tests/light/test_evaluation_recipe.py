"""Is an evaluation recipe read as strictly as a recipe, with flags on top?"""

from pathlib import Path

import pytest

from srkit_core.errors import RecipeError
from srkit_core.evaluation_files import read_evaluation_recipe
from srkit_core.evaluation_recipe import evaluation_recipe
from srkit_core.expressions import parse_chain, parse_sum

TEXT = """
data = "Set14/HR"
lr = "Set14/LR"
metrics = "psnr"
border = 0

[models]
"best PSNR" = "best-psnr.safetensors"
bicubic = "bicubic"
"""


def test_a_file_is_read_and_flags_win(tmp_path):
    path = tmp_path / "table.toml"
    path.write_text(TEXT)
    recipe = read_evaluation_recipe(path, {"metrics": "ssim", "lr": Path("other")})
    assert recipe.models == {"best PSNR": "best-psnr.safetensors", "bicubic": "bicubic"}
    assert (recipe.data, recipe.lr, recipe.border, recipe.scale) == (
        "Set14/HR",
        Path("other"),
        0,
        None,
    )
    assert (recipe.metrics, recipe.degrade, recipe.protocol) == (
        parse_sum("ssim"),
        parse_chain("bicubic"),
        "y",
    )
    assert read_evaluation_recipe(path, {}).lr == Path("Set14/LR")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "the recipe lacks models"),
        ({"models": {}}, "models: dictionary should have at least 1 item"),
        (
            {"models": {"a": 3}},
            "models.a: expects a model, or a table of models by their names, got 3",
        ),
        ({"models": {"a": "b"}, "scale": "4"}, "scale: input should be a valid integer, got '4'"),
        ({"models": {"a": "b"}, "metric": "psnr"}, "a recipe has no field metric"),
    ],
)
def test_a_fault_names_the_field(document, message):
    with pytest.raises(RecipeError) as caught:
        evaluation_recipe(document)
    assert str(caught.value).startswith(message)


def test_a_file_that_is_no_recipe_is_an_error(tmp_path):
    with pytest.raises(RecipeError, match="there is no evaluation recipe"):
        read_evaluation_recipe(tmp_path / "gone.toml", {})
    (tmp_path / "bad.toml").write_text("models = \n")
    with pytest.raises(RecipeError, match=r"is not TOML: Invalid value \(at line 1"):
        read_evaluation_recipe(tmp_path / "bad.toml", {})


def test_where_lr_comes_from_and_how_it_is_made_replace_each_other(tmp_path):
    stored, made = tmp_path / "stored.toml", tmp_path / "made.toml"
    stored.write_text(TEXT)
    made.write_text('degrade = "blur | bicubic"\n[models]\nbicubic = "bicubic"\n')
    recipe = read_evaluation_recipe(stored, {"degrade": "bicubic | jpeg"})
    assert (recipe.lr, str(recipe.degrade)) == (None, "bicubic | jpeg")
    recipe = read_evaluation_recipe(made, {"lr": Path("LR")})
    assert (recipe.lr, str(recipe.degrade)) == (Path("LR"), "bicubic")


def test_both_at_once_are_refused():
    with pytest.raises(RecipeError, match="lr takes LR from disk and degrade makes it"):
        evaluation_recipe({"models": {"a": "b"}, "lr": "LR", "degrade": "bicubic"})


GROUPED = """
data = "benchmarks"
degrade = "bicubic"
baseline = "first"

[sets.A]
data = "A/HR"
lr = "A/LR"

[sets.B]
data = "/B"
border = 0
metrics = "psnr"

[runs]
faces = "runs/faces-1"

[models]
box = "nearest"

[models.faces]
first = "weights/first.safetensors"
last = "weights/last.safetensors"

[models.others]
first = "a.safetensors"
other = "b.safetensors"
"""


def grouped(tmp_path, overrides=None, settings=()):
    (tmp_path / "table.toml").write_text(GROUPED)
    return read_evaluation_recipe(tmp_path / "table.toml", overrides or {}, settings)


def test_groups_name_rows_and_a_run_holds_their_files(tmp_path):
    (tmp_path / "a.safetensors").touch()
    rows = {row.full_name: row.word for row in grouped(tmp_path).rows()}
    assert rows == {
        "box": "nearest",
        "faces: first": "runs/faces-1/weights/first.safetensors",
        "faces: last": "runs/faces-1/weights/last.safetensors",
        "others: first": str(tmp_path / "a.safetensors"),
        "others: other": "b.safetensors",
    }
    (tmp_path / "runs/faces-1").mkdir(parents=True)
    beside = grouped(tmp_path).rows()[1].word
    assert beside == str(tmp_path / "runs/faces-1/weights/first.safetensors")
    typed = grouped(tmp_path, settings=["runs.faces=mine"]).rows()[1].word
    assert typed == "mine/weights/first.safetensors"


def test_each_group_has_its_baseline_or_all_have_one(tmp_path):
    own = grouped(tmp_path).baselines()
    assert own == {
        "faces: first": "faces: first",
        "faces: last": "faces: first",
        "others: first": "others: first",
        "others: other": "others: first",
    }
    one = grouped(tmp_path, settings=["baseline=others: first"]).baselines()
    assert set(one.values()) == {"others: first"}
    assert len(one) == 5
    with pytest.raises(RecipeError, match="no model is called 'third', which baseline names"):
        grouped(tmp_path, settings=["baseline=third"])


def test_sets_say_what_is_otherwise_for_them(tmp_path):
    (tmp_path / "A/HR").mkdir(parents=True)  # inside the folder that data names, and not here
    sets = grouped(tmp_path).by_set()
    assert [(one.data, one.lr) for one in sets.values()] == [
        ("benchmarks/A/HR", Path("benchmarks/A/LR")),
        ("/B", None),
    ]
    assert [(str(one.metrics), one.border) for one in sets.values()] == [
        ("psnr + ssim", None),
        ("psnr", 0),
    ]
    assert list(sets["A"].models) == [row.full_name for row in grouped(tmp_path).rows()]


def test_flags_hold_for_every_set_and_settings_for_one(tmp_path):
    flags = {"border": 2, "metrics": "ssim", "degrade": "nearest", "data": "elsewhere"}
    sets = grouped(tmp_path, flags, ["sets.B.border=5"]).by_set()
    assert [(str(one.metrics), one.border, str(one.degrade), one.lr) for one in sets.values()] == [
        ("ssim", 2, "nearest", None),
        ("ssim", 5, "nearest", None),
    ]
    assert sets["A"].data == "elsewhere/A/HR"
    made = grouped(tmp_path, settings=["sets.A.degrade=lanczos", "sets.C.data=C"]).by_set()
    assert [str(one.degrade) for one in made.values()] == ["lanczos", "bicubic", "bicubic"]
    with pytest.raises(RecipeError, match="has 2 sets, and --lr is a folder of one"):
        grouped(tmp_path, {"lr": Path("LR")})
    with pytest.raises(RecipeError, match=r"'border' in --set border\.x=1 has no fields"):
        grouped(tmp_path, {"border": 2}, ["border.x=1"])


def test_sets_and_groups_are_chosen(tmp_path):
    recipe = grouped(tmp_path)
    chosen = recipe.only(["B", "others"])
    assert (list(chosen.by_set()), list(chosen.models), chosen.runs) == (
        ["B"],
        ["box", "others"],
        {},
    )
    assert [*recipe.only(["faces"]).sets] == ["A", "B"]
    with pytest.raises(
        RecipeError, match="neither a set nor a group of models called 'C'"
    ) as caught:
        recipe.only(["C"])
    assert caught.value.hint == "one of A, B, faces, others"


def test_further_models_come_last_and_have_names_of_their_own(tmp_path):
    recipe = grouped(tmp_path).with_models({"mine": "x.safetensors"})
    assert recipe.rows()[-1].full_name == "mine"
    with pytest.raises(RecipeError, match="the recipe has a model called 'box' already"):
        recipe.with_models({"box": "bicubic"})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"runs": {"b": "x"}}, "runs names 'b', and no group of models is called so"),
        ({"models": {"a: b": "x", "a": {"b": "y"}}}, "two models are called 'a: b'"),
        ({"models": {"a": {}}}, "models.a: expects a model, or a table of models"),
        ({"sets": {"A": {"data": "x"}}, "lr": "LR"}, "lr is of one set, and there are several"),
        ({"sets": {"A": {"data": "x", "lr": "y", "degrade": "bicubic"}}}, "lr takes LR from disk"),
        ({"sets": {"A": {}}}, "the recipe lacks sets.A.data"),
        ({"baselin": "a"}, "a recipe has no field baselin"),
    ],
)
def test_a_fault_of_tables_is_named(more, message):
    with pytest.raises(RecipeError) as caught:
        evaluation_recipe({"models": {"a": "b"}, **more})
    assert message in str(caught.value)
    if "baselin" in more:
        assert caught.value.hint.startswith("did you mean 'baseline'?")
