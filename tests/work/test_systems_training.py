"""Do the shipped recipes train as their reports say: how long, on what, at which rate, and with
losses that have the printed values?
"""

import math
from functools import cache

import pytest
import torch
from torch import nn
from torch.nn import functional

from srkit_core.engine.objective import build_objective
from srkit_core.engine.optimizer import build_optimizer
from srkit_core.interfaces import StepPosition
from srkit_core.named_recipes import find_recipe, read_recipe
from srkit_core.overrides import Flags, recipe_from_flags
from srkit_core.plan import plan
from srkit_core.recipe import PAIRED
from srkit_core.registry import discover
from srkit_core.schedule_binding import rate_factor

STAGES = {
    "photoreal": [("pixels", "20 epochs", 16, 256), ("gan", "1980 epochs", 16, 256)],
    "autoencoder": [("autoencoder", "5 epochs", 16, 640)],
    "vanilla-gan": [("gan", "100 epochs", 16, 640)],
    "srgan-6": [("srgan", "150 epochs", 16, 128)],
    "esrgan": [("esrgan", "150 epochs", 16, 128)],
    "paired-gan": [("gan", "30 epochs", 16, 128)],
    "srgan-tv": [("srgan", "100 epochs", 64, 88)],
    "srgan-faces": [("srresnet", "100 epochs", 16, 96), ("srgan", "100 epochs", 16, 96)],
    "srgan-natural": [("srresnet", "100 epochs", 16, 96), ("srgan", "100 epochs", 16, 96)],
    "realesrnet": [("net", "1000000 steps", 48, 256)],
    "realesrgan": [("net", "1000000 steps", 48, 256), ("gan", "400000 steps", 48, 256)],
    "bsrgan": [("net", "1000000 steps", 4, 288), ("gan", "800000 steps", 4, 288)],
    "srresnet": [("main", "1000000 steps", 16, 96)],
    "msrresnet": [("main", "1000000 steps", 16, 128)],
    "edsr": [("main", "300000 steps", 16, 192)],
    "rcan": [("main", "1000000 steps", 16, 192)],
}
"""Name, length, batch and HR crop of each stage."""

ADAM = ("Adam", 1e-4, (0.9, 0.999))
OPTIMIZERS = {name: [ADAM, ADAM] for name in STAGES} | {
    "autoencoder": [("AdamW", 1e-4, (0.9, 0.999))],
    "realesrnet": [("Adam", 2e-4, (0.9, 0.99))],
    "realesrgan": [("Adam", 2e-4, (0.9, 0.99)), ("Adam", 1e-4, (0.9, 0.99))],
    "bsrgan": [ADAM, ("Adam", 5e-5, (0.9, 0.999))],
    "msrresnet": [("Adam", 2e-4, (0.9, 0.99))],
}
"""Class, rate and betas of each stage, of both players."""

WEIGHTS = {
    "photoreal": [{"l1": 1}, {"l1": 1, "vgg": 1, "gan": 0.1}],
    "autoencoder": [{"mse": 1}],
    "vanilla-gan": [{"gan": 1}],
    "srgan-6": [{"vgg": 1, "prob-gan": 0.001}],
    "esrgan": [{"vgg": 1, "ragan": 0.005, "l1": 0.01}],
    "paired-gan": [{"l1": 1, "vgg": 1e-5, "gan": 0.005}],
    "srgan-tv": [{"mse": 4, "gan": 0.001, "vgg": 0.006, "tv": 8e-8}],
    "srgan-faces": [{"l1": 2}, {"l1": 2, "vgg": 0.006, "gan": 0.001}],
    "srgan-natural": [{"l1": 2}, {"l1": 2, "vgg": 0.006, "gan": 0.001}],
    "realesrnet": [{"l1": 1}],
    "realesrgan": [{"l1": 1}, {"l1": 1, "vgg": 1, "gan": 0.1}],
    "bsrgan": [{"l1": 1}, {"l1": 1, "vgg": 1, "lsgan": 1}],
    "srresnet": [{"mse": 1}],
    "msrresnet": [{"l1": 1}],
    "edsr": [{"l1": 1}],
    "rcan": [{"l1": 1}],
}
LAST = ("relu1_2", "relu2_2", "relu3_4", "relu4_4", "relu5_4")
FIVE = ("conv1_2", "conv2_2", "conv3_4", "conv4_4", "conv5_4")
FEATURES = {
    "photoreal": ("vgg19", FIVE, (0.1, 0.1, 1, 1, 1), "l1"),
    "srgan-6": ("vgg19", "relu5_4", None, "mse"),
    "esrgan": ("vgg19", "conv5_4", None, "l1"),
    "paired-gan": ("vgg19", LAST, None, "squared-l2"),
    "srgan-tv": ("vgg16", "pool5", None, "mse"),
    "srgan-faces": ("vgg19", "relu5_4", None, "mse"),
    "srgan-natural": ("vgg19", "relu5_4", None, "mse"),
    "realesrgan": ("vgg19", FIVE, (0.1, 0.1, 1, 1, 1), "l1"),
    "bsrgan": ("vgg19", FIVE, (0.1, 0.1, 1, 1, 1), "l1"),
}
"""Network, layers, their factors and distance of the perceptual loss; all in torchvision's size."""


