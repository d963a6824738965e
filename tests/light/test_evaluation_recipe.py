"""Is an evaluation recipe read as strictly as a recipe, with flags on top?"""

from pathlib import Path

import pytest

from srkit_core.errors import RecipeError
from srkit_core.evaluation_recipe import evaluation_recipe, read_evaluation_recipe
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
        ({"models": {"a": 3}}, "models.a: input should be a valid string, got 3"),
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
