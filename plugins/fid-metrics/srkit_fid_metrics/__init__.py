"""Announces FID and KID, metrics of a whole set, and the network whose features they compare."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, SetMetric
from srkit_core.pretrained import obtain
from srkit_core.specs import Alternatives, Home, MetricSpec, WeightsFile, WeightsSpec

_TORCH_FIDELITY: Final = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth"
)
_PYTORCH_FID: Final = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth"
)

INCEPTION: Final = WeightsSpec(
    name="inception-2015-12-05",
    files=(
        WeightsFile(
            sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            size=95_628_359,
            sources=(Home(_TORCH_FIDELITY), Home(_PYTORCH_FID)),
        ),
    ),
    licence="Apache-2.0",
    summary="Inception v3 of 2015-12-05, whose features FID and KID compare",
    source="Szegedy et al. 2016, TensorFlow's weights, ported by pytorch-fid and torch-fidelity",
)


def fid() -> SetMetric:
    """Fréchet distance of the Inception features of SR and of HR, as two Gaussians; 0 for equal
    sets.

    It falls with the number of pictures, so that figures of sets of other sizes do not compare; of
    fewer than some thousands it is a rough figure.
    """
    from srkit_fid_metrics.inception import InceptionFeatures
    from srkit_fid_metrics.set_distances import FrechetDistance

    return FrechetDistance(InceptionFeatures(obtain(INCEPTION).path))


def kid(*, subset: Annotated[int, Between(low=2)] = 1000, subsets: Count = 100) -> SetMetric:
    """Squared maximum mean discrepancy of the Inception features of SR and HR under a cubic kernel,
    unbiased: it does not depend on the number of pictures, and may be below 0 for equal sets.

    Args:
        subset: how many pictures are compared at a time; a set that has no more is compared whole.
        subsets: over how many random subsets of a larger set the mean is taken.
    """
    from srkit_fid_metrics.inception import InceptionFeatures
    from srkit_fid_metrics.set_distances import KernelDistance

    features = InceptionFeatures(obtain(INCEPTION).path)
    return KernelDistance(features, subset=subset, subsets=subsets)


def _inception(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
    return ((INCEPTION.name,),)


@hookimpl
def srkit_components() -> list[MetricSpec | WeightsSpec]:
    """Announce `fid` and `kid`."""
    return [
        MetricSpec(
            name="fid",
            factory=fid,
            summary="Fréchet Inception distance of two sets",
            source="Heusel et al. 2017, eq. 6, on the features of torch-fidelity",
            higher_is_better=False,
            domain="rgb",
            of_set=True,
            pretrained=_inception,
        ),
        MetricSpec(
            name="kid",
            factory=kid,
            summary="kernel Inception distance of two sets",
            source="Bińkowski et al. 2018, section 4, on the features of torch-fidelity",
            higher_is_better=False,
            domain="rgb",
            of_set=True,
            pretrained=_inception,
            unseen_options={
                "subset": "a set that has no more pictures is compared whole",
                "subsets": "a set that has no more pictures than a subset is compared whole",
            },
        ),
        INCEPTION,
    ]