@cache
def planned(name):
    return plan(read_recipe(name), discover())


@pytest.mark.parametrize("name", STAGES)
def test_stages_have_the_reported_lengths_batches_and_crops(name):
    found = [
        (one.stage.name, str(one.stage.length), one.stage.batch, one.stage.patch)
        for one in planned(name).stages
    ]
    assert found == STAGES[name]


@pytest.mark.parametrize("name", STAGES)
def test_optimizers_are_the_reported_ones(name):
    for stage, wanted in zip(planned(name).stages, OPTIMIZERS[name], strict=False):
        for bound in (stage.generator_optimizer, stage.discriminator_optimizer):
            rate = bound.lr or stage.stage.lr
            made = build_optimizer(bound, nn.Linear(1, 1), rate)
            options = made.param_groups[0]
            assert (type(made).__name__, options["lr"], tuple(options["betas"])) == wanted
            assert options["eps"] == 1e-8
            assert options["weight_decay"] == (0.01 if name == "autoencoder" else 0)


@pytest.mark.parametrize("name", STAGES)
def test_losses_have_the_reported_weights_and_features(name):
    for stage, wanted in zip(planned(name).stages, WEIGHTS[name], strict=True):
        assert {term.label: term.weight for term in stage.terms} == pytest.approx(wanted)
    terms = {term.label: term.bound.options for term in planned(name).stages[-1].terms}
    if name not in FEATURES:
        assert "vgg" not in terms
        return
    options = terms["vgg"]
    found = (options[one] for one in ("network", "layer", "layer_weights", "distance"))
    assert tuple(found) == FEATURES[name]
    assert (options["gain"], options["content"], options["style"]) == (True, 1, 0)


@cache
def losses(name):
    """The losses of the last stage with their weights, but for the perceptual one, by label."""
    recipe = read_recipe(name)
    terms = [str(one) for one in recipe.stages[-1].loss.terms if "vgg" not in str(one)]
    flags = Flags(settings=(f"stages.{recipe.stages[-1].name}.loss={' + '.join(terms)}",))
    last = plan(recipe_from_flags(recipe, flags).recipe, discover()).stages[-1]
    objective = build_objective(last, torch.device("cpu"), lambda logits: logits)
    return {one.label: one for one in (*objective.reference, *objective.adversarial)}


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(2, 3, 24, 24, generator=generator) for _ in range(2)]


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(4, 1, generator=generator) for _ in range(2)]


@pytest.mark.parametrize("name", ["srgan-faces", "srgan-natural"])
def test_l1_is_that_of_pictures_between_minus_1_and_1(name, pictures):
    sr, hr = pictures
    printed = functional.l1_loss(2 * sr - 1, 2 * hr - 1)
    l1 = losses(name)["l1"]
    assert float(l1.weight * l1.loss(sr, hr)) == pytest.approx(float(printed), rel=1e-6)


