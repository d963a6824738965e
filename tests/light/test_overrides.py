"""Do flags and --set change exactly the fields they name?"""

import pytest

from srkit_core.errors import ExpressionError, RecipeError
from srkit_core.expressions import parse_call, parse_chain, parse_sum
from srkit_core.fields import Span
from srkit_core.overrides import (
    CHOSEN_STEPS,
    CHOSEN_WARMUP,
    Flags,
    apply_setting,
    recipe_from_flags,
    with_stored_lr,
)
from srkit_core.recipe import Recipe, recipe_from_toml
from srkit_core.schedule import Schedule

TWO_STAGES = """
generator = "srresnet"
discriminator = "vgg"

[[stages]]
name = "first"
loss = "mse"
epochs = 3
batch = 8
schedule = "cosine"

[[stages]]
name = "second"
loss = "vgg + 0.001*gan"
steps = 200
"""


@pytest.fixture(scope="module")
def base() -> Recipe:
    return recipe_from_toml(TWO_STAGES)


def settle(base, *settings: str) -> Recipe:
    return recipe_from_flags(base, Flags(settings=settings)).recipe


def lengths(recipe: Recipe) -> list[tuple[str, str]]:
    return [(stage.name, str(stage.length)) for stage in recipe.stages]


def test_flags_alone_make_a_recipe():
    made = recipe_from_flags(
        None,
        Flags(
            gen="rrdb(blocks=2)",
            disc="vgg-sn",
            loss="l1+vgg+ragan",
            degrade="bicubic|jpeg(quality=30..95)",
            scale=2,
            steps=20,
            warmup=10,
            batch=4,
            patch=64,
            lr=2e-4,
            seed=7,
        ),
    )
    recipe = made.recipe
    assert made.notes == ()
    assert (recipe.name, recipe.scale, recipe.seed) == ("rrdb", 2, 7)
    assert (recipe.generator, recipe.discriminator) == (
        parse_call("rrdb(blocks=2)"),
        parse_call("vgg-sn"),
    )
    assert recipe.degradation == parse_chain("bicubic | jpeg(quality=30..95)")
    assert lengths(recipe) == [("warmup", "10 steps"), ("main", "20 steps")]
    assert [stage.loss for stage in recipe.stages] == [
        parse_sum("srkit/l1"),
        parse_sum("l1+vgg+ragan"),
    ]
    assert {(stage.batch, stage.patch, stage.lr) for stage in recipe.stages} == {(4, 64, 2e-4)}


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (Flags(gen="rrdb", steps=20), [("main", "20 steps")]),
        (Flags(gen="rrdb", disc="vgg", loss="l1+gan", steps=20), [("main", "20 steps")]),
        (Flags(gen="rrdb", steps=20, warmup=0), [("main", "20 steps")]),
        (Flags(gen="rrdb", steps=20, warmup=5), [("warmup", "5 steps"), ("main", "20 steps")]),
        (Flags(gen="rrdb", settings=("epochs=2",)), [("main", "2 epochs")]),
    ],
)
def test_lengths_that_were_given_are_the_whole_run(flags, wanted):
    made = recipe_from_flags(None, flags)
    assert lengths(made.recipe) == wanted
    assert made.notes == ()


@pytest.mark.parametrize(
    ("flags", "wanted", "note"),
    [
        (
            Flags(gen="rrdb"),
            [("main", CHOSEN_STEPS)],
            "no --steps was given: 10000 steps of srkit/l1;",
        ),
        (
            Flags(gen="rrdb", disc="vgg", loss="l1+gan"),
            [("warmup", CHOSEN_WARMUP), ("main", CHOSEN_STEPS)],
            "no --steps was given: 1000 steps of srkit/l1, then 10000 steps of l1 + gan;",
        ),
        (
            Flags(gen="rrdb", disc="vgg", loss="gan", warmup=0),
            [("main", CHOSEN_STEPS)],
            "no --steps was given: 10000 steps of gan;",
        ),
        (
            Flags(gen="rrdb", warmup=5, settings=("loss=mse",)),
            [("warmup", 5), ("main", CHOSEN_STEPS)],
            "no --steps was given: 5 steps of mse, then 10000 steps of mse;",
        ),
    ],
)
def test_lengths_that_were_chosen_are_said(flags, wanted, note):
    made = recipe_from_flags(None, flags)
    assert [(stage.name, stage.steps) for stage in made.recipe.stages] == wanted
    (said,) = made.notes
    assert said.startswith(note)


