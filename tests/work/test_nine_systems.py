"""Is every part of the nine published systems an installed component, with the numbers that their
reports print?
"""

import pytest
import torch

from srkit_core.engine.step_timing import time_stages
from srkit_core.errors import IncompatibleError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build, count_parameters
from srkit_core.options import context_of
from srkit_core.plan import bind_generator, plan
from srkit_core.pretrained import find
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

ADVERSARIAL_PATCH = {"batch": 2, "patch": 64, "steps": 1}
SYSTEMS = {
    "S1": {
        "generator": "rrdb",
        "discriminator": "vgg-sn",
        "stages": [
            {"name": "pixels", "loss": "l1"},
            {"name": "main", "loss": "l1 + vgg(weights=random) + ragan"},
        ],
    },
    "S2": {
        "generator": "autoencoder",
        "degradation": "bicubic | blur(sigma=1.5)",
        "stages": [{"loss": "mse", "optimizer": {"name": "AdamW", "lr": 1e-4}}],
    },
    "S3": {
        "generator": "vanilla-gan",
        "discriminator": "vanilla-gan",
        "degradation": "bicubic | blur(sigma=1.5)",
        "stages": [{"loss": "gan", "order": "discriminator-first"}],
    },
    "S4": {
        "generator": "srresnet(blocks=6, head=linear, skip=before)",
        "discriminator": "vgg",
        "stages": [{"loss": "vgg(weights=random) + prob-gan", "order": "discriminator-first"}],
    },
    "S4 x2": {
        "scale": 2,
        "generator": "srresnet(blocks=6, head=linear, skip=before)",
        "discriminator": "vgg",
        "stages": [{"loss": "vgg(weights=random) + prob-gan", "order": "discriminator-first"}],
    },
    "S5": {
        "generator": "rrdb(upsampler=nearest)",
        "discriminator": "vgg",
        "stages": [
            {
                "loss": "vgg(layer=conv5_4, weights=random) + 0.005*ragan + 0.01*l1",
                "order": "discriminator-first",
            }
        ],
    },
    "S6": {
        "generator": "rrdb(blocks=4)",
        "discriminator": "vgg(pool=4)",
        "degradation": "paired",
        "stages": [
            {
                "loss": "l1 + vgg(layer=[relu1_2, relu2_2, relu3_4], distance=squared-l2, "
                "weights=random) + gan"
            }
        ],
    },
    "S7": {
        "generator": "srresnet(blocks=8)",
        "discriminator": "vgg(norm=none)",
        "stages": [
            {
                "loss": "4*mse + 0.001*gan + 0.006*vgg(network=vgg16, layer=pool5, distance=mse, "
                "weights=random) + 8e-8*tv"
            }
        ],
    },
    "S8": {
        "generator": "srresnet",
        "discriminator": "vgg(pool=6)",
        "validation": {"metrics": "psnr + ssim + lpips"},
        "stages": [
            {"name": "srresnet", "loss": "2*l1"},
            {
                "name": "srgan",
                "loss": "2*l1 + 0.006*vgg(layer=relu5_4, distance=mse, weights=random) + 0.001*gan",
            },
        ],
    },
    "S9's wishes": {
        "generator": "rrdb(blocks=2, attention=self)",
        "discriminator": "multi-scale(of=vgg-sn, n=2)",
        "validation": {"metrics": "psnr + ssim + lpips"},
        "stages": [{"loss": "l1 + lpips + ragan"}],
    },
    "Real-ESRGAN": {
        "generator": "rrdb(upsampler=nearest, blocks=2)",
        "discriminator": "unet-sn",
        "degradation": "realesrgan",
        "target": "sharpen",
        "stages": [{"loss": "l1 + vgg(weights=random) + 0.1*gan", "pool": 180, "ema": 0.999}],
    },
}
FIGURES = {
    "S1": (16_919_555, 5_211_713),
    "S4": (808_332, 5_215_553),
    "S5": (16_697_987, 5_215_553),
    "S7": (956_558, 5_211_713),
    "S8": (1_549_462, 23_565_633),
}


def planned(system):
    stages = [ADVERSARIAL_PATCH | stage for stage in system["stages"]]
    return plan(recipe_from_dict(system | {"stages": stages}), discover())


@pytest.mark.parametrize("name", FIGURES)
def test_the_networks_have_the_reported_numbers_of_parameters(name):
    recipe = planned(SYSTEMS[name])
    assert (
        tuple(count_parameters(build(bound)) for bound in (recipe.generator, recipe.discriminator))
        == FIGURES[name]
    )


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_step_of_every_stage_is_taken(name):
    recipe = planned(SYSTEMS[name])
    needed = [
        names for stage in recipe.stages for term in stage.terms for names in term.bound.pretrained
    ]
    if not all(any(find(discover().pretrained(one)) for one in names) for names in needed):
        pytest.skip("needs pretrained weights that are not on this machine (set SRKIT_WEIGHTS)")
    with torch.random.fork_rng(devices=[]):
        trials = list(time_stages(recipe, RunOptions(device="cpu")))
    assert [one.stage for one in trials] == [stage.stage.name for stage in recipe.stages]


@pytest.mark.parametrize(
    ("critic", "fits"),
    [
        ("vgg-sn", True),
        ("vgg(norm=spectral)", True),
        ("multi-scale(of=vgg-sn)", True),
        ("vgg", False),
        ("unet-sn", False),
        ("patch", False),
    ],
)
def test_the_wasserstein_loss_needs_a_spectrally_normalised_discriminator(critic, fits):
    system = {"generator": "srvgg", "discriminator": critic, "stages": [{"loss": "l1 + wgan"}]}
    if fits:
        planned(system)
        return
    with pytest.raises(
        IncompatibleError, match="the loss 'wgan' needs a spectrally normalised discriminator"
    ):
        planned(system)


def test_the_families_that_reports_name_have_their_published_numbers():
    for expression, scale, count in [
        ("srresnet(slopes=channel, bn_eps=1e-3)", 4, 1_550_659),
        ("srresnet(layout=msr)", 4, 1_517_571),
        ("edsr", 4, 1_517_571),
        ("edsr(blocks=32, features=256, res_scale=0.1)", 4, 43_089_923),
        ("rcan", 4, 15_592_355),
        ("rrdb(upsampler=nearest)", 2, 16_703_171),
    ]:
        bound = bind_generator(discover(), parse_call(expression), scale)
        assert context_of(bound.component.spec.factory) == ("scale",)
        with torch.device("meta"):
            assert count_parameters(bound.component.spec.factory(**bound.arguments)) == count, (
                expression
            )
