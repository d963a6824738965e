"""Announces metrics of the library pyiqa, and the weights they read."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Metric
from srkit_core.pretrained import FoundWeights, obtain
from srkit_core.specs import Alternatives, Home, MetricSpec, WeightsFile, WeightsSpec

NetworkName = Literal["topiq_nr", "musiq", "clipiqa", "maniqa"]
"""What pyiqa calls a metric."""

_HUB: Final = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main/"
_CLIP: Final = "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"


def _weights(
    name: str, url: str, sha256: str, size: int | None, licence: str, source: str
) -> WeightsSpec:
    return WeightsSpec(
        name=name,
        files=(WeightsFile(sha256=sha256, size=size, sources=(Home(url),)),),
        licence=licence,
        summary=f"what {name.partition('-')[0]} learned, as pyiqa reads it",
        source=source,
    )


TOPIQ_WEIGHTS: Final = _weights(
    "topiq-koniq",
    _HUB + "cfanet_nr_koniq_res50-9a73138b.pth",
    "9a73138beb3748dd6a83365610ac88fa1cd53225342c77fc9ed44a3be461354c",
    None,
    "non-commercial (pyiqa)",
    "Chen et al. 2024, trained on KonIQ-10k by pyiqa's authors",
)
MUSIQ_WEIGHTS: Final = _weights(
    "musiq-koniq",
    _HUB + "musiq_koniq_ckpt-e95806b9.pth",
    "e95806b9eae5f3814c410f574ba8e552362bd5bc63d758ed5b97860f5d6185aa",
    108_610_983,
    "Apache-2.0 (Google), converted by pyiqa",
    "Ke et al. 2021, the authors' own, trained on KonIQ-10k",
)
MANIQA_WEIGHTS: Final = _weights(
    "maniqa-koniq",
    _HUB + "ckpt_koniq10k.pt",
    "a207f8ab57322e6be38ff5c8d019301dc032b454bef21c3c9f9dbf7974eebff6",
    543_335_435,
    "Apache-2.0",
    "Yang et al. 2022, the authors' own, trained on KonIQ-10k",
)
CLIP_WEIGHTS: Final = _weights(
    "clip-rn50",
    f"https://openaipublic.azureedge.net/clip/models/{_CLIP}/RN50.pt",
    _CLIP,
    None,
    "MIT",
    "Radford et al. 2021, the authors' own ResNet-50",
)


def topiq() -> Metric:
    """TOPIQ without reference, trained on KonIQ-10k: about 0 to 1."""
    return _metric("topiq_nr", TOPIQ_WEIGHTS)


def musiq() -> Metric:
    """MUSIQ, trained on KonIQ-10k: about 0 to 100."""
    return _metric("musiq", MUSIQ_WEIGHTS)


def clipiqa() -> Metric:
    """CLIP-IQA, by five pairs of prompts as in pyiqa: 0 to 1."""
    return _metric("clipiqa", CLIP_WEIGHTS)


def maniqa() -> Metric:
    """MANIQA, trained on KonIQ-10k, the mean over pyiqa's crops: about 0 to 1.

    Pictures must have 224 pixels a side.
    """
    return _metric("maniqa", MANIQA_WEIGHTS)


def _metric(name: NetworkName, weights: WeightsSpec) -> Metric:
    from srkit_pyiqa.metric import PyiqaMetric

    found: FoundWeights = obtain(weights)
    return PyiqaMetric(name, found.path)


def _spec(
    factory: Callable[[], Metric], weights: WeightsSpec, summary: str, source: str, min_size: int
) -> MetricSpec:
    def pretrained(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
        return ((weights.name,),)

    return MetricSpec(
        name=factory.__name__,
        factory=factory,
        summary=summary,
        source=f"{source}, by pyiqa (PolyForm Noncommercial 1.0.0)",
        higher_is_better=True,
        needs_reference=False,
        domain="rgb",
        min_size=min_size,
        pretrained=pretrained,
    )


@hookimpl
def srkit_components() -> list[MetricSpec | WeightsSpec]:
    """Announce `topiq`, `musiq`, `clipiqa` and `maniqa`."""
    return [
        _spec(topiq, TOPIQ_WEIGHTS, "TOPIQ, without reference", "Chen et al. 2024", 32),
        _spec(musiq, MUSIQ_WEIGHTS, "MUSIQ, without reference", "Ke et al. 2021", 32),
        _spec(clipiqa, CLIP_WEIGHTS, "CLIP-IQA, without reference", "Wang et al. 2023", 32),
        _spec(maniqa, MANIQA_WEIGHTS, "MANIQA, without reference", "Yang et al. 2022", 224),
        TOPIQ_WEIGHTS,
        MUSIQ_WEIGHTS,
        MANIQA_WEIGHTS,
        CLIP_WEIGHTS,
    ]
