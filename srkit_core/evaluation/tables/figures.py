"""Which figures stand in a table of scores, which are best, and what is gained over a baseline?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Final

from srkit_core.evaluation.mean_intervals import Interval
from srkit_core.evaluation.scores import MetricTraits
from srkit_core.evaluation.scores_by_set import ScoresBySet
from srkit_core.evaluation_recipe import EvaluationRecipe, ModelRow

MEAN_OF_SETS: Final = "mean of sets"
"""What the place of means over sets is called."""


@dataclass(frozen=True)
class Compared:
    """Scores with the rows they stand in, and the full name of each row's baseline, of those that
    have one.
    """

    scores: ScoresBySet
    rows: Sequence[ModelRow]
    baselines: Mapping[str, str]

    @property
    def places(self) -> tuple[str, ...]:
        """The names of the sets, and last of the mean over them where there is one."""
        return (*self.scores.sets, *([MEAN_OF_SETS] if self.scores.averaged() else []))

    def labels(self, place: str) -> tuple[str, ...]:
        """Return the metrics of a set, or those that have a mean over sets."""
        if place == MEAN_OF_SETS:
            return self.scores.averaged()
        return tuple(self.scores.sets[place].models[0].specs)

    @property
    def every_label(self) -> tuple[str, ...]:
        """The metrics of all sets, each once."""
        return tuple(self.scores.traits)

    def traits(self, label: str) -> MetricTraits:
        """Return what a metric means."""
        return self.scores.traits[label]

    def mean(self, place: str, label: str, model: str) -> float:
        """Return a figure; nan where the metric judges nothing there."""
        if label not in self.labels(place):
            return nan
        if place == MEAN_OF_SETS:
            return self.scores.mean(label, model)
        return self.scores.sets[place].mean(label, model)

    def interval(self, place: str, label: str, model: str) -> Interval:
        """Return the 95 % interval of a mean over the pictures of a set; nan for a mean over sets
        and of too few.
        """
        if place == MEAN_OF_SETS or label not in self.labels(place):
            return nan, nan
        return self.scores.sets[place][model].interval(label)

    def std(self, place: str, label: str, model: str) -> float:
        """Return the deviation over the pictures of a set; nan for a mean over sets."""
        if place == MEAN_OF_SETS or label not in self.labels(place):
            return nan
        return self.scores.sets[place][model].std(label)

    def is_best(self, place: str, label: str, model: str, digits: int) -> bool:
        """Whether no other row has a better figure at so many digits; of one row alone nobody
        says it.
        """
        means = [round(self.mean(place, label, row.full_name), digits) for row in self.rows]
        known = [mean for mean in means if isfinite(mean)]
        own = round(self.mean(place, label, model), digits)
        best = max if self.traits(label).higher_is_better else min
        return len(known) > 1 and isfinite(own) and own == best(known)

    def gain(self, place: str, label: str, model: str) -> tuple[float, float]:
        """Return by how much a row is better than its baseline, in the metric's unit and in percent
        of the baseline: above 0 is better, whichever way the metric points. nan for what has none.
        """
        base = self.mean(place, label, self.baselines.get(model, model))
        step = self.mean(place, label, model) - base
        gain = step if self.traits(label).higher_is_better else -step
        if model not in self.baselines:
            return nan, nan
        return gain, 100 * gain / abs(base) if base else nan


def compared_rows(scores: ScoresBySet) -> Compared:
    """Put scores into rows of their own names, without a baseline."""
    return Compared(scores, [ModelRow(name, "", name) for name in scores.names], {})


def compared(wanted: EvaluationRecipe, scores: ScoresBySet) -> Compared:
    """Put scores into the rows of the recipe that asked for them."""
    return Compared(scores, wanted.rows(), wanted.baselines())
