"""Fixtures of the light tests: a registry of tiny components that nobody may build."""

from math import ceil
from typing import Literal

import pytest

from srkit_core import builtin
from srkit_core.interfaces import (
    AdversarialLoss,
    Degradation,
    Discriminator,
    Generator,
    Loss,
    Metric,
    Range,
    ReferenceLoss,
)
from srkit_core.registry import discover
from srkit_core.specs import (
    AnnouncedSpec,
    AugmentationSpec,
    DegradationSpec,
    DiscriminatorSpec,
    GeneratorSpec,
    LossSpec,
    MetricSpec,
    ScheduleSpec,
)


def net(*, scale: int, blocks: int = 4, tail: Literal["tanh", "linear"] = "linear") -> Generator:
    raise AssertionError("nobody builds it")


def critic(*, width: int = 64) -> Discriminator:
    raise AssertionError("nobody builds it")


def critic_of_one_size(*, patch: int) -> Discriminator:
    raise AssertionError("nobody builds it")


def multi(*, of: Discriminator, n: int = 3) -> Discriminator:
    raise AssertionError("nobody builds it")


def l1() -> ReferenceLoss:
    raise AssertionError("nobody builds it")


def vgg(
    *,
    scale: int,
    patch: int,
    layer: Literal["conv2_2", "conv5_4"] = "conv5_4",
    norm: Loss | None = None,
) -> ReferenceLoss:
    raise AssertionError("nobody builds it")


def ragan(*, terms: tuple[Loss, ...] = ()) -> AdversarialLoss:
    raise AssertionError("nobody builds it")


def score(*, window: int = 11) -> Metric:
    raise AssertionError("nobody builds it")


def score_of_scale(*, scale: int) -> Metric:
    raise AssertionError("nobody builds it")


def shrink(*, scale: int, factor: int | None = None) -> Degradation:
    raise AssertionError("nobody builds it")


def blur(*, sigma: float | Range = 1.0) -> Degradation:
    raise AssertionError("nobody builds it")


def _factor(options):
    return options["factor"] or options["scale"]


def _three_sigma(options):
    sigma = options["sigma"]
    return ceil(3 * (sigma.high if isinstance(sigma, Range) else sigma))


TINY: list[AnnouncedSpec] = [
    GeneratorSpec(name="net", factory=net, summary="a network", scales=(2, 4)),
    GeneratorSpec(
        name="windowed",
        factory=net,
        summary="a network of windows",
        scales=(2, 4),
        size_multiple=8,
        min_size=24,
    ),
    GeneratorSpec(
        name="bicubic", factory=net, summary="interpolation", scales=(1, 2, 3, 4), trainable=False
    ),
    DiscriminatorSpec(name="critic", factory=critic, summary="any size", min_size=32),
    DiscriminatorSpec(name="fixed", factory=critic_of_one_size, summary="one size"),
    DiscriminatorSpec(name="multi", factory=multi, summary="several scales"),
    LossSpec(name="l1", factory=l1, summary="mean absolute difference"),
    LossSpec(name="vgg", factory=vgg, summary="features"),
    LossSpec(name="tv", factory=l1, summary="total variation", default_weight=2e-8),
    LossSpec(
        name="ragan", factory=ragan, summary="relativistic", adversarial=True, default_weight=0.005
    ),
    MetricSpec(name="psnr", factory=score, summary="ratio", higher_is_better=True, unit="dB"),
    MetricSpec(name="ssim", factory=score, summary="structure", higher_is_better=True),
    MetricSpec(
        name="scaled",
        factory=score_of_scale,
        summary="wants what no metric gets",
        higher_is_better=True,
    ),
    DegradationSpec(
        name="bicubic",
        factory=shrink,
        summary="shrinks",
        margin=lambda options: 2 * _factor(options),
        divisor=_factor,
    ),
    DegradationSpec(name="blur", factory=blur, summary="blurs", margin=_three_sigma),
]


_OTHERS = (AugmentationSpec, ScheduleSpec)
TINY += [one for one in builtin.srkit_components() if isinstance(one, _OTHERS)]
"""What every recipe needs beside components: augmentations, schedules."""


@pytest.fixture(scope="session")
def tiny_specs() -> list[AnnouncedSpec]:
    """The specs of the registry of tiny components, to announce them with others."""
    return list(TINY)


@pytest.fixture(scope="session")
def tiny(plugin):
    """A registry of components with every trait that a plan looks at."""
    registry = discover([plugin(*TINY, distribution="srkit-tiny")])
    assert registry.problems == ()
    return registry
