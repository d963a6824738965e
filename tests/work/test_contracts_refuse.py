"""Does each check of the contracts refuse what breaks it, and say so?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.binding import bind
from srkit_core.expressions import parse_call
from srkit_core.interfaces import ReferenceLoss
from srkit_core.registry import Component, Registry
from srkit_core.specs import DegradationSpec, LossSpec, MetricSpec
from srkit_core.testing import (
    AdversarialLossContract,
    DegradationContract,
    MetricContract,
    ReferenceLossContract,
)
from srkit_core.testing.announcement import heavy_imports


def _held_to(contract, spec):
    """Return the contract of a component that no distribution provides."""
    registry = Registry((Component(spec, "srkit-broken", "0"),))

    class Held(contract):
        def bound(self, **context):
            return bind(
                registry,
                contract.kind,
                parse_call(spec.name),
                {"scale": self.scale, "patch": self.patch, **context},
            )

    return Held()


def _refuses(contract, spec, check_name, message):
    with pytest.raises(AssertionError, match=message):
        getattr(_held_to(contract, spec), check_name)()


def _loss(call, **traits):
    def made() -> ReferenceLoss:
        return call

    return LossSpec(name="made", factory=made, summary="for this test", **traits)


@pytest.mark.parametrize(
    ("call", "check_name", "message"),
    [
        (
            lambda sr, hr: (sr - hr).abs().mean((1, 2, 3)),
            "test_it_is_a_finite_scalar_and_not_negative",
            "not a scalar",
        ),
        (
            lambda sr, hr: -(sr - hr).abs().mean(),
            "test_it_is_a_finite_scalar_and_not_negative",
            "negative",
        ),
        (
            lambda sr, hr: (sr - hr).square().mean().log(),
            "test_it_is_a_finite_scalar_and_not_negative",
            "the loss is -inf",
        ),
        (
            lambda sr, hr: sr.square().mean(),
            "test_it_is_least_for_equal_pictures",
            "does not grow with noise",
        ),
        (
            lambda sr, hr: (sr[:1] - hr[:1]).abs().mean(),
            "test_gradient_reaches_sr",
            "zero for some of the batch",
        ),
        (
            lambda sr, hr: (sr - hr).square().mean().sqrt(),
            "test_gradient_is_finite_for_equal_pictures",
            "not finite",
        ),
        (lambda sr, hr: sr.sub_(hr).abs().mean(), "test_the_pictures_are_left_alone", "changes SR"),
    ],
)
def test_reference_losses(call, check_name, message):
    getattr(
        _held_to(ReferenceLossContract, _loss(lambda sr, hr: (sr - hr).abs().mean())), check_name
    )()
    _refuses(ReferenceLossContract, _loss(call), check_name, message)


@pytest.mark.parametrize(
    ("traits", "message"),
    [({"default_weight": 0.0}, "not positive"), ({"adversarial": True}, "use the other contract")],
)
def test_traits_of_losses(traits, message):
    _refuses(ReferenceLossContract, _loss(None, **traits), "test_its_traits_are_sensible", message)


class _Adversarial:
    """The standard game, with faces that a test may replace."""

    def __init__(self, generator=None, discriminator=None):
        softplus = functional.softplus
        self.generator = generator or (lambda real, fake: softplus(-fake.float()).mean())
        self.discriminator = discriminator or (
            lambda real, fake: softplus(-real.float()).mean() + softplus(fake.float()).mean()
        )


@pytest.mark.parametrize(
    ("faces", "check_name", "message"),
    [
        (
            {"generator": lambda real, fake: functional.softplus(-fake).mean(-1)},
            "test_both_faces_are_finite_scalars",
            "not a scalar",
        ),
        (
            {"generator": lambda real, fake: -fake.sigmoid().log().mean()},
            "test_both_faces_are_finite_in_half_precision",
            "the generator face of .* is inf",
        ),
        (
            {"discriminator": lambda real, fake: functional.softplus(real).mean()},
            "test_the_discriminator_is_rewarded_for_telling_them_apart",
            "it does not fall",
        ),
        (
            {
                "discriminator": lambda real, fake: (
                    functional.softplus(-real).mean() + 0 * fake.mean()
                )
            },
            "test_the_discriminator_is_rewarded_for_telling_them_apart",
            "fake logits is zero",
        ),
        (
            {"generator": lambda real, fake: fake.mean()},
            "test_the_generator_is_rewarded_for_deceiving",
            "it does not fall",
        ),
        (
            {"generator": lambda real, fake: -fake.mul_(2).mean()},
            "test_the_logits_are_left_alone",
            "in place",
        ),
    ],
)
def test_adversarial_losses(faces, check_name, message):
    getattr(
        _held_to(AdversarialLossContract, _loss(_Adversarial(), adversarial=True)), check_name
    )()
    _refuses(
        AdversarialLossContract, _loss(_Adversarial(**faces), adversarial=True), check_name, message
    )


def _metric(call, higher_is_better=False, **traits):
    def made():
        return call

    return MetricSpec(
        name="made",
        factory=made,
        summary="for this test",
        higher_is_better=higher_is_better,
        **traits,
    )


def _error(sr, hr):
    return (sr - hr).abs().mean((1, 2, 3))


@pytest.mark.parametrize(
    ("spec", "check_name", "message"),
    [
        (
            _metric(lambda sr, hr: _error(sr, hr).mean()),
            "test_there_is_a_finite_score_a_picture",
            "get scores",
        ),
        (
            _metric(lambda sr, hr: _error(sr, hr).mean().expand(len(sr))),
            "test_the_score_of_a_picture_is_its_own",
            "in a batch",
        ),
        (
            _metric(_error, higher_is_better=True),
            "test_a_less_noisy_picture_scores_better",
            "higher_is_better=True",
        ),
        (
            _metric(lambda sr, hr: _error(sr.sub_(hr), 0 * hr)),
            "test_the_pictures_are_left_alone",
            "changes SR",
        ),
    ],
)
def test_metrics(spec, check_name, message):
    getattr(_held_to(MetricContract, _metric(_error)), check_name)()
    _refuses(MetricContract, spec, check_name, message)


def _blur(hr, *, rng):
    return functional.avg_pool2d(functional.pad(hr, (2, 2, 2, 2), mode="replicate"), 5, 1)


def _degradation(call, **traits):
    def made():
        return call

    return DegradationSpec(
        name="made",
        factory=made,
        summary="for this test",
        **{"margin": lambda options: 2, **traits},
    )


@pytest.mark.parametrize(
    ("spec", "check_name", "message"),
    [
        (
            _degradation(_blur, margin=lambda options: 1),
            "test_lr_of_a_crop_with_its_margin_is_the_crop_of_lr",
            "margin of 1 pixels",
        ),
        (
            _degradation(_blur, divisor=lambda options: 2),
            "test_lr_is_divisor_times_smaller",
            "gives LR",
        ),
        (
            _degradation(_blur, divisor=lambda options: 0),
            "test_its_traits_are_sensible",
            "the divisor is 0",
        ),
        (
            _degradation(lambda hr, rng: _blur(hr.float(), rng=rng)),
            "test_lr_keeps_type_and_device_of_hr",
            "gives LR of torch.float32",
        ),
        (
            _degradation(lambda hr, rng: hr + torch.rand_like(hr)),
            "test_all_randomness_comes_from_rng",
            "global random state changes LR",
        ),
        (
            _degradation(lambda hr, rng: _blur(hr.mul_(2), rng=rng)),
            "test_hr_is_left_alone",
            "changes HR",
        ),
    ],
)
def test_degradations(spec, check_name, message):
    getattr(_held_to(DegradationContract, _degradation(_blur)), check_name)()
    _refuses(DegradationContract, spec, check_name, message)


def test_options_without_words_are_refused():
    def made(*, strength: float = 1.0):
        """Do something.

        Args:
            other: not an option.
        """

    spec = LossSpec(name="made", factory=made, summary="for this test")
    _refuses(
        ReferenceLossContract,
        spec,
        "test_every_option_is_documented",
        "documents no option .*strength",
    )


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / f"package_of_{tmp_path.name}"
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def write(**sources):
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        return folder.name

    return write


def test_imports_are_followed_through_the_package(package):
    name = package(
        __init__="from .words import thing",
        words="import os\nfrom . import work as other\nthing = 1",
        work="try:\n    from numpy import linalg\nexcept ImportError:\n    pass",
    )
    assert heavy_imports(name) == {"numpy"}
    assert heavy_imports(f"{name}.words") == {"numpy"}


def test_imports_that_come_later_or_never_do_not_count(package):
    name = package(
        __init__="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\ndef "
        "make():\n    import numpy\n    return numpy",
        work="import torch",
    )
    assert heavy_imports(name) == set()
    assert heavy_imports(f"{name}.work") == {"torch"}
