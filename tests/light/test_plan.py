"""Does a plan hold what a recipe says, and is every recipe that cannot run here refused with what
to change?
"""

from importlib.util import find_spec

import pytest

from srkit_core.chain import bind_chain
from srkit_core.errors import ExpressionError, IncompatibleError, OptionError, UnknownComponentError
from srkit_core.expressions import parse_chain, parse_sum
from srkit_core.interfaces import Generator, ReferenceLoss
from srkit_core.metric_binding import bind_metrics
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict, recipe_from_toml
from srkit_core.registry import discover
from srkit_core.specs import GeneratorSpec, LossSpec


def recipe(*losses, patches=(), **top):
    stages = [
        {"name": f"s{place}", "loss": loss, "steps": 5, "patch": 96}
        for place, loss in enumerate(losses or ["l1"])
    ]
    for stage, patch in zip(stages, patches, strict=False):
        stage["patch"] = patch
    return recipe_from_dict({"generator": "net", "stages": stages} | top)


def test_a_plan_has_every_part_bound(tiny):
    made = plan(recipe("l1", "l1 + 2*vgg + ragan", discriminator="critic(width=8)", scale=2), tiny)
    warmup, main = made.stages
    assert str(made.generator.expression) == "srkit-tiny/net(blocks=4, tail=linear)"
    assert made.discriminator is not None
    assert str(made.discriminator.expression) == "srkit-tiny/critic(width=8)"
    assert (warmup.adversarial, main.adversarial) == (False, True)
    assert [(term.label, term.weight, term.adversarial) for term in main.terms] == [
        ("l1", 1.0, False),
        ("vgg", 2.0, False),
        ("ragan", 0.005, True),
    ]
    assert main.terms[1].bound.context == {"scale": 2, "patch": 96}
    assert [(metric.label, metric.spec.unit) for metric in made.validation.usual.metrics] == [
        ("psnr", "dB"),
        ("ssim", ""),
    ]


def test_left_out_weights_are_written_into_the_recipe(tiny):
    made = plan(recipe("l1 + tv + 0.5*vgg(layer=conv2_2) + ragan", discriminator="critic"), tiny)
    assert str(made.recipe.stages[0].loss).replace("srkit-tiny/", "") == (
        "1.0*l1 + 2e-08*tv + 0.5*vgg(layer=conv2_2, norm=none) + 0.005*ragan(terms=[])"
    )
    assert str(made.recipe.stages[0].loss).count("srkit-tiny/") == 4


def test_every_option_of_every_component_is_written_into_the_recipe(tiny):
    written = recipe(
        "ragan",
        generator="srkit-tiny/net(blocks=2)",
        discriminator="multi(of=critic)",
        degradation="blur(sigma=0.5..2)@0.5 | bicubic",
        target="blur",
        validation={"metrics": "psnr + srkit-tiny/ssim"},
    )
    stage = written.stages[0].model_copy(update={"augment": parse_chain("flip@0.5 | cutblur")})
    made = plan(written.model_copy(update={"stages": (stage,)}), tiny).recipe
    assert str(made.generator) == "srkit-tiny/net(blocks=2, tail=linear)"
    assert str(made.discriminator) == "srkit-tiny/multi(of=srkit-tiny/critic(width=64), n=3)"
    assert str(made.degradation) == (
        "srkit-tiny/blur(sigma=0.5..2)@0.5 | srkit-tiny/bicubic(factor=none)"
    )
    assert str(made.target) == "srkit-tiny/blur(sigma=1.0)"
    assert str(made.validation.metrics) == (
        "srkit-tiny/psnr(window=11) + srkit-tiny/ssim(window=11)"
    )
    assert str(made.stages[0].augment) == (
        "srkit-tiny/flip(axis=horizontal)@0.5 | srkit-tiny/cutblur(size=0.7)"
    )


def test_an_int_that_is_the_default_of_a_float_is_written_as_it_is_read(plugin, tiny_specs):
    def faint(*, weight: float = 1) -> ReferenceLoss:
        raise AssertionError("nobody builds it")

    faint_loss = LossSpec(name="faint", factory=faint, summary="a loss")
    registry = discover([plugin(*tiny_specs, faint_loss, distribution="srkit-tiny")])
    made = plan(recipe("faint"), registry).recipe
    assert str(made.stages[0].loss) == "1.0*srkit-tiny/faint(weight=1.0)"
    assert plan(made, registry).recipe == made


def test_a_changed_default_changes_no_recipe_that_was_written_out(plugin, tiny, tiny_specs):
    def deeper(*, scale: int, blocks: int = 8, tail: str = "tanh", width: int = 3) -> Generator:
        raise AssertionError("nobody builds it")

    others = [spec for spec in tiny_specs if spec.name != "net"]
    network = GeneratorSpec(name="net", factory=deeper, summary="a network", scales=(2, 4))
    updated = discover([plugin(network, *others, distribution="srkit-tiny")])
    before = plan(recipe(), tiny).recipe
    after = plan(before, updated).recipe
    assert str(before.generator) == "srkit-tiny/net(blocks=4, tail=linear)"
    assert str(after.generator) == "srkit-tiny/net(blocks=4, tail=linear, width=3)"
    assert plan(recipe_from_toml(before.to_toml()), updated).recipe == after


