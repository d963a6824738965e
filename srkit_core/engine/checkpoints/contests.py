"""In which figures are validations of a stage compared, and which of them is the best so far?"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import fsum, isfinite, nan
from statistics import fmean
from typing import TYPE_CHECKING, Final

from srkit_core.engine.checkpoints.checkpoint import Progress
from srkit_core.engine.logs.columns import TOTAL
from srkit_core.engine.logs.logger import Figures
from srkit_core.engine.validator import SetScores, metric_column

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

BEST_LOSS: Final = "loss"


@dataclass(frozen=True)
class Contest:
    """A column in which validations of a stage are compared: its figure, and the scores by picture
    that it is the mean of. Weights are kept under `name` where it has one.

    Where `several` sets decide, pictures are called SET/NAME, and the figure is the mean of the
    sets' means.
    """

    column: str
    name: str
    value: float
    scores: Mapping[str, float]
    higher_is_better: bool
    several: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Under which names a summary tells it: its column, and the metric alone where the set of
        its column decides.
        """
        alone = self.name in ("", BEST_LOSS, self.column)
        return (self.column,) if alone else (self.column, self.name)

    def is_won(self, progress: Progress) -> bool:
        """Whether it is better than the best before, on the pictures that both judge: means of
        different pictures say nothing about each other.
        """
        judged = progress.judged.get(self.column, {})
        both = self.scores.keys() & judged.keys()
        if self.name and self.name not in progress.best:
            return bool(self.scores)
        if not judged and self.name in progress.best:  # an older srkit kept no scores by picture
            return self._improves(self.value, progress.best[self.name])
        if not both:
            return bool(self.scores)
        level = _mean_of_sets if self.several else _sum
        return self._improves(level(self.scores, both), level(judged, both))

    def _improves(self, value: float, before: float) -> bool:
        return value > before if self.higher_is_better else value < before


def contests(run: "StageRun", losses: Figures, scores: SetScores) -> Iterator[Contest]:
    """Yield what validations are compared in: each metric on each validation set, each on the sets
    that decide, where weights are kept, and the validation loss.
    """
    plan, names = run.context.plan.validation, tuple(run.context.data.validation)
    deciding = plan.deciding(names)
    for name in names:
        for term in plan.of(name).metrics:
            column = metric_column(term.label, name)
            kept = term.label if deciding == (name,) else ""
            value, higher = scores.figures.get(column, nan), term.spec.higher_is_better
            yield Contest(column, kept, value, scores.judged[column], higher)
    if len(deciding) > 1:
        for label in plan.labels_of(deciding):
            yield _over_sets(run, label, deciding, scores)
    total = losses.get(TOTAL, nan)
    yield Contest(TOTAL, BEST_LOSS, total, {TOTAL: total} if isfinite(total) else {}, False)


def deciding_figures(run: "StageRun", losses: Figures, scores: SetScores) -> Figures:
    """Return the figures by which weights are the best, by metric and `loss`: what patience and
    schedules go by. What no picture gives is not there.
    """
    found = contests(run, losses, scores)
    return {one.name: one.value for one in found if one.name and isfinite(one.value)}


def _over_sets(
    run: "StageRun", label: str, deciding: Collection[str], scores: SetScores
) -> Contest:
    judged = {
        f"{name}/{picture}": score
        for name in deciding
        for picture, score in scores.judged.get(metric_column(label, name), {}).items()
    }
    value = _mean_of_sets(judged, judged) if judged else nan
    higher = run.context.plan.validation.by_label[label].spec.higher_is_better
    return Contest(label, label, value, judged, higher, several=True)


def _sum(scores: Mapping[str, float], pictures: Collection[str]) -> float:
    return fsum(scores[one] for one in pictures)


def _mean_of_sets(scores: Mapping[str, float], pictures: Collection[str]) -> float:
    by_set = defaultdict[str, list[float]](list)
    for one in pictures:
        by_set[one.partition("/")[0]].append(scores[one])
    return fmean(fmean(some) for some in by_set.values())
