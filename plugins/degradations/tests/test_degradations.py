"""Does every degradation keep the laws of its kind, and draw what its options say?"""

import itertools

import pytest
import torch

from srkit_core.binding import bind
from srkit_core.errors import OptionError
from srkit_core.expressions import parse_call
from srkit_core.interfaces import Range, TracedDegradation
from srkit_core.registry import discover
from srkit_core.specs import DegradationSpec
from srkit_core.testing import DegradationContract
from srkit_core.testing.samples import pictures
from srkit_degradations import (
    blur,
    bsrgan,
    jpeg,
    noise,
    realesrgan,
    resize,
    sharpen,
    shuffle,
    sinc,
    srkit_components,
)

CHAINS = {
    "blur": blur(kind=("anisotropic", "plateau", "sinc"), size=Range(7, 21)),
    "sinc": sinc(),
    "noise": noise(kind=("gaussian", "poisson"), gray=0.4),
    "jpeg": jpeg(),
    "resize": resize(weights=(0.2, 0.7, 0.1), through=(noise(), jpeg())),
    "sharpen": sharpen(),
    "shuffle": shuffle(of=(blur(), noise(), jpeg())),
    "realesrgan": realesrgan(scale=4),
    "bsrgan": bsrgan(scale=4),
}


class TestBlur(DegradationContract):
    expression = "blur(sigma=1.5)"


class TestBlurOfDrawnSigma(DegradationContract):
    expression = "blur"


class TestBlurOfEveryKind(DegradationContract):
    expression = (
        "blur(kind=[isotropic, anisotropic, generalised, generalised-anisotropic, plateau, "
        "plateau-anisotropic, sinc], "
        "weights=[1, 2, 1, 1, 1, 1, 1], size=7..21, rotation=-90..90, sigma_y=0.5..1, beta=2.0)"
    )


class TestSinc(DegradationContract):
    expression = "sinc"


class TestGaussianNoise(DegradationContract):
    expression = "noise(sigma=1..30, gray=0.4)"


class TestPoissonNoise(DegradationContract):
    expression = "noise(kind=[gaussian, poisson], weights=[0.2, 0.8])"


class TestJpeg(DegradationContract):
    expression = "jpeg"


class TestResize(DegradationContract):
    expression = (
        "resize(weights=[0.2, 0.7, 0.1], through=[blur(sigma=0.2..1), noise, jpeg], divide=2)"
    )


class TestResizeByHalf(DegradationContract):
    expression = "resize(factor=0.5, kernel=bicubic, through=[blur(sigma=1.0)], divide=2)"


class TestResizeOnce(DegradationContract):
    expression = "resize(factor=0.25, kernel=area, divide=4)"


class TestSharpen(DegradationContract):
    expression = "sharpen"


class TestShuffle(DegradationContract):
    expression = "shuffle(of=[blur(sigma=0.7), bicubic(factor=2), sharpen(radius=5)])"


class TestShuffleOfNoise(DegradationContract):
    expression = "shuffle(of=[blur, noise, jpeg], draw=batch)"


class TestRealESRGAN(DegradationContract):
    expression = "realesrgan"


class TestRealESRGANOfBatches(DegradationContract):
    expression = "realesrgan(draw=batch, quality=[60..95, 80..80])"
    scale = 2


class TestBSRGAN(DegradationContract):
    expression = "bsrgan"


class TestBSRGANByThree(DegradationContract):
    expression = "bsrgan"
    scale = 3


@pytest.mark.parametrize(
    ("expression", "exact"),
    [
        ("blur", True),
        ("sharpen", True),
        ("noise", False),
        ("jpeg", False),
        ("resize(factor=0.5..0.5, divide=2)", False),
        ("resize(factor=0.5)", False),
        ("resize(factor=0.5, divide=2)", True),
        ("resize(factor=0.25, divide=2)", False),
        ("resize(factor=0.5, through=[bicubic(factor=2)], divide=4)", True),
        ("resize(factor=0.5, through=[noise], divide=2)", False),
        ("shuffle(of=[blur, sinc])", True),
        ("shuffle(of=[blur, jpeg])", False),
        ("realesrgan", False),
        ("bsrgan", False),
    ],
)
def test_only_what_is_aligned_and_not_drawn_for_pixels_is_exact_in_crops(expression, exact):
    bound = bind(discover(), "degradation", parse_call(expression), {"scale": 4})
    assert bound.spec(DegradationSpec).exact_in_crops(bound.arguments) is exact


@pytest.mark.parametrize(
    ("expression", "margin", "divisor"),
    [
        ("blur(sigma=1.5)", 6, 1),
        ("blur(size=7..21)", 10, 1),
        ("sharpen", 50, 1),
        ("resize(factor=0.5)", 2 + 4 * 2 + 2, 1),
        ("resize(factor=0.5..2, through=[blur(size=7)], divide=3)", 2 + 7 * 2 + 6, 3),
        ("shuffle(of=[blur(size=7), bicubic(factor=2)])", 2 * 3 + 3, 2),
        ("realesrgan", 72, 4),
        ("bsrgan", 72, 4),
    ],
)
def test_margins_and_divisors(expression, margin, divisor):
    bound = bind(discover(), "degradation", parse_call(expression), {"scale": 4})
    spec = bound.spec(DegradationSpec)
    assert (spec.margin(bound.arguments), spec.divisor(bound.arguments)) == (margin, divisor)