@pytest.mark.parametrize(
    ("gen", "name"),
    [
        ("rrdb", "rrdb"),
        ("rrdb (blocks=2)", "rrdb"),
        ("srkit-rrdb/rrdb", "rrdb"),
        ('rrdb(weights="a/b(c")', "rrdb"),
    ],
)
def test_a_recipe_of_flags_is_named_after_its_generator(gen, name):
    assert recipe_from_flags(None, Flags(gen=gen, steps=1)).recipe.name == name


@pytest.mark.parametrize("gen", ["", "rrdb(", "+"])
def test_a_generator_that_is_no_expression_is_pointed_at(gen):
    with pytest.raises(ExpressionError):
        recipe_from_flags(None, Flags(gen=gen))


def test_neither_recipe_nor_generator_is_an_error():
    with pytest.raises(RecipeError, match="neither a recipe nor a generator"):
        recipe_from_flags(None, Flags(loss="l1", steps=5))


def test_silent_flags_leave_a_recipe_as_it_is(base):
    made = recipe_from_flags(base, Flags())
    assert (made.recipe, made.notes) == (base, ())
    assert Flags().written() == []
    assert Flags(steps=0, settings=("a=1",)).written() == ["steps", "settings"]


def test_flags_on_a_recipe_change_what_they_name(base):
    flags = Flags(
        gen="rrdb",
        disc="vgg-sn",
        loss="l1",
        degrade="blur|bicubic",
        scale=2,
        batch=2,
        patch=48,
        lr=1e-3,
        seed=3,
    )
    changed = recipe_from_flags(base, flags).recipe
    assert (str(changed.generator), str(changed.discriminator), str(changed.degradation)) == (
        "rrdb",
        "vgg-sn",
        "blur | bicubic",
    )
    assert (changed.scale, changed.seed, changed.name) == (2, 3, base.name)
    assert [str(stage.loss) for stage in changed.stages] == ["mse", "l1"]
    assert {(stage.batch, stage.patch, stage.lr) for stage in changed.stages} == {(2, 48, 1e-3)}
    assert lengths(changed) == lengths(base)


def test_lengths_on_a_recipe_are_the_last_stage_and_the_first_of_several(base):
    assert lengths(recipe_from_flags(base, Flags(steps=9)).recipe) == [
        ("first", "3 epochs"),
        ("second", "9 steps"),
    ]
    assert lengths(recipe_from_flags(base, Flags(warmup=9)).recipe) == [
        ("first", "9 steps"),
        ("second", "200 steps"),
    ]
    single = recipe_from_flags(None, Flags(gen="rrdb", steps=5)).recipe
    assert lengths(recipe_from_flags(single, Flags(steps=9)).recipe) == [("main", "9 steps")]
    with pytest.raises(RecipeError, match="--warmup sets the first of several stages"):
        recipe_from_flags(single, Flags(warmup=9))


@pytest.mark.parametrize(
    "flags",
    [
        Flags(steps=0),
        Flags(warmup=-1),
        Flags(batch=0),
        Flags(scale=0),
        Flags(lr=-1.0),
        Flags(seed=-1),
    ],
)
def test_flags_out_of_range_are_refused_like_fields(base, flags):
    with pytest.raises(RecipeError, match="input should be greater than"):
        recipe_from_flags(base, flags)


