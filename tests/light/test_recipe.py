"""Is a recipe read strictly, written without loss, and refused with the place and the reason?"""

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from srkit_core.errors import ExpressionError, RecipeError
from srkit_core.expressions import parse_call, parse_chain, parse_sum
from srkit_core.fields import Span
from srkit_core.recipe import (
    PAIRED,
    Optimiser,
    Optimisers,
    Recipe,
    Schedule,
    Stage,
    find_recipe,
    read_recipe,
    recipe_from_dict,
    recipe_from_toml,
    shipped_recipes,
)

SMALL = """
generator = "rrdb"
[[stages]]
loss = "l1"
steps = 5
"""

RICH = """
name = "esrgan-2.1"
scale = 2
seed = 9223372036854775807
generator = 'srkit-rrdb/rrdb(blocks=16, tail="a b", of=[x(), 1..2])'
discriminator = "multi-scale(of=vgg-sn, n=3)"
degradation = "bicubic | blur(sigma=0.2..3.0)@0.5 | jpeg(quality=30..95)@0.8"

[data]
hold_out = ["0801", "été"]

[validation]
metrics = "psnr + ssim + lpips(net=vgg)"
protocol = "rgb"
border = 0
pictures = 2
columns = ["lr", "sr"]

[[stages]]
name = "warmup"
loss = "l1"
epochs = 3
ema = 0.999
augment = ""
log_every = "1 epoch"
optimiser = { name = "AdamW", lr = 2e-4, betas = [0.9, 0.99], weight_decay = 0, amsgrad = true }
schedule = "cosine"

[[stages]]
name = "adversarial"
loss = "0.01*l1 + vgg(layer=conv5_4) + 0.005*ragan"
steps = 400_000
batch = 32
patch = 96
order = "discriminator-first"
d_steps = 2
lr = 1e-4
lr_warmup = 100
validate_every = "2 epochs"
checkpoint_every = 5000
optimiser.discriminator = { name = "SGD", momentum = 0.9 }
schedule = { name = "multistep", milestones = [50_000, "2 epochs"], gamma = 0.1 }
"""


def small(**changes: Any) -> dict[str, Any]:
    return {"generator": "rrdb", "stages": [{"loss": "l1", "steps": 5}]} | changes


def stage(**changes: Any) -> dict[str, Any]:
    fields = {"loss": "l1", "steps": 5} | changes
    return small(stages=[{name: value for name, value in fields.items() if value is not None}])


def test_defaults_are_the_published_ones():
    recipe = recipe_from_toml(SMALL)
    assert (recipe.name, recipe.scale, recipe.seed, str(recipe.degradation)) == ("run", 4, 0, "bicubic")
    (only,) = recipe.stages
    assert (only.name, only.batch, only.patch, only.lr, only.d_steps) == ("main", 16, 128, 1e-4, 1)
    assert (only.order, str(only.augment), only.ema) == ("generator-first", "flip | turn", None)
    assert (str(recipe.validation.metrics), recipe.validation.protocol) == ("psnr + ssim", "y")
    assert recipe.validation.columns == ("bicubic", "sr", "hr")


def test_everything_a_recipe_can_say_is_read():
    recipe = recipe_from_toml(RICH)
    warmup, adversarial = recipe.stages
    assert recipe.generator == parse_call('srkit-rrdb/rrdb(blocks=16, tail="a b", of=[x(), 1..2])')
    assert recipe.degradation == parse_chain("bicubic | blur(sigma=0.2..3.0)@0.5 | jpeg(quality=30..95)@0.8")
    assert (warmup.length, adversarial.length) == (Span(3, "epochs"), Span(400_000))
    assert warmup.optimiser.generator == warmup.optimiser.discriminator
    assert warmup.optimiser.generator.options == {"betas": (0.9, 0.99), "weight_decay": 0, "amsgrad": True}
    assert warmup.schedule == Schedule(name="cosine")
    assert adversarial.loss == parse_sum("0.01*l1 + vgg(layer=conv5_4) + 0.005*ragan")
    assert adversarial.optimiser == Optimisers(discriminator=Optimiser.model_validate({"name": "SGD", "momentum": 0.9}))
    assert adversarial.schedule.milestones == (Span(50_000), Span(2, "epochs"))
    assert (adversarial.validate_every, adversarial.checkpoint_every) == (Span(2, "epochs"), Span(5000))


