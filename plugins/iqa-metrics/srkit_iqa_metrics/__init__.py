"""Announces the NIQE and DISTS metrics, and the learnt numbers they read."""

from collections.abc import Mapping
from typing import Annotated, Any

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Metric
from srkit_core.pretrained import obtain
from srkit_core.specs import Alternatives, MetricSpec, WeightsSpec
from srkit_iqa_metrics.entries import DISTS_WEIGHTS, PRISTINE
from srkit_perception.entries import VGG16_TORCHVISION


def niqe(*, border: Annotated[int, Between(low=0)] = 0) -> Metric:
    """Distance of a picture's statistics from those of natural pictures, on luma.

    It needs two blocks of 96 x 96 pixels.

    Args:
        border: pixels cut from each side first; BasicSR cuts none, the PIRM challenge (Blau et al.
            2018) cut 4.
    """
    from srkit_iqa_metrics.naturalness import NIQE, read_model

    mean, covariance = read_model(obtain(PRISTINE).path)
    return NIQE(mean=mean, covariance=covariance, border=border)


def dists() -> Metric:
    """Distance of texture and structure in VGG16's features, on whole RGB pictures of the size they
    have; 0 for equal pictures.
    """
    from srkit_iqa_metrics.structure import DISTS, read_weights

    alpha, beta = read_weights(obtain(DISTS_WEIGHTS).path)
    return DISTS(obtain(VGG16_TORCHVISION), alpha=alpha, beta=beta)


def _needed_by_niqe(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
    return ((PRISTINE.name,),)


def _smallest_for_niqe(options: Mapping[str, Any], /) -> int:
    """Say which square holds two blocks, and as a rule two with texture."""
    return 3 * 96 + 2 * int(options["border"])


def _needed_by_dists(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
    return ((DISTS_WEIGHTS.name,), (VGG16_TORCHVISION.name,))


@hookimpl
def srkit_components() -> list[MetricSpec | WeightsSpec]:
    """Announce `niqe` and `dists`."""
    return [
        MetricSpec(
            name="niqe",
            factory=niqe,
            summary="natural image quality evaluator, without reference",
            source="Mittal et al. 2013, with the constants of its MATLAB release; luma as in "
            "BasicSR",
            higher_is_better=False,
            needs_reference=False,
            domain="rgb",
            min_size=_smallest_for_niqe,
            pretrained=_needed_by_niqe,
        ),
        MetricSpec(
            name="dists",
            factory=dists,
            summary="deep structure and texture similarity",
            source="Ding et al. 2020, eq. 6",
            higher_is_better=False,
            domain="rgb",
            min_size=16,
            pretrained=_needed_by_dists,
        ),
        PRISTINE,
        DISTS_WEIGHTS,
    ]