SETTINGS = [
    ("scale=2", lambda recipe: recipe.scale, 2),
    (" scale = 2", lambda recipe: recipe.scale, 2),
    ("name=mine", lambda recipe: recipe.name, "mine"),
    ("generator=rrdb(blocks=2)", lambda recipe: recipe.generator, parse_call("rrdb(blocks=2)")),
    ('generator="rrdb(blocks=2)"', lambda recipe: recipe.generator, parse_call("rrdb(blocks=2)")),
    (
        "degradation=blur(sigma=1..2)|bicubic",
        lambda recipe: recipe.degradation,
        parse_chain("blur(sigma=1..2) | bicubic"),
    ),
    ("validation.metrics=psnr", lambda recipe: recipe.validation.metrics, parse_sum("psnr")),
    ('validation.columns=["lr", "sr"]', lambda recipe: recipe.validation.columns, ("lr", "sr")),
    ('data.hold_out=["0801"]', lambda recipe: recipe.data.hold_out, ("0801",)),
    ("batch=4", lambda recipe: [stage.batch for stage in recipe.stages], [4, 4]),
    ("augment=", lambda recipe: [str(stage.augment) for stage in recipe.stages], ["", ""]),
    ("stages.0.batch=4", lambda recipe: [stage.batch for stage in recipe.stages], [4, 16]),
    ("stages.second.batch=4", lambda recipe: [stage.batch for stage in recipe.stages], [8, 4]),
    (
        "stages.1.name=third",
        lambda recipe: [stage.name for stage in recipe.stages],
        ["first", "third"],
    ),
    ("stages.first.steps=7", lengths, [("first", "7 steps"), ("second", "200 steps")]),
    ("stages.1.epochs=2", lengths, [("first", "3 epochs"), ("second", "2 epochs")]),
    ("steps=7", lengths, [("first", "7 steps"), ("second", "7 steps")]),
    ("lr=1", lambda recipe: [stage.lr for stage in recipe.stages], [1.0, 1.0]),
    (
        "validate_every=2 epochs",
        lambda recipe: [stage.validate_every for stage in recipe.stages],
        [Span(2, "epochs")] * 2,
    ),
    (
        "stages.0.schedule.final=0.1",
        lambda recipe: recipe.stages[0].schedule,
        Schedule(name="cosine", final=0.1),
    ),
    (
        "schedule=multistep",
        lambda recipe: {stage.schedule for stage in recipe.stages},
        {Schedule(name="multistep")},
    ),
    (
        "stages.0.optimizer.generator.lr=1e-3",
        lambda recipe: recipe.stages[0].optimizer.generator.lr,
        1e-3,
    ),
    (
        "stages.0.optimizer.generator.lr=1e-3",
        lambda recipe: recipe.stages[0].optimizer.discriminator.lr,
        None,
    ),
    (
        "optimizer.lr=1e-3",
        lambda recipe: {
            (s.optimizer.generator.lr, s.optimizer.discriminator.lr) for s in recipe.stages
        },
        {(1e-3, 1e-3)},
    ),
    (
        "optimizer.betas=[0.5, 0.9]",
        lambda recipe: recipe.stages[1].optimizer.discriminator.options,
        {"betas": (0.5, 0.9)},
    ),
    (
        'optimizer={name="SGD"}',
        lambda recipe: {stage.optimizer.generator.name for stage in recipe.stages},
        {"SGD"},
    ),
]


@pytest.mark.parametrize(
    ("setting", "look", "wanted"), SETTINGS, ids=[setting for setting, *_ in SETTINGS]
)
def test_a_setting_changes_the_field_it_names(base, setting, look, wanted):
    assert look(settle(base, setting)) == wanted


def test_settings_act_in_their_order_and_on_recipes_of_flags_too(base):
    assert settle(base, "batch=4", "stages.0.batch=2").stages[1].batch == 4
    assert settle(base, "schedule=cosine", "schedule.final=0.1").stages[1].schedule == Schedule(
        name="cosine", final=0.1
    )
    made = recipe_from_flags(
        None,
        Flags(
            gen="rrdb", steps=5, settings=("optimizer.name=SGD", "optimizer.generator.momentum=0.9")
        ),
    ).recipe
    assert made.stages[0].optimizer.generator.options == {"momentum": 0.9}
    assert made.stages[0].optimizer.discriminator.name == "SGD"