def test_mse_and_total_variation_are_those_of_pictures_between_minus_1_and_1(pictures):
    sr, hr = pictures
    mse, tv = losses("srgan-tv")["mse"], losses("srgan-tv")["tv"]
    wide = 2 * sr - 1
    printed = functional.mse_loss(wide, 2 * hr - 1)
    assert float(mse.weight * mse.loss(sr, hr)) == pytest.approx(float(printed), rel=1e-6)
    down, right = wide.diff(dim=2).square().mean(), wide.diff(dim=3).square().mean()
    assert float(tv.weight * tv.loss(sr, hr)) == pytest.approx(2e-8 * float(down + right), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("vanilla-gan", 1),
        ("paired-gan", 0.005),
        ("srgan-tv", 0.001),
        ("srgan-faces", 0.001),
        ("realesrgan", 0.1),
    ],
)
def test_bce_is_of_labels_1_and_0_and_not_saturating(name, weight, logits):
    real, fake = logits
    gan = losses(name)["gan"]
    of_generator = -fake.sigmoid().log().mean()
    assert float(gan.weight * gan.loss.generator(real, fake)) == pytest.approx(
        weight * float(of_generator), rel=1e-5
    )
    of_discriminator = -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean()
    assert float(gan.loss.discriminator(real, fake)) == pytest.approx(
        float(of_discriminator), rel=1e-5
    )


def test_probabilities_are_the_loss_of_srgan_of_six_blocks(logits):
    real, fake = logits
    gan = losses("srgan-6")["prob-gan"].loss
    assert float(gan.generator(real, fake)) == pytest.approx(float(1 - fake.sigmoid().mean()))
    printed = 1 - real.sigmoid().mean() + fake.sigmoid().mean()
    assert float(gan.discriminator(real, fake)) == pytest.approx(float(printed))


def test_esrgan_compares_with_the_other_side_s_average(logits):
    real, fake = logits
    gan = losses("esrgan")["ragan"].loss
    on_real, on_fake = (real - fake.mean()).sigmoid(), (fake - real.mean()).sigmoid()
    of_discriminator = -(on_real.log().mean() + (1 - on_fake).log().mean()) / 2
    assert float(gan.discriminator(real, fake)) == pytest.approx(float(of_discriminator), rel=1e-5)
    of_generator = -((1 - on_real).log().mean() + on_fake.log().mean()) / 2
    assert float(gan.generator(real, fake)) == pytest.approx(float(of_generator), rel=1e-5)


def test_bsrgan_s_least_squares(logits):
    real, fake = logits
    gan = losses("bsrgan")["lsgan"].loss
    assert float(gan.generator(real, fake)) == pytest.approx(float((fake - 1).square().mean()))


def factors(name, at, length, *, stage=0, before=0, run=None):
    """What the rate of a stage is multiplied by at these steps."""
    one = planned(name).stages[stage]
    run = length if run is None else run
    return [
        rate_factor(one.schedule, 0, StepPosition(step, length, before + step, run, 100))
        for step in at
    ]


def test_the_photoreal_rate_falls_along_one_cosine_over_2000_epochs():
    pixels = factors("photoreal", [0, 20], 20, run=2000)
    gan = factors("photoreal", [0, 980, 1980], 1980, stage=1, before=20, run=2000)
    cosine = [(1 + math.cos(math.pi * at / 2000)) / 2 for at in (0, 20, 20, 1000, 2000)]
    assert pixels + gan == pytest.approx(cosine, abs=1e-9)
    assert gan[-1] == pytest.approx(0)


def test_rates_are_halved_where_papers_say():
    halved = factors("rcan", [0, 199_999, 200_000, 999_999], 1_000_000)
    assert halved == [1, 1, 0.5, 0.0625]
    assert factors("edsr", [199_999, 200_000, 299_999], 300_000) == [1, 0.5, 0.5]
    assert factors("bsrgan", [0, 400_000, 999_999], 1_000_000) == [1, 0.25, 0.0625]
    assert factors("bsrgan", [0, 799_999], 800_000, stage=1) == [1, 1]


@pytest.mark.parametrize("name", ["realesrnet", "srresnet", "srgan-6", "srgan-tv", "paired-gan"])
def test_rates_that_stay(name):
    assert factors(name, [0, 500, 999], 1000) == [1, 1, 1]


