"""Is a recipe read as it was written, and written without loss?"""

from dataclasses import FrozenInstanceError

import pytest
from pydantic import ValidationError

from srkit_core.errors import RecipeError
from srkit_core.evaluation_files import is_evaluation_recipe
from srkit_core.expressions import parse_call, parse_chain, parse_sum
from srkit_core.fields import Span
from srkit_core.named_recipes import read_recipe
from srkit_core.optimizer_config import OptimizerConfig
from srkit_core.recipe import (
    PAIRED,
    OptimizersConfig,
    Recipe,
    Stage,
    recipe_from_dict,
    recipe_from_toml,
)
from srkit_core.registry import discover
from srkit_core.schedule import Schedule
from srkit_core.specs import RecipeSpec

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
optimizer = { name = "AdamW", lr = 2e-4, betas = [0.9, 0.99], weight_decay = 0, amsgrad = true }
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
optimizer.discriminator = { name = "SGD", momentum = 0.9 }
schedule = { name = "multistep", milestones = [50_000, "2 epochs"], gamma = 0.1 }
"""


def test_defaults_are_the_published_ones():
    recipe = recipe_from_toml(SMALL)
    assert (recipe.name, recipe.scale, recipe.seed, str(recipe.degradation)) == (
        "run",
        4,
        0,
        "bicubic",
    )
    (only,) = recipe.stages
    assert (only.name, only.batch, only.patch, only.lr, only.d_steps) == ("main", 16, 128, 1e-4, 1)
    assert (only.lr_warmup, only.log_every, only.validate_every, only.checkpoint_every) == (
        Span(0),
        Span(50),
        None,
        None,
    )
    assert only.schedule == Schedule(
        name="constant", over="stage", final=0.0, milestones=(), gamma=0.5
    )
    assert only.optimizer == OptimizersConfig(
        generator=OptimizerConfig(name="Adam"), discriminator=OptimizerConfig(name="Adam")
    )
    assert (only.order, str(only.augment), only.ema) == ("generator-first", "flip | turn", None)
    assert (str(recipe.validation.metrics), recipe.validation.protocol) == ("psnr + ssim", "y")
    assert (recipe.validation.border, recipe.validation.pictures) == (None, 4)
    assert recipe.validation.columns == ("bicubic", "sr", "hr")


def test_everything_a_recipe_can_say_is_read():
    recipe = recipe_from_toml(RICH)
    warmup, adversarial = recipe.stages
    assert recipe.generator == parse_call('srkit-rrdb/rrdb(blocks=16, tail="a b", of=[x(), 1..2])')
    assert recipe.degradation == parse_chain(
        "bicubic | blur(sigma=0.2..3.0)@0.5 | jpeg(quality=30..95)@0.8"
    )
    assert (warmup.length, adversarial.length) == (Span(3, "epochs"), Span(400_000))
    assert warmup.optimizer.generator == warmup.optimizer.discriminator
    assert warmup.optimizer.generator.options == {
        "betas": (0.9, 0.99),
        "weight_decay": 0,
        "amsgrad": True,
    }
    assert warmup.schedule == Schedule(name="cosine")
    assert adversarial.loss == parse_sum("0.01*l1 + vgg(layer=conv5_4) + 0.005*ragan")
    assert adversarial.optimizer == OptimizersConfig(
        discriminator=OptimizerConfig.model_validate({"name": "SGD", "momentum": 0.9})
    )
    assert adversarial.schedule.options == {"milestones": (50_000, "2 epochs"), "gamma": 0.1}
    assert (adversarial.validate_every, adversarial.checkpoint_every) == (
        Span(2, "epochs"),
        Span(5000),
    )


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
                optimizer=OptimizersConfig.model_validate({"name": "Adam", "betas": (0.5, 0.9)}),
                log_every=Span(2, "epochs"),
            ),
        ),
    )
    assert recipe_from_toml(made.to_toml()) == made


def test_paired_is_a_degradation_by_name():
    assert recipe_from_toml('degradation = "paired"\n' + SMALL).degradation == PAIRED


def test_a_recipe_cannot_be_changed():
    recipe = recipe_from_toml(SMALL)
    with pytest.raises(ValidationError, match="frozen"):
        recipe.scale = 2
    with pytest.raises(FrozenInstanceError):
        recipe.generator.name = "srresnet"


def test_a_recipe_of_bytes_is_an_error(tmp_path):
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(RecipeError, match="is not a text file"):
        read_recipe(str(tmp_path / "picture.toml"))


def test_every_recipe_that_ships_is_read_and_kept():
    shipped = discover(limit=()).installed(RecipeSpec)
    trained = [one for one in shipped if not is_evaluation_recipe(one.spec.file)]
    assert len(trained) >= 17
    for one in trained:
        recipe = read_recipe(str(one.spec.file))
        assert recipe_from_toml(recipe.to_toml()) == recipe, one.name