def test_a_number_name_of_a_stage_wins_over_a_place(base):
    renamed = settle(base, 'stages.0.name="1"', "stages.1.batch=4")
    assert [stage.batch for stage in renamed.stages] == [4, 16]


BAD_SETTINGS = [
    ("scale", "--set takes key=value, not 'scale'", "--set stages.0.lr=1e-4"),
    ("=3", "--set takes key=value, not '=3'", "--set stages.0.lr=1e-4"),
    ("stages..lr=3", "--set takes key=value, not 'stages..lr=3'", "--set stages.0.lr=1e-4"),
    ("btach=3", "a recipe has no field 'btach' (in --set btach=3)", "did you mean 'batch'?"),
    ("zzz=3", "a recipe has no field 'zzz' (in --set zzz=3)", "one of name, scale"),
    (
        "stages.third.lr=1",
        "there is no stage 'third' for --set stages.third.lr=1",
        "stages: first, second",
    ),
    ("stages.2.lr=1", "there is no stage '2' for --set stages.2.lr=1", "stages: first, second"),
    ("stages.0=1", "'stages' in --set stages.0=1 has no fields", "srkit recipes --fields"),
    ("stages.0.lrr=1", "a recipe has no field stages.0.lrr", "did you mean 'lr'?"),
    ("scale.x=1", "'scale' in --set scale.x=1 has no fields", "srkit recipes --fields"),
    (
        "validation.metrcs=psnr",
        "a recipe has no field validation.metrcs",
        "did you mean 'metrics'?",
    ),
    (
        "optimizer.generator.lr.x=1",
        "stages.0.optimizer.generator.lr: input should be a valid number",
        "--fields",
    ),
    ("scale=four", "scale: input should be a valid integer, got 'four'", "srkit recipes --fields"),
    ("steps=0", "stages.0.steps: input should be greater than 0, got 0", "srkit recipes --fields"),
    ("seed=" + "9" * 5000, "seed: input should be a valid integer", "srkit recipes --fields"),
    ("seed=" + "[" * 5000, "seed: input should be a valid integer", "srkit recipes --fields"),
]


@pytest.mark.parametrize(
    ("setting", "message", "hint"), BAD_SETTINGS, ids=[setting[:40] for setting, *_ in BAD_SETTINGS]
)
def test_a_setting_that_fits_nothing_is_an_error(base, setting, message, hint):
    with pytest.raises(RecipeError) as caught:
        settle(base, setting)
    assert str(caught.value).startswith(message)
    assert hint in caught.value.hint


def test_a_setting_leaves_the_document_it_was_given(base):
    document = base.to_dict()
    apply_setting(document, "stages.0.optimizer.generator.lr=1e-3")
    assert document == base.to_dict()


OWN_RATES = """
generator = "srresnet"
discriminator = "vgg"

[[stages]]
name = "first"
loss = "l1"
steps = 3
lr = 5e-4
optimizer = { lr = 2e-4, betas = [0.9, 0.99] }

[[stages]]
name = "second"
loss = "l1 + 0.001*gan"
steps = 3

[stages.optimizer.generator]
lr = 3e-4

[stages.optimizer.discriminator]
lr = 4e-4
"""