def _traced(name, hr, seed=0):
    return CHAINS[name].traced(hr, rng=torch.Generator().manual_seed(seed))


def test_every_component_is_tried_here():
    assert {spec.name for spec in srkit_components()} == set(CHAINS)


@pytest.mark.parametrize("name", CHAINS)
def test_a_seed_gives_one_result_and_another_seed_another(name):
    hr = pictures(3, 48, 64)
    (lr, draws), (again, same), (other, different) = (
        _traced(name, hr),
        _traced(name, hr),
        _traced(name, hr, seed=1),
    )
    assert torch.equal(lr, again)
    assert draws == same
    assert name == "sharpen" or not torch.equal(lr, other)
    assert name == "sharpen" or draws != different


@pytest.mark.parametrize("name", CHAINS)
def test_a_call_is_what_it_traces_and_each_picture_has_draws(name):
    hr = pictures(3, 48, 64)
    assert isinstance(CHAINS[name], TracedDegradation)
    lr, draws = _traced(name, hr)
    assert torch.equal(CHAINS[name](hr, rng=torch.Generator().manual_seed(0)), lr)
    assert len(draws) == 3
    assert name == "sharpen" or draws[0] != draws[1] != draws[2]


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_worked_on_in_float32(name, dtype):
    hr = pictures(2, 48, 64).to(dtype)
    lr, wide = _traced(name, hr)[0], _traced(name, hr.float())[0]
    assert lr.dtype == dtype
    assert torch.equal(lr, wide.to(dtype))


