"""Which scores does a run folder hold, as its last validation left them?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any

from srkit_core.errors import DataError
from srkit_core.evaluation.mean_intervals import Interval
from srkit_core.evaluation.score_files import read_scores_by_set
from srkit_core.evaluation.scores import ModelScores, Scores
from srkit_core.evaluation.scores_by_set import ScoresBySet
from srkit_core.metric_binding import MetricTerm, bind_metrics
from srkit_core.recipe import PAIRED, Recipe
from srkit_core.recipe_files import read_run_recipe
from srkit_core.registry import Registry
from srkit_core.run_documents import read_summary
from srkit_core.run_folder import RunFolder, read_environment
from srkit_core.validation_config import ValidationSet

_OWN_SCORES = "scores.json"


@dataclass(frozen=True)
class FinalScores(ModelScores):
    """Scores of which means and deviations are known and no single picture."""

    means: Mapping[str, float] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)

    def mean(self, label: str) -> float:
        """Return the mean of one metric; nan where there is none."""
        return self.means.get(label, nan)

    def std(self, label: str) -> float:
        """Return the deviation of one metric; nan where there is none."""
        return self.deviations.get(label, nan)

    def interval(self, label: str) -> Interval:
        """Return none: it is of pictures."""
        return nan, nan


def scores_of(word: str, registry: Registry) -> ScoresBySet:
    """Return the scores of a file of `srkit eval --json`, or of a run folder: those of a
    `scores.json` in it, else the figures of its last validation, by set.

    Raises DataError where there are none.
    """
    run = RunFolder(Path(word))
    if not run.path.is_dir() or (run.path / _OWN_SCORES).is_file():
        return read_scores_by_set(run.path / _OWN_SCORES if run.path.is_dir() else run.path)
    if not run.holds_run:
        hint = "a file of srkit eval --json, or a run folder"
        raise DataError(f"there is no run in the folder {word}", hint=hint, path=run.path)
    return _last_validation(run, registry)


def _last_validation(run: RunFolder, registry: Registry) -> ScoresBySet:
    recipe, environment = read_run_recipe(run), read_environment(run.path) or {}
    hint = f"srkit eval {run.path} --json FILE"
    stages = list(read_summary(run.summary, hint).get("stages", {}).values())
    if not stages:
        raise DataError(f"{run.path} has no final figures yet", hint=hint, path=run.path)
    final: Mapping[str, Any] = stages[-1]["final"]
    names = list((environment.get("arguments") or {}).get("val") or {"": ""})
    return ScoresBySet(
        {name: _of_set(run, name, recipe, environment, final, registry) for name in names}
    )


def _of_set(
    run: RunFolder,
    name: str,
    recipe: Recipe,
    environment: Mapping[str, Any],
    final: Mapping[str, Any],
    registry: Registry,
) -> Scores:
    scored = recipe.validation.of(name) if name else recipe.validation.usual
    terms = bind_metrics(registry, scored.metrics or recipe.validation.metrics)
    columns = {term.label: f"{term.label}/{name}" if name else term.label for term in terms}
    if not any(column in final for column in columns.values()):
        columns = {term.label: term.label for term in terms}
    means = {label: _figure(final, column) for label, column in columns.items()}
    deviations = {label: _figure(final, f"{column}/std") for label, column in columns.items()}
    specs = {term.label: term.spec for term in terms}
    row = FinalScores(f"{run.path} (last)", {}, specs, means=means, deviations=deviations)
    return Scores(_protocol(recipe, scored, terms, environment), (row,))


def _protocol(
    recipe: Recipe,
    scored: ValidationSet,
    terms: tuple[MetricTerm, ...],
    environment: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a run says of how it validates; its pictures are known by their files."""
    degradation = recipe.degradation if scored.degradation is None else scored.degradation
    stored, digest = degradation == PAIRED, environment.get("judges", {}).get("val")
    count = len(environment.get("validation") or ())
    return {
        "channel": scored.protocol,
        "border": recipe.scale if scored.border is None else scored.border,
        "quantisation": "8 bit",
        "scale": recipe.scale,
        "lr": "as stored" if stored else "made from HR",
        "kernel": "as stored" if stored else str(degradation),
        **({"crop": scored.crop} if scored.crop else {}),
        "metrics": {term.label: str(term.bound.expression) for term in terms},
        **({"pictures": {"count": count, "sha256": digest}} if digest else {}),
    }


def _figure(final: Mapping[str, Any], column: str) -> float:
    value = final.get(column)
    return float(value) if isinstance(value, int | float) else nan