@pytest.mark.parametrize("text", [SMALL, RICH])
def test_toml_and_back_loses_nothing(text):
    recipe = recipe_from_toml(text)
    assert recipe_from_toml(recipe.to_toml()) == recipe
    assert recipe_from_dict(recipe.to_dict()) == recipe
    assert recipe_from_toml(recipe.to_toml()).to_toml() == recipe.to_toml()


def test_a_recipe_made_in_python_equals_the_one_in_toml():
    made = Recipe(
        generator=parse_call("rrdb"),
        discriminator=None,
        stages=(
            Stage(
                loss=parse_sum("l1"),
                steps=5,
                optimiser=Optimisers.model_validate({"name": "Adam", "betas": (0.5, 0.9)}),
                log_every=Span(2, "epochs"),
            ),
        ),
    )
    assert recipe_from_toml(made.to_toml()) == made


def test_paired_is_a_degradation_by_name():
    assert recipe_from_dict(small(degradation="paired")).degradation == PAIRED


def test_a_recipe_cannot_be_changed():
    recipe = recipe_from_toml(SMALL)
    with pytest.raises(ValidationError, match="frozen"):
        recipe.scale = 2
    with pytest.raises(FrozenInstanceError):
        recipe.generator.name = "srresnet"


FAULTS = [
    ({"stages": []}, "the recipe lacks generator", "srkit recipes srresnet"),
    ({"generator": "rrdb"}, "the recipe lacks stages", "srkit recipes srresnet"),
    ({"generator": "rrdb", "stages": [{"steps": 5}]}, "the recipe lacks stages.0.loss", "srkit recipes srresnet"),
    (small(stages=[]), "stages: tuple should have at least 1 item", "--schema"),
    (small(generatr="x"), "a recipe has no field generatr", "did you mean 'generator'?"),
    (small(zzz=1), "a recipe has no field zzz", "srkit recipes --schema"),
    (stage(losss="l1"), "a recipe has no field stages.0.losss", "did you mean 'loss'?"),
    (small(validation={"metrcs": "psnr"}), "a recipe has no field validation.metrcs", "did you mean 'metrics'?"),
    (small(data={"holdout": []}), "a recipe has no field data.holdout", "did you mean 'hold_out'?"),
    (stage(schedule={"nam": "cosine"}), "a recipe has no field stages.0.schedule.nam", "did you mean 'name'?"),
    (small(scale="4"), "scale: input should be a valid integer, got '4'", "--schema"),
    (small(scale=True), "scale: input should be a valid integer, got True", "--schema"),
    (small(scale=4.0), "scale: input should be a valid integer, got 4.0", "--schema"),
    (small(scale=0), "scale: input should be greater than 0, got 0", "--schema"),
    (small(seed=-1), "seed: input should be greater than or equal to 0, got -1", "--schema"),
    (small(seed=2**63), "seed: input should be less than 9223372036854775808, got 9223372036854775808", "--schema"),
    (small(generator=5), "generator: expects the text of an expression, got 5", "--schema"),
    (small(name="a/b"), "name: string should match pattern", "--schema"),
    (
        small(validation={"columns": ["sr", "xr"]}),
        "validation.columns.1: input should be 'lr', 'bicubic', 'sr' or 'hr', got 'xr'",
        "--schema",
    ),
    (stage(steps=0), "stages.0.steps: input should be greater than 0, got 0", "--schema"),
    (stage(steps="5"), "stages.0.steps: input should be a valid integer, got '5'", "--schema"),
    (stage(epochs=2), "stages.0: needs either steps or epochs", "--schema"),
    (stage(steps=None), "stages.0: needs either steps or epochs", "--schema"),
    (stage(name="a b"), "stages.0.name: string should match pattern", "--schema"),
    (stage(lr=0), "stages.0.lr: input should be greater than 0, got 0", "--schema"),
    (stage(lr=float("inf")), "stages.0.lr: input should be a finite number, got inf", "--schema"),
    (stage(ema=1.0), "stages.0.ema: input should be less than 1, got 1.0", "--schema"),
    (stage(order="first"), "stages.0.order: input should be 'generator-first' or 'discriminator-first', got 'first'", "--schema"),
    (stage(schedule="cos"), "stages.0.schedule.name: input should be 'constant', 'cosine' or 'multistep', got 'cos'", "--schema"),
    (stage(log_every=0), 'stages.0.log_every: expects a number of steps of at least 1, or "2 epochs", got 0', "--schema"),
    (stage(log_every=True), 'stages.0.log_every: expects a number of steps of at least 1, or "2 epochs", got True', "--schema"),
    (
        stage(log_every="0 epochs"),
        "stages.0.log_every: expects a number of steps of at least 1, or \"2 epochs\", got '0 epochs'",
        "--schema",
    ),
    (stage(optimiser={"lr": -1}), "stages.0.optimiser.generator.lr: input should be greater than 0, got -1", "--schema"),
    (
        stage(optimiser={"generator": {"betas": ["a"]}}),
        "stages.0.optimiser.generator.betas: expects a number, true, false, a text or a list of numbers, got ['a']",
        "--schema",
    ),
    (stage(optimiser={"generator": {}, "critic": {}}), "a recipe has no field stages.0.optimiser.critic", "--schema"),
    (
        small(stages=[{"loss": "l1", "steps": 1}, {"loss": "l1", "steps": 1}]),
        "the recipe: two stages share a name: main, main",
        "--schema",
    ),
]