@pytest.mark.parametrize("name", CHAINS)
def test_autocast_changes_nothing_and_the_result_lies_in_0_to_1(name):
    hr = pictures(2, 48, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lr = _traced(name, hr)[0]
    assert torch.equal(lr, _traced(name, hr)[0])
    assert lr.min() >= 0
    assert lr.max() <= 1


@pytest.mark.parametrize("name", CHAINS)
def test_a_batch_as_it_is_loaded_gives_the_same(name):
    hr = pictures(2, 48, 64)
    assert torch.equal(
        _traced(name, hr.contiguous(memory_format=torch.channels_last))[0], _traced(name, hr)[0]
    )


def test_draws_lie_in_their_ranges():
    step = shuffle(
        of=(
            blur(
                kind=("anisotropic", "generalised"),
                sigma=Range(0.5, 2),
                sigma_y=Range(3, 4),
                rotation=Range(10, 20),
                size=Range(7, 11),
            ),
            noise(sigma=Range(5, 6), gray=0.5),
            jpeg(quality=Range(40, 50)),
            resize(factor=Range(0.5, 0.75)),
            sinc(cutoff=Range(1, 2)),
        )
    )
    _, draws = step.traced(pictures(64, 16, 16), rng=torch.Generator().manual_seed(0))
    ranges = {
        "blur.sigma": (0.5, 2),
        "blur.sigma_y": (3, 4),
        "blur.rotation": (10, 20),
        "blur.beta": (0.5, 4),
        "noise.sigma": (5, 6),
        "resize.factor": (0.5, 0.75),
        "sinc.cutoff": (1, 2),
    }
    for name, (low, high) in ranges.items():
        values = [one[name] for one in draws if name in one]
        assert len(values) > 10
        assert low <= min(values) < low + (high - low) / 5, name
        assert high - (high - low) / 5 < max(values) <= high, name
    assert {one["jpeg.quality"] for one in draws} == set(range(40, 51))
    assert {one["blur.size"] for one in draws} == {7, 9, 11}
    assert {one["noise.colour"] for one in draws} == {"gray", "rgb"}


def test_a_beta_around_1_is_drawn_below_it_half_of_the_time():
    _, draws = blur(kind="generalised").traced(
        pictures(400, 4, 4), rng=torch.Generator().manual_seed(0)
    )
    assert sum(one["blur.beta"] < 1 for one in draws) == pytest.approx(
        200, abs=40
    )  # 4 standard deviations


def test_enlarging_shrinking_and_keeping_have_their_weights():
    _, draws = resize(weights=(0.2, 0.7, 0.1)).traced(
        pictures(1000, 2, 2), rng=torch.Generator().manual_seed(0)
    )
    factors = torch.tensor([one["resize.factor"] for one in draws])
    assert int((factors > 1).sum()) == pytest.approx(200, abs=51)
    assert int((factors < 1).sum()) == pytest.approx(700, abs=58)
    assert 0.15 <= factors.min() < 0.2
    assert 1.4 < factors.max() <= 1.5


def test_shuffling_covers_all_orders_about_equally():
    _, draws = shuffle(of=(blur(sigma=0.5), jpeg(quality=90), sharpen(radius=3))).traced(
        pictures(600, 2, 2), rng=torch.Generator().manual_seed(0)
    )
    orders = [one["shuffle.order"] for one in draws]
    assert set(orders) == {" ".join(order) for order in itertools.permutations("123")}
    assert max(orders.count(order) for order in set(orders)) < 100 + 37  # 4 standard deviations


def test_the_written_order_is_the_order_that_happened():
    hr, first, second = pictures(8, 16, 16), blur(sigma=1.0), jpeg(quality=20)
    lr, draws = shuffle(of=(first, second)).traced(hr, rng=torch.Generator().manual_seed(0))
    for i, one in enumerate(draws):
        steps = [first, second] if one["shuffle.order"] == "1 2" else [second, first]
        picture = hr[i : i + 1]
        for step in steps:
            picture = step(picture, rng=torch.Generator())
        assert torch.allclose(lr[i : i + 1], picture, atol=1e-6)


def test_a_batch_can_share_what_is_drawn():
    _, draws = realesrgan(scale=4, draw="batch").traced(
        pictures(6, 32, 32), rng=torch.Generator().manual_seed(0)
    )
    for name in ("resize.factor", "resize.kernel", "resize.2.factor", "realesrgan.last"):
        assert len({one[name] for one in draws}) == 1, name
    assert len({one["jpeg.quality"] for one in draws}) > 1


def test_repeated_components_are_numbered():
    step = resize(
        factor=0.5, through=(noise(), noise(), resize(factor=Range(0.5, 0.6), through=(noise(),)))
    )
    _, draws = step.traced(pictures(1, 16, 16), rng=torch.Generator().manual_seed(0))
    assert {"noise.sigma", "noise.2.sigma", "noise.3.sigma", "resize.2.factor"} <= set(draws[0])


def test_the_preset_applies_both_rounds_with_the_published_probabilities():
    _, draws = realesrgan(scale=4).traced(pictures(400, 8, 8), rng=torch.Generator().manual_seed(0))
    shares = {
        "a second blur": (sum("blur.2.kind" in one for one in draws), 0.8),
        "a final sinc": (sum("sinc.cutoff" in one for one in draws), 0.8),
        "isotropic first": (sum(one["blur.kind"] == "isotropic" for one in draws), 0.405),
        "sinc first": (sum(one["blur.kind"] == "sinc" for one in draws), 0.1),
        "gaussian first": (sum(one["noise.kind"] == "gaussian" for one in draws), 0.5),
        "gray first": (sum(one["noise.colour"] == "gray" for one in draws), 0.4),
        "jpeg last": (sum(one["realesrgan.last"] == "jpeg" for one in draws), 0.5),
    }
    for name, (count, probability) in shares.items():
        assert count == pytest.approx(
            400 * probability, abs=4 * (400 * probability * (1 - probability)) ** 0.5
        ), name


def test_options_of_the_preset_are_for_the_first_and_the_second_round():
    ranges = {
        "sigma": (Range(0.2, 0.3), Range(1.2, 1.3)),
        "noise": (Range(1, 2), Range(21, 22)),
        "poisson": (Range(0.1, 0.2), Range(2.1, 2.2)),
        "quality": (Range(31, 32), Range(91, 92)),
    }
    written = {
        "sigma": "blur{}.sigma",
        "noise": "noise{}.sigma",
        "poisson": "noise{}.factor",
        "quality": "jpeg{}.quality",
    }
    _, draws = realesrgan(scale=2, **ranges).traced(
        pictures(40, 8, 8), rng=torch.Generator().manual_seed(0)
    )
    for option, key in written.items():
        for bound, number in zip(ranges[option], ("", ".2"), strict=True):
            values = [one[key.format(number)] for one in draws if key.format(number) in one]
            assert values
            assert all(bound.low <= value <= bound.high for value in values), key


@pytest.mark.parametrize("preset", [realesrgan(scale=4), bsrgan(scale=4)])
def test_presets_give_8_bit_values(preset):
    lr = preset(pictures(8, 32, 32), rng=torch.Generator().manual_seed(0)) * 255
    assert (lr - lr.round()).abs().max() < 1e-4


def test_bsrgan_shrinks_in_every_order():
    _, draws = bsrgan(scale=4).traced(pictures(64, 16, 16), rng=torch.Generator().manual_seed(0))
    orders = [one["bsrgan.order"].split() for one in draws]
    assert all(order.index("downsample") < order.index("resize") for order in orders)
    assert {order[0] for order in orders} == {"blur", "downsample", "noise", "jpeg"}
    assert {one["noise.colour"] for one in draws} == {"gray", "correlated", "rgb"}


@pytest.mark.parametrize(
    "build",
    [
        lambda: blur(size=4),
        lambda: blur(size=Range(8, 8)),
        lambda: blur(kind=("isotropic", "plateau"), weights=(1.0,)),
        lambda: blur(kind=("isotropic", "plateau"), weights=(0.0, 0.0)),
        lambda: noise(weights=(1.0, 2.0)),
        lambda: resize(factor=0.5, weights=(1, 1, 1)),
        lambda: resize(factor=Range(0.5, 0.7), weights=(1, 1, 1)),
    ],
)
def test_options_that_contradict_each_other_are_refused(build):
    with pytest.raises(OptionError):
        build()
