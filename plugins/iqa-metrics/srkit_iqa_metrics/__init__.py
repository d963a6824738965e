"""Announces the NIQE and DISTS metrics, and the weights they read."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Metric
from srkit_core.pretrained import obtain
from srkit_core.specs import Alternatives, MetricSpec, Packaged, WeightsFile, WeightsSpec
from srkit_perception.network_weights import VGG16_TORCHVISION

NIQE_PRISTINE: Final = WeightsSpec(
    name="niqe-pristine",
    files=(
        WeightsFile(
            sha256="2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
            size=11_850,
            sources=(
                Packaged(
                    project="basicsr",
                    archive="basicsr-1.4.2.tar.gz",
                    sha256="b89b595a87ef964cda9913b4d99380ddb6554c965577c0c10cb7b78e31301e87",
                    member="basicsr-1.4.2/basicsr/metrics/niqe_pris_params.npz",
                ),
            ),
        ),
    ),
    licence="Apache-2.0 (BasicSR), of LIVE's release (any use, with its notice and "
    "acknowledgement)",
    summary="statistics of pristine pictures that NIQE compares with",
    source="Mittal et al. 2013, NIQE Software Release, as BasicSR 1.4.2 carries them",
)
DISTS_WEIGHTS: Final = WeightsSpec(
    name="dists",
    files=(
        WeightsFile(
            sha256="f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
            size=12_288,
            sources=(
                Packaged(
                    project="dists-pytorch",
                    archive="DISTS_pytorch-0.1-py3-none-any.whl",
                    sha256="73e54ce13e7cf3ca962ee8e433d129884ec3dc75e00a27af90525e1da760ac61",
                    member="DISTS_pytorch/weights.pt",
                ),
            ),
        ),
    ),
    licence="MIT",
    summary="weights of texture and structure that DISTS was trained to",
    source="Ding et al. 2020, the authors' own, DISTS_pytorch 0.1",
)


def niqe(*, border: Annotated[int, Between(low=0)] = 0) -> Metric:
    """Distance of a picture's statistics from those of natural pictures, on luma.

    It needs two blocks of 96 x 96 pixels.

    Args:
        border: pixels cut from each side first; BasicSR cuts none, the PIRM challenge (Blau et al.
            2018) cut 4.
    """
    from srkit_iqa_metrics.niqe_metric import NIQE, read_pristine_model

    mean, covariance = read_pristine_model(obtain(NIQE_PRISTINE).path)
    return NIQE(mean=mean, covariance=covariance, border=border)


def dists() -> Metric:
    """Distance of texture and structure in VGG16's features, on whole RGB pictures of the size they
    have; 0 for equal pictures.
    """
    from srkit_iqa_metrics.dists_metric import DISTS, read_dists_weights

    alpha, beta = read_dists_weights(obtain(DISTS_WEIGHTS).path)
    return DISTS(obtain(VGG16_TORCHVISION), alpha=alpha, beta=beta)


def _niqe_weights(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
    return ((NIQE_PRISTINE.name,),)


def _niqe_min_size(options: Mapping[str, Any], /) -> int:
    """Say which square holds two blocks, and as a rule two with texture."""
    return 3 * 96 + 2 * int(options["border"])


def _dists_weights(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
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
            min_size=_niqe_min_size,
            pretrained=_niqe_weights,
        ),
        MetricSpec(
            name="dists",
            factory=dists,
            summary="deep structure and texture similarity",
            source="Ding et al. 2020, eq. 6",
            higher_is_better=False,
            domain="rgb",
            min_size=16,
            pretrained=_dists_weights,
        ),
        NIQE_PRISTINE,
        DISTS_WEIGHTS,
    ]