@pytest.mark.parametrize("name", STAGES)
def test_what_is_said_of_the_rest_of_a_recipe(name):
    recipe, last = read_recipe(name), read_recipe(name).stages[-1]
    said = {
        "paired": recipe.degradation == PAIRED,
        "first": last.order.partition("-")[0] if recipe.discriminator else None,
        "patience": (last.patience, last.patience_on) if last.patience else None,
        "each epoch": str(last.validate_every) == "1 epochs",
        "metrics": str(recipe.validation.metrics).replace("srkit/", ""),
        "columns": " ".join(recipe.validation.columns),
    }
    assert said == REST[name]


REPORT = {"paired": True, "first": None, "patience": None, "each epoch": True}
REPORT |= {"metrics": "psnr + ssim", "columns": "lr sr hr"}
PAPER = REPORT | {"paired": False, "each epoch": False, "columns": "bicubic sr hr"}
PROJECT = PAPER | {"first": "generator", "each epoch": True}
PROJECT |= {"metrics": "psnr + ssim + srkit-lpips-metric/lpips"}
REST = {
    "photoreal": PROJECT,
    "autoencoder": REPORT,
    "vanilla-gan": REPORT | {"first": "discriminator"},
    "srgan-6": REPORT | {"first": "discriminator", "patience": (4, "loss")},
    "esrgan": REPORT | {"first": "discriminator", "patience": (5, "loss")},
    "paired-gan": REPORT | {"first": "generator"},
    "srgan-tv": PAPER | {"first": "discriminator", "each epoch": True, "columns": "bicubic hr sr"},
    "srgan-faces": PROJECT,
    "srgan-natural": PROJECT,
    "realesrnet": PAPER,
    "realesrgan": PAPER | {"first": "generator"},
    "bsrgan": PAPER | {"first": "generator"},
    "srresnet": PAPER,
    "msrresnet": PAPER,
    "edsr": PAPER,
    "rcan": PAPER,
}


def test_degradations_pools_averages_and_views_are_the_published_ones():
    for name in ("realesrnet", "realesrgan"):
        recipe = read_recipe(name)
        chains = (str(recipe.degradation), str(recipe.target))
        assert chains == ("srkit-degradations/realesrgan", "srkit-degradations/sharpen")
        for stage in recipe.stages:
            assert (stage.pool, stage.ema, str(stage.augment)) == (180, 0.999, "srkit/flip")
    assert str(read_recipe("bsrgan").degradation) == "srkit-degradations/bsrgan"
    assert [one.ema for one in read_recipe("bsrgan").stages] == [0.999, 0.999]
    assert read_recipe("msrresnet").stages[0].ema == 0.999
    for name in ("srgan-natural", "srresnet", "msrresnet", "edsr", "rcan", "bsrgan"):
        assert str(read_recipe(name).stages[-1].augment) == "srkit/flip | srkit/turn"
    assert str(read_recipe("srgan-faces").stages[0].augment).endswith("margin=0.25) | srkit/flip")


def test_who_is_kept_apart_and_what_is_kept():
    for name in ("autoencoder", "vanilla-gan", "srgan-6", "esrgan"):
        assert read_recipe(name).data.hold_out == 0.1
    for stage in read_recipe("photoreal").stages:
        assert str(stage.keep_checkpoints_every) == "10 epochs"
    for stage in read_recipe("srgan-faces").stages:
        assert [str(one) for one in stage.keep_checkpoints_at] == [
            "25 epochs",
            "50 epochs",
            "75 epochs",
        ]
    assert read_recipe("srgan-faces").stages[1].start_from == "best-psnr"
    assert read_recipe("realesrgan").stages[1].start_from == "ema"
    for name in ("realesrgan", "bsrgan"):
        assert read_recipe(name).stages[1].optimizer_from == "fresh"
    assert read_recipe("srgan-6").validation.on_training
    assert read_recipe("srgan-tv").validation.border == 0
    assert {read_recipe(name).validation.crop for name in ("srgan-faces", "srgan-natural")} == {96}


@pytest.mark.parametrize("name", STAGES)
def test_a_header_says_in_which_order_what_a_reader_looks_for(name):
    text = find_recipe(name).path.read_text(encoding="utf-8")
    places = [
        text.find(f"\n# {one}") for one in ("Built", "Reported", "Not reported", "Deviations")
    ]
    assert places == sorted(places)
    assert min(places) > 0
    assert f"\n#   srkit train {name} --data " in text
    assert len(text.splitlines()) <= 56
