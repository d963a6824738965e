"""What is kept of a run: weights, the best of them, checkpoints and pictures?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srkit_core.callbacks import CheckpointEvent
from srkit_core.engine.checkpoints.checkpoint import Progress, keep_newest, save_checkpoint
from srkit_core.engine.logs.columns import TOTAL
from srkit_core.engine.logs.logger import Figures
from srkit_core.engine.logs.summary import with_validation
from srkit_core.engine.validator import SetScores, metric_columns
from srkit_core.errors import WeightsError
from srkit_core.evaluation.picture_sheet import picture_sheet
from srkit_core.io.images import Pixels, write_image
from srkit_core.models.weights_file import Card, card_of, read_card, save_weights

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

BEST_LOSS: Final = "loss"


@dataclass(frozen=True)
class _Contest:
    """A column in which validations of a stage are compared: its figure, and the scores by picture
    that it is the mean of. Weights are kept under `name` where it has one.
    """

    column: str
    name: str
    value: float
    scores: Mapping[str, float]
    higher_is_better: bool

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
        now, before = (fsum(one[name] for name in both) for one in (self.scores, judged))
        return self._improves(now, before)

    def _improves(self, value: float, before: float) -> bool:
        return value > before if self.higher_is_better else value < before


def keep_best(run: "StageRun", losses: Figures, scores: SetScores) -> Progress:
    """Save the weights under each figure of the first validation set that improved in this stage.

    Returns the progress with the new best figures, and with what the summary says of the stage.
    """
    progress, stage = run.progress, run.plan.stage
    won = [one for one in _contests(run, losses, scores) if one.is_won(progress)]
    kept = {one.name: one.value for one in won if one.name}
    for name in kept:
        _save(run, stage.name, f"best-{name}")
    still = progress.position.step < run.intervals.first_update
    waited = 0 if stage.patience_on in kept or still else progress.waited + 1
    return replace(
        progress,
        best={**progress.best, **kept},
        judged={**progress.judged, **{one.column: one.scores for one in won}},
        waited=waited,
        ended=stage.patience is not None and waited >= stage.patience,
        stages=with_validation(
            run, losses | scores.figures, [one.column for one in won], scores.left_out
        ),
    )


def keep_milestone(run: "StageRun") -> None:
    """Save the weights at a step that the recipe names, for good."""
    _save(run, run.plan.stage.name, f"step-{run.progress.position.total:08d}")


def keep_checkpoint(run: "StageRun") -> None:
    """Save everything a resumed run needs, then the weights, which are never newer, and delete
    checkpoints that are too old.
    """
    context, step = run.context, run.progress.position.total
    folder = context.folder.checkpoint(step)
    elapsed, log_bytes = context.clock.seconds(), context.log.flush()
    progress = replace(run.progress, log_bytes=log_bytes, elapsed_s=elapsed)
    save_checkpoint(folder, run.states(), progress)
    _keep_last(run)
    keep_newest(context.folder, run.plan.stage.keep)
    context.callbacks.on_checkpoint(CheckpointEvent(run.plan.stage.name, step, folder))


def keep_last(run: "StageRun") -> None:
    """Save the weights as a checkpoint has them that was gone back to, unless they are there: a
    kill after it was written, or later steps.
    """
    folder, step = run.context.folder, run.progress.position.total
    names = ("", run.plan.stage.name)
    if any(_step_of(folder.weights("last", stage)) != step for stage in names):
        _keep_last(run)


def keep_pictures(run: "StageRun", rows: Sequence[Mapping[str, Pixels]]) -> None:
    """Save the first validation pictures side by side."""
    if rows:
        context, step = run.context, run.progress.position.total
        sheet = picture_sheet(rows, context.recipe.validation.columns)
        write_image(context.folder.picture(step), sheet)
        context.trackers.pictures(step, sheet)


def _keep_last(run: "StageRun") -> None:
    for stage in (run.plan.stage.name, ""):
        _save(run, stage, "last")


def _step_of(weights: Path) -> int | None:
    try:
        return read_card(weights).step
    except WeightsError:
        return None


def _contests(run: "StageRun", losses: Figures, scores: SetScores) -> Iterator[_Contest]:
    """Yield what validations are compared in: each metric on each validation set, where weights
    are kept by the first set, and the validation loss.
    """
    for number, name in enumerate(run.context.data.validation):
        for term in run.context.plan.metrics:
            (column,) = metric_columns([term.label], [name])
            kept, value = "" if number else term.label, scores.figures.get(column, nan)
            higher = term.spec.higher_is_better
            yield _Contest(column, kept, value, scores.judged[column], higher)
    total = losses.get(TOTAL, nan)
    yield _Contest(TOTAL, BEST_LOSS, total, {TOTAL: total} if isfinite(total) else {}, False)


def run_card(run: "StageRun") -> Card:
    """Return who the generator's weights are as they stand."""
    context = run.context
    return card_of(
        context.plan.generator,
        context.recipe.scale,
        context.registry,
        recipe=context.recipe.to_toml(),
        step=run.progress.position.total,
        held_out=context.data.held_out,
    )


def _save(run: "StageRun", stage: str, name: str) -> None:
    path = run.context.folder.weights(name, stage)
    save_weights(path, run.networks.result.state_dict(), run_card(run))
