"""Is every published number of Real-ESRGAN's and BSRGAN's chains an option, and the default as it
was?
"""

import hashlib
import json

import pytest
import torch

from srkit_core.binding import bind
from srkit_core.errors import OptionError, SrkitError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build
from srkit_core.options import options_of
from srkit_core.registry import discover
from srkit_core.testing.samples import pictures
from srkit_degradations import bsrgan, realesrgan

DRAWN = {
    "realesrgan(scale=4)": ("9e21962cf8a789aa", 0.490786),
    "realesrgan(scale=2, draw=batch)": ("1267f0e2bcb9a731", 0.495504),
    "bsrgan(scale=4)": ("6bf046713a4e1adc", 0.496328),
    "bsrgan(scale=3)": ("d8243fa3e2769f32", 0.495115),
}
"""Digests of what seed 0 drew for eight pictures, and the mean of LR, before there were more
options than five and two.
"""

PUBLISHED = {
    "blur": (1.0, 0.8),
    "sinc": (0.1, 0.1),
    "resize_weights": ((0.2, 0.7, 0.1), (0.3, 0.4, 0.3)),
    "gaussian": (0.5, 0.5),
    "gray": (0.4, 0.4),
    "kernel_weights": ((0.45, 0.25, 0.12, 0.03, 0.12, 0.03),) * 2,
    "final_sinc": 0.8,
}
"""Of train_realesrgan_x4plus.yml, what is no range."""

RANGES = {
    "sigma": "0.2..3, 0.2..1.5",
    "factor": "0.15..1.5, 0.3..1.2",
    "noise": "1..30, 1..25",
    "poisson": "0.05..3, 0.05..2.5",
    "quality": "30..95, 30..95",
    "beta": "0.5..4, 0.5..4",
    "plateau_beta": "1..2, 1..2",
    "size": "7..21, 7..21",
}


def chain(text, scale=4):
    return build(bind(discover(), "degradation", parse_call(text), {"scale": scale}))


def drawn(degradation, count=16, seed=0):
    hr = pictures(count, 48, 48)
    return degradation.traced(hr, rng=torch.Generator().manual_seed(seed))


def values(draws, name):
    return [one[name] for one in draws if name in one]


@pytest.mark.parametrize("text", DRAWN)
def test_the_defaults_draw_what_they_drew(text):
    call, (digest, mean) = parse_call(text), DRAWN[text]
    options = dict(call.options)
    scale, draw = options["scale"], {k: v for k, v in options.items() if k != "scale"}
    degradation = {"realesrgan": realesrgan, "bsrgan": bsrgan}[call.name](scale=scale, **draw)
    lr, draws = drawn(degradation, count=8)
    assert hashlib.sha256(json.dumps(draws, sort_keys=True).encode()).hexdigest()[:16] == digest
    assert lr.mean().item() == pytest.approx(mean, abs=1e-4)


def test_the_defaults_are_the_published_numbers():
    defaults = {one.name: one.default for one in options_of(realesrgan)}
    assert {name: defaults[name] for name in PUBLISHED} == PUBLISHED
    written = ", ".join(f"{name}=[{ranges}]" for name, ranges in RANGES.items())
    hr = pictures(6, 48, 48)
    lr, draws = chain(f"realesrgan({written})").traced(hr, rng=torch.Generator().manual_seed(3))
    usual, same = realesrgan(scale=4).traced(hr, rng=torch.Generator().manual_seed(3))
    assert torch.equal(lr, usual)
    assert draws == same


def test_of_bsrgan_too():
    written = (
        "bsrgan(shuffle=1.0, halved=0.25, size=7..25, anisotropic=0.5, sigma=0..2.8, "
        "variance=0..8, plain=0.75, shrink=1..8, shifted_sigma=0.1..2.4, noise=2..25, gray=0.4, "
        "correlated=0.2, early_jpeg=0.9, quality=30..95, halved=0.0)"
    ).replace("halved=0.25, ", "")
    hr = pictures(6, 48, 48)
    lr, draws = chain(written).traced(hr, rng=torch.Generator().manual_seed(3))
    usual, same = chain("bsrgan(halved=0.0)").traced(hr, rng=torch.Generator().manual_seed(3))
    assert draws == same
    assert (lr - usual).abs().max() < 1 / 255 + 1e-6  # 2.4 is not 0.6 * 4 to the last bit