@pytest.mark.skipif(find_spec("torch") is None, reason="reads the installed torch")
@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ({"name": "AdamWW"}, "torch.optim has no optimizer 'AdamWW'"),
        ({"discriminator": {"weight_dcay": 1}}, "Adam has no option 'weight_dcay'"),
    ],
)
def test_a_wrong_optimizer_is_refused(tiny, optimizer, message):
    document = {"generator": "net", "stages": [{"loss": "l1", "steps": 5, "optimizer": optimizer}]}
    with pytest.raises(OptionError) as caught:
        plan(recipe_from_dict(document), tiny)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "written",
    [
        recipe("l1"),
        recipe(
            "l1",
            "vgg + vgg(layer=conv2_2) + ragan",
            discriminator="multi(of=critic)",
            scale=2,
            degradation="blur | bicubic",
        ),
        recipe("tv", degradation="paired", validation={"metrics": "ssim"}),
    ],
)
def test_a_resolved_recipe_is_planned_to_itself(tiny, written):
    resolved = plan(written, tiny).recipe
    assert plan(resolved, tiny).recipe == resolved
    assert plan(recipe_from_toml(resolved.to_toml()), tiny) == plan(resolved, tiny)


def test_repeated_terms_are_numbered(tiny):
    made = plan(
        recipe(
            "vgg + l1 + vgg(layer=conv2_2) + srkit-tiny/vgg",
            validation={"metrics": "psnr + ssim + psnr(window=7)"},
        ),
        tiny,
    )
    assert [term.label for term in made.stages[0].terms] == ["vgg", "l1", "vgg.2", "vgg.3"]
    assert [metric.label for metric in made.validation.usual.metrics] == ["psnr", "ssim", "psnr.2"]


def test_a_paired_recipe_has_no_degradation(tiny):
    assert plan(recipe(degradation="paired"), tiny).degradation is None


def test_a_discriminator_of_one_size_is_built_for_the_adversarial_patch(tiny):
    made = plan(recipe("l1", "ragan", patches=[48, 192], discriminator="multi(of=fixed)"), tiny)
    assert made.discriminator is not None
    assert made.discriminator.options["of"].context == {"patch": 192}


REFUSED = [
    (recipe(scale=3), "generator 'net' has no scale 3; it has 2, 4", "--scale 4"),
    (
        recipe(generator="bicubic"),
        "'bicubic' has nothing to train",
        "srkit eval bicubic, or srkit list generator",
    ),
    (
        recipe("l1 + ragan"),
        "the loss 'ragan' is adversarial, but there is no discriminator",
        "--disc vgg-sn",
    ),
    (
        recipe("l1", "vgg", discriminator="critic"),
        "no stage has an adversarial loss for the discriminator 'critic'",
        "--loss l1+gan",
    ),
    (recipe(patches=[90]), "patch 90 of stage 's0' is not a multiple of 4", "--patch 92"),
    (recipe(patches=[2]), "patch 2 of stage 's0' is not a multiple of 4", "--patch 4"),
    (
        recipe(patches=[112], generator="windowed"),
        "patch 112 of stage 's0' is not a multiple of 32",
        "--patch 128",
    ),
    (
        recipe("l1", "l1", patches=[96, 64], generator="windowed"),
        "patch 64 of stage 's1' is too small for 'windowed'",
        "--patch 96",
    ),
    (
        recipe("ragan", patches=[28], discriminator="multi(of=critic)"),
        "patch 28 is too small for the discriminator 'critic'",
        "--patch 32",
    ),
    (
        recipe("ragan", patches=[28], discriminator="critic"),
        "patch 28 is too small for the discriminator 'critic'",
        "--patch 32",
    ),
    (
        recipe("ragan", "ragan", patches=[96, 192], discriminator="fixed"),
        "discriminator 'fixed' is built for one patch, the stages have [96, 192]",
        "--patch N",
    ),
    (
        recipe("ragan", "ragan", patches=[96, 192], discriminator="multi(of=fixed)"),
        "discriminator 'fixed' is built for one patch, the stages have [96, 192]",
        "--patch N",
    ),
    (
        recipe(degradation="blur"),
        "the degradation 'blur' makes pictures 1 times smaller, the scale is 4",
        "--degrade 'blur | bicubic'; bicubic makes LR of the recipe's scale",
    ),
    (
        recipe(degradation="bicubic | bicubic"),
        "the degradation 'bicubic | bicubic' makes pictures 16 times smaller, the scale is 4",
        "--degrade bicubic; bicubic makes LR of the recipe's scale",
    ),
    (
        recipe(degradation=""),
        "the degradation '' makes pictures 1 times smaller, the scale is 4",
        "--degrade bicubic; bicubic makes LR of the recipe's scale",
    ),
    (
        recipe(degradation="blur | bicubic@0.5"),
        "'bicubic@0.5' changes the size, so it cannot happen to some pictures only",
        "write bicubic",
    ),
    (
        recipe_from_dict(
            {
                "generator": "net",
                "stages": [{"loss": "l1", "steps": 1, "augment": "flip | affine | centre"}],
            }
        ),
        "in 'flip | affine | centre' a step stands before one that happens earlier",
        'augment = "centre | affine | flip"',
    ),
    (
        recipe_from_dict(
            {
                "generator": "net",
                "degradation": "paired",
                "stages": [{"loss": "l1", "steps": 1, "augment": "salient | jitter@0.5 | flip"}],
            }
        ),
        "'jitter' changes HR before LR is made, but paired LR is made already",
        'augment = "salient | flip"',
    ),
    (
        recipe(validation={"metrics": "scaled"}),
        "metric 'scaled' needs a scale, which is not known here",
        "srkit show scaled",
    ),
]


