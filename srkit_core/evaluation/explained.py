"""What would the same SR score under the protocols that others use?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, log10, nan
from typing import Any

from torch import Tensor

from srkit_core.evaluation.common_protocols import COMMON, CommonProtocol
from srkit_core.evaluation.mean_intervals import Interval
from srkit_core.evaluation.metric_sizes import too_small
from srkit_core.evaluation.saved_pictures import SeenBy
from srkit_core.evaluation.scores import ExplainedScores, ModelScores, PictureScores, Scores
from srkit_core.evaluation.scoring import BuiltMetric, Pair, score
from srkit_core.metric_binding import MetricTerm


@dataclass(frozen=True)
class PooledScores(ModelScores):
    """Scores of which the mean of PSNR is that of the mean squared error of all pixels: `sizes` are
    how many numbers each picture has.
    """

    sizes: Mapping[str, int] = field(default_factory=dict, repr=False)

    def mean(self, label: str) -> float:
        """Return the mean of a metric, of PSNR over all pixels; infinite pictures have no error."""
        if self.specs[label].unit != "dB":
            return super().mean(label)
        errors = {
            name: self.sizes[name] * 10 ** (-scores[label] / 10)
            for name, scores in self.images.items()
        }
        total = sum(errors.values()) / sum(self.sizes.values()) if errors else nan
        return -10 * log10(total) if isfinite(total) and total > 0 else nan

    def interval(self, label: str) -> Interval:
        """Return none for PSNR, which is of no mean over pictures."""
        return (nan, nan) if self.specs[label].unit == "dB" else super().interval(label)


class Explained:
    """Scores of the SR that is shown to it, by common protocol, model and picture."""

    def __init__(
        self, scale: int, terms: Sequence[MetricTerm], metrics: Sequence[BuiltMetric]
    ) -> None:
        """Take what is measured, of which all counts that looks at what a protocol shows."""
        self._scale = scale
        self._metrics = [
            (term, one)
            for term, one in zip(terms, metrics, strict=True)
            if one.spec.domain == "protocol" and not one.common and not one.spec.of_set
        ]
        self._specs = {one.label: one.spec for _, one in self._metrics}
        self._found = defaultdict[tuple[str, str], dict[str, PictureScores]](dict)
        self._sizes = dict[str, int]()

    def __call__(self, model: str, pair: Pair, sr: Tensor) -> None:
        """Score SR (1, 3, H, W), not clamped, of a model under each protocol; nan where a picture
        is too small for that.
        """
        self._sizes[pair.name] = pair.hr.numel()
        sides = (pair.hr.shape[-2], pair.hr.shape[-1])
        for one in COMMON:
            protocol = one.at(self._scale)
            fit = [built for term, built in self._metrics if not too_small(sides, protocol, [term])]
            found = score(sr, pair.hr, protocol, fit)
            self._found[one.name, model][pair.name] = dict.fromkeys(self._specs, nan) | found

    def scores(
        self, document: Mapping[str, Any], rows: Sequence[ModelScores]
    ) -> tuple[ExplainedScores, ...]:
        """Return the scores of the rows under each protocol, whose document differs from the one
        given in that alone.
        """
        return tuple(
            ExplainedScores(one.name, one.used_by, self._of(one, document, rows)) for one in COMMON
        )

    def _of(
        self, one: CommonProtocol, document: Mapping[str, Any], rows: Sequence[ModelScores]
    ) -> Scores:
        said = {**document, **one.at(self._scale).describe()}
        said |= {"psnr": "of all pixels as one"} if one.pooled else {}
        said.pop("metric_protocols", None)
        said["metrics"] = {label: document["metrics"][label] for label in self._specs}
        return Scores(said, tuple(self._row(one, row, rows) for row in rows))

    def _row(
        self, one: CommonProtocol, row: ModelScores, rows: Sequence[ModelScores]
    ) -> ModelScores:
        """Return the scores of a row, or of the one whose file it has, which alone was seen."""
        alike = (other.name for other in rows if other is row or other.is_file_of(row))
        images = next(found for name in alike if (found := self._found.get((one.name, name))))
        if one.pooled:
            return PooledScores(row.name, images, self._specs, row.weights, sizes=self._sizes)
        return ModelScores(row.name, images, self._specs, row.weights)


def both(seen: SeenBy | None, also: SeenBy | None) -> SeenBy | None:
    """Return what shows everything to both, of which either may be missing."""
    if seen is None or also is None:
        return seen or also

    def shown(model: str, pair: Pair, sr: Tensor) -> None:
        seen(model, pair, sr)
        also(model, pair, sr)

    return shown