def test_probabilities_of_0_and_1_leave_out_and_always_do():
    text = (
        "realesrgan(blur=[0.0, 1.0], sinc=[0.0, 1.0], gaussian=[1.0, 0.0], gray=[1.0, 0.0], "
        "jpeg=[0.0, 1.0], final_sinc=0.0, resize_kernels=[area], "
        "resize_weights=[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])"
    )
    _, draws = drawn(chain(text))
    assert set(values(draws, "blur.kind")) == {"sinc"}
    assert values(draws, "blur.2.kind") == []
    assert set(values(draws, "noise.kind")) == {"gaussian"}
    assert set(values(draws, "noise.2.kind")) == {"poisson"}
    assert len(values(draws, "jpeg.quality")) == 16
    assert values(draws, "jpeg.2.quality") == []
    assert values(draws, "sinc.size") == []
    assert min(values(draws, "resize.factor")) >= 1
    assert set(values(draws, "resize.2.factor")) == {1.0}


def test_kernels_are_drawn_as_their_options_say():
    text = (
        "realesrgan(blur=[1.0, 1.0], sinc=[0.0, 0.0], size=[9..9, 11..13], "
        "kernel_weights=[[0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]], "
        "beta=[2..3, 2..3], plateau_beta=[1.2..1.4, 1.6..1.7], final_sinc=1.0, final_size=5..5)"
    )
    _, draws = drawn(chain(text))
    assert set(values(draws, "blur.kind")) == {"generalised"}
    assert set(values(draws, "blur.2.kind")) == {"plateau-anisotropic"}
    assert set(values(draws, "blur.size")) == {9}
    assert set(values(draws, "blur.2.size")) == {11, 13}
    assert 2 <= min(values(draws, "blur.beta")) <= max(values(draws, "blur.beta")) <= 3
    assert 1.6 <= min(values(draws, "blur.2.beta")) <= max(values(draws, "blur.2.beta")) <= 1.7
    assert set(values(draws, "sinc.size")) == {5}


def test_bsrgan_s_order_and_probabilities():
    text = "bsrgan(shuffle=0.0, halved=1.0, anisotropic=0.0, plain=1.0, early_jpeg=0.0, "
    _, draws = drawn(chain(f"{text}sigma=0.5..0.6, shrink=2..3, gray=0.0, correlated=1.0)"))
    assert set(values(draws, "bsrgan.order")) == {"blur blur downsample resize noise jpeg"}
    assert 0.5 <= min(values(draws, "blur.sigma")) <= max(values(draws, "blur.2.sigma")) <= 0.6
    assert 2 <= min(values(draws, "downsample.by")) <= max(values(draws, "downsample.by")) <= 3
    assert values(draws, "jpeg.2.quality") == []
    _, draws = drawn(
        chain("bsrgan(plain=0.0, shifted_sigma=1..1.1, anisotropic=1.0, variance=4..4.1)")
    )
    assert set(values(draws, "downsample.by")) <= {2.0, 4.0}
    assert 1 <= min(values(draws, "downsample.sigma")) <= 1.1
    assert 2 <= min(values(draws, "blur.sigma_y")) <= max(values(draws, "blur.sigma_y")) <= 2.1


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("realesrgan(gray=[0.4, 1.4])", "gray"),
        ("realesrgan(final_sinc=-0.1)", "final_sinc"),
        ("realesrgan(quality=[0..95, 30..95])", "quality"),
        ("realesrgan(noise=[30..1, 1..25])", "a range goes upwards"),
        ("realesrgan(kernel_weights=[[1, 1], [1, 1]])", "kernel_weights"),
        ("bsrgan(size=0..9)", "size"),
        ("bsrgan(shrink=0.5..2)", "shrink"),
    ],
)
def test_what_is_no_such_value_is_refused_before_anything_is_built(text, fact):
    with pytest.raises(SrkitError, match=fact):
        bind(discover(), "degradation", parse_call(text), {"scale": 4})


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (
            "realesrgan(kernel_weights=[[0.0, 0.0, 0.0, 0.0, 0.0, 0.0], "
            "[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]])",
            "kernel_weights must be 6 numbers",
        ),
        ("realesrgan(final_size=8..8)", "size must be odd or a range with an odd number"),
        ("bsrgan(gray=0.7, correlated=0.4)", "more than 1 together"),
        ("bsrgan(size=8..8)", "size must be odd or a range with an odd number"),
    ],
)
def test_values_that_do_not_go_together_are_named(text, fact):
    with pytest.raises(OptionError, match=fact):
        chain(text)