@pytest.mark.parametrize(("document", "message", "hint"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_fault_names_the_field_and_the_value(document, message, hint):
    with pytest.raises(RecipeError) as caught:
        recipe_from_dict(document)
    assert str(caught.value).startswith(message)
    assert hint in caught.value.hint


def test_a_bad_expression_keeps_its_caret():
    with pytest.raises(ExpressionError, match=r"found '\+' at column 6") as caught:
        recipe_from_dict(stage(loss="l1 + + tv"))
    assert caught.value.position == 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("generator = \n", "line 1"),
        ("a = 1\nb = [1,\nc", "line 3"),
        ("a = 1\na = 2\n", "line 2"),
        ("a = " + "[" * 50_000, "recursion"),
        ("a = " + "1" * 5000, "digits"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text, reason):
    with pytest.raises(RecipeError, match=reason) as caught:
        recipe_from_toml(text, origin="my.toml")
    assert str(caught.value).startswith("my.toml is not TOML: ")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of two shipped recipes, and another one to be in."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for name in ("srresnet", "esrgan"):
        (shelf / f"{name}.toml").write_text(SMALL.replace("rrdb", name))
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setattr("srkit_core.recipe.bundled", lambda relative: shelf)
    return shelf


def test_a_shipped_recipe_is_read_by_name(shelf):
    assert list(shipped_recipes()) == ["esrgan", "srresnet"]
    assert find_recipe("esrgan") == shelf / "esrgan.toml"
    assert read_recipe("esrgan").generator == parse_call("esrgan")


def test_an_existing_path_wins_over_a_shipped_name(shelf):
    Path("esrgan").write_text(SMALL)
    assert read_recipe("esrgan").generator == parse_call("rrdb")


@pytest.mark.parametrize(("name", "hint"), [("esrgen", "srkit recipes esrgan"), ("nowhere.toml", "srkit recipes"), (".", "srkit recipes")])
def test_a_recipe_that_is_not_there_is_an_error(shelf, name, hint):
    with pytest.raises(RecipeError) as caught:
        find_recipe(name)
    assert str(caught.value) == f"there is no recipe file and no shipped recipe called '{name}'"
    assert caught.value.hint == hint


def test_a_recipe_of_bytes_is_an_error(tmp_path):
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(RecipeError, match="is not a text file"):
        read_recipe(str(tmp_path / "picture.toml"))


def test_every_recipe_that_ships_is_read_and_kept():
    for name, path in shipped_recipes().items():
        recipe = read_recipe(str(path))
        assert recipe_from_toml(recipe.to_toml()) == recipe, name


def test_the_json_schema_knows_every_field():
    schema = Recipe.model_json_schema()
    assert set(schema["properties"]) == set(Recipe.model_fields)
    assert schema["properties"]["generator"]["type"] == "string"
    assert schema["$defs"]["Optimiser"]["additionalProperties"] == {"type": ["boolean", "number", "string", "array"]}
