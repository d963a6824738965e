"""Is a recipe that cannot be meant refused, with the place, the value and the next step?"""

from typing import Any

import pytest

from srkit_core.errors import ExpressionError, RecipeError
from srkit_core.recipe import recipe_from_dict, recipe_from_toml


def small(**changes: Any) -> dict[str, Any]:
    return {"generator": "rrdb", "stages": [{"loss": "l1", "steps": 5}]} | changes


def stage(**changes: Any) -> dict[str, Any]:
    fields = {"loss": "l1", "steps": 5} | changes
    return small(stages=[{name: value for name, value in fields.items() if value is not None}])


FAULTS = [
    ({"stages": []}, "the recipe lacks generator", "srkit recipes srresnet"),
    ({"generator": "rrdb"}, "the recipe lacks stages", "srkit recipes srresnet"),
    (
        {"generator": "rrdb", "stages": [{"steps": 5}]},
        "the recipe lacks stages.0.loss",
        "srkit recipes srresnet",
    ),
    (small(stages=[]), "stages: tuple should have at least 1 item", "--fields"),
    (small(generatr="x"), "a recipe has no field generatr", "did you mean 'generator'?"),
    (small(zzz=1), "a recipe has no field zzz", "srkit recipes --fields"),
    (stage(losss="l1"), "a recipe has no field stages.0.losss", "did you mean 'loss'?"),
    (
        small(validation={"metrcs": "psnr"}),
        "a recipe has no field validation.metrcs",
        "did you mean 'metrics'?",
    ),
    (small(data={"holdout": []}), "a recipe has no field data.holdout", "did you mean 'hold_out'?"),
    (small(scale="4"), "scale: input should be a valid integer, got '4'", "--fields"),
    (small(scale=True), "scale: input should be a valid integer, got True", "--fields"),
    (small(scale=4.0), "scale: input should be a valid integer, got 4.0", "--fields"),
    (small(scale=0), "scale: input should be greater than 0, got 0", "--fields"),
    (small(seed=-1), "seed: input should be greater than or equal to 0, got -1", "--fields"),
    (
        small(seed=2**63),
        "seed: input should be less than 9223372036854775808, got 9223372036854775808",
        "--fields",
    ),
    (small(generator=5), "generator: expects the text of an expression, got 5", "--fields"),
    (small(name="a/b"), "name: string should match pattern", "--fields"),
    (
        small(validation={"columns": ["sr", "xr"]}),
        "validation.columns.1: input should be 'lr', 'bicubic', 'sr' or 'hr', got 'xr'",
        "--fields",
    ),
    (stage(steps=0), "stages.0.steps: input should be greater than 0, got 0", "--fields"),
    (stage(steps="5"), "stages.0.steps: input should be a valid integer, got '5'", "--fields"),
    (stage(epochs=2), "stages.0: needs either steps or epochs", "--fields"),
    (stage(steps=None), "stages.0: needs either steps or epochs", "--fields"),
    (stage(name="a b"), "stages.0.name: string should match pattern", "--fields"),
    (stage(lr=0), "stages.0.lr: input should be greater than 0, got 0", "--fields"),
    (stage(lr=float("inf")), "stages.0.lr: input should be a finite number, got inf", "--fields"),
    (stage(ema=1.0), "stages.0.ema: input should be less than 1, got 1.0", "--fields"),
    (
        stage(order="first"),
        "stages.0.order: input should be 'generator-first' or 'discriminator-first', got 'first'",
        "--fields",
    ),
    (
        stage(log_every=0),
        'stages.0.log_every: expects a number of steps of at least 1, or "2 epochs", got 0',
        "--fields",
    ),
    (
        stage(log_every=True),
        'stages.0.log_every: expects a number of steps of at least 1, or "2 epochs", got True',
        "--fields",
    ),
    (
        stage(log_every="0 epochs"),
        'stages.0.log_every: expects a number of steps of at least 1, or "2 epochs", got \'0 '
        "epochs'",
        "--fields",
    ),
    (
        stage(optimizer={"lr": -1}),
        "stages.0.optimizer.generator.lr: input should be greater than 0, got -1",
        "--fields",
    ),
    (
        stage(optimizer={"generator": {"betas": [["a"]]}}),
        "stages.0.optimizer.generator.betas: expects a number, true, false, a text or a list of "
        "numbers or texts, got [['a']]",
        "--fields",
    ),
    (
        stage(optimizer={"generator": {}, "critic": {}}),
        "a recipe has no field stages.0.optimizer.critic",
        "--fields",
    ),
    (
        small(stages=[{"loss": "l1", "steps": 1}, {"loss": "l1", "steps": 1}]),
        "the recipe: two stages share a name: main, main",
        "--fields",
    ),
]


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    FAULTS,
    ids=lambda value: value if isinstance(value, str) else "",
)
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