@pytest.mark.parametrize(
    ("written", "message", "hint"), REFUSED, ids=[message for _, message, _ in REFUSED]
)
def test_what_does_not_fit_is_refused(tiny, written, message, hint):
    with pytest.raises(IncompatibleError) as caught:
        plan(written, tiny)
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("written", "error", "message"),
    [
        (recipe(generator="nett"), UnknownComponentError, "no generator named 'nett' is installed"),
        (
            recipe("l1 + psnr"),
            UnknownComponentError,
            "no loss named 'psnr' is installed (there is a metric of that name)",
        ),
        (recipe(discriminator="net"), IncompatibleError, "no stage has an adversarial loss"),
        (
            recipe("ragan", discriminator="net"),
            UnknownComponentError,
            "no discriminator named 'net' is installed",
        ),
        (
            recipe(degradation="paired | blur"),
            UnknownComponentError,
            "no degradation named 'paired' is installed",
        ),
        (
            recipe(generator="net(scale=2)"),
            OptionError,
            "net: 'scale' comes from the recipe, it is no option",
        ),
        (
            recipe("vgg(layer=conv9_9)"),
            OptionError,
            "vgg: option 'layer' expects conv2_2 | conv5_4, not 'conv9_9'",
        ),
        (
            recipe(degradation="bicubic(factor=big)"),
            OptionError,
            "bicubic: option 'factor' expects int | none, not 'big'",
        ),
        (
            recipe(validation={"metrics": "lpips2"}),
            UnknownComponentError,
            "no metric named 'lpips2' is installed",
        ),
    ],
)
def test_names_and_options_are_checked_everywhere(tiny, written, error, message):
    with pytest.raises(error) as caught:
        plan(written, tiny)
    assert str(caught.value).startswith(message)


def test_a_metric_has_no_weight(tiny):
    with pytest.raises(ExpressionError) as caught:
        bind_metrics(tiny, parse_sum("psnr + 2*ssim"))
    assert str(caught.value).split("\n") == [
        "a metric has no weight at column 8",
        "  psnr + 2.0*ssim",
        "         ^",
    ]


@pytest.mark.parametrize(
    ("chain", "scale", "reaches", "margin"),
    [
        ("bicubic", 4, [8], 8),
        ("bicubic(factor=2) | bicubic(factor=2)", 4, [4, 8], 12),
        ("blur(sigma=1.5) | bicubic", 4, [5, 8], 16),
        ("bicubic | blur(sigma=1.5)", 4, [8, 20], 28),
        ("blur(sigma=0.2..2.0)@0.5 | bicubic(factor=3)", 3, [6, 6], 12),
        ("bicubic(factor=2) | blur(sigma=0.4) | bicubic(factor=2)", 4, [4, 4, 8], 16),
        ("", 1, [], 0),
    ],
)
def test_margins_add_up_in_hr_pixels_and_are_whole_lr_pixels(tiny, chain, scale, reaches, margin):
    made = bind_chain(tiny, parse_chain(chain), scale)
    assert [step.reach for step in made.steps] == reaches
    assert made.margin == margin


def test_the_smallest_patches_that_fit_are_taken(tiny):
    assert (
        plan(recipe("ragan", patches=[32], discriminator="critic"), tiny).stages[0].stage.patch
        == 32
    )
    assert plan(recipe(patches=[96], generator="windowed"), tiny).stages[0].stage.patch == 96


def test_probabilities_are_kept(tiny):
    made = bind_chain(tiny, parse_chain("blur@0.3 | bicubic | blur@0"), 4)
    assert [step.probability for step in made.steps] == [0.3, 1.0, 0.0]