def rates(recipe: Recipe) -> list[tuple[float, float]]:
    """Return the rates of generator and discriminator in each stage, as training takes them."""
    return [
        tuple(
            getattr(stage.optimizer, network).lr or stage.lr
            for network in ("generator", "discriminator")
        )
        for stage in recipe.stages
    ]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (Flags(), [(2e-4, 2e-4), (3e-4, 4e-4)]),
        (Flags(lr=1e-5), [(1e-5, 1e-5), (1e-5, 1e-5)]),
        (Flags(settings=("lr=1e-5",)), [(1e-5, 1e-5), (1e-5, 1e-5)]),
        (Flags(settings=("stages.0.lr=1e-5",)), [(1e-5, 1e-5), (3e-4, 4e-4)]),
        (Flags(settings=("stages.second.lr=1e-5",)), [(2e-4, 2e-4), (1e-5, 1e-5)]),
        (
            Flags(lr=1e-5, settings=("optimizer.discriminator.lr=1e-6",)),
            [(1e-5, 1e-6), (1e-5, 1e-6)],
        ),
        (
            Flags(settings=("optimizer.discriminator.lr=1e-6", "lr=1e-5")),
            [(1e-5, 1e-6), (1e-5, 1e-6)],
        ),
        (
            Flags(lr=1e-5, settings=("stages.1.optimizer.lr=1e-6",)),
            [(1e-5, 1e-5), (1e-6, 1e-6)],
        ),
        (Flags(settings=("optimizer.lr=1e-6",)), [(1e-6, 1e-6), (1e-6, 1e-6)]),
    ],
)
def test_the_rate_of_a_flag_wins_over_those_that_the_recipe_gives_to_its_networks(flags, wanted):
    changed = recipe_from_flags(recipe_from_toml(OWN_RATES), flags).recipe
    assert rates(changed) == wanted
    assert changed.stages[0].optimizer.generator.options == {"betas": (0.9, 0.99)}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (Flags(lr=1e-5, settings=("optimizer.lr=1e-6",)), "--lr"),
        (Flags(settings=("optimizer.lr=1e-6", "lr=1e-5")), "--set lr=1e-5"),
        (
            Flags(settings=("stages.second.lr=1e-5", "stages.1.optimizer.lr=1e-6")),
            "--set stages.second.lr=1e-5",
        ),
        (Flags(lr=1e-5, settings=('optimizer={name="SGD", lr=0.1}',)), "--lr"),
    ],
)
def test_a_rate_that_no_network_would_take_is_refused_by_name(flags, said):
    with pytest.raises(RecipeError) as caught:
        recipe_from_flags(recipe_from_toml(OWN_RATES), flags)
    assert str(caught.value).startswith(f"{said} changes nothing: the optimizer of each network")


def test_without_a_discriminator_the_generators_own_rate_is_the_only_one():
    flags = Flags(gen="rrdb", steps=1, lr=1e-5, settings=("optimizer.generator.lr=1e-6",))
    with pytest.raises(RecipeError, match="--lr changes nothing"):
        recipe_from_flags(None, flags)


@pytest.mark.parametrize("optimizer", [{"lr": 1e-3}, {"generator": {"lr": 1e-3}}, {"name": "SGD"}])
def test_a_setting_of_the_rate_reads_optimizers_however_they_are_written(optimizer):
    document = {"generator": "rrdb", "stages": [{"loss": "l1", "steps": 1, "optimizer": optimizer}]}
    (stage,) = apply_setting(document, "lr=1e-5")["stages"]
    assert stage["lr"] == 1e-5
    assert "'lr'" not in str(stage["optimizer"])


@pytest.mark.parametrize(
    ("data", "flags", "degradation"),
    [
        ("HR with LR", Flags(), "paired"),
        ("HR with LR + other as paired", Flags(), "paired"),
        ("HR with LR + photos", Flags(), "bicubic"),
        ("HR with LR", Flags(degrade="blur | bicubic"), "blur | bicubic"),
        ("HR with LR", Flags(settings=("degradation=noise",)), "noise"),
        ("HR", Flags(), "bicubic"),
        (None, Flags(), "bicubic"),
    ],
)
def test_lr_is_from_disk_where_all_data_say_so(base, data, flags, degradation):
    requested = with_stored_lr(recipe_from_flags(base, flags), flags, data)
    assert requested.recipe.degradation == parse_chain(degradation)
    said = "LR is from disk, as --data or --lq says: degradation is paired, not bicubic"
    assert requested.notes == ((said,) if degradation == "paired" else ())
