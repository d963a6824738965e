"""What are the final figures of a run?"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from srkit_core.engine.checkpoints.checkpoint import Progress
from srkit_core.engine.logs.columns import columns_of_kind, log_row
from srkit_core.io.documents import write_json
from srkit_core.run_folder import RunFolder

if TYPE_CHECKING:
    from srkit_core.engine.checkpoints.contests import Contest
    from srkit_core.engine.stage_run import StageRun


def write_summary(folder: RunFolder, progress: Progress) -> None:
    """Write summary.json: what bicubic interpolation scores, and for each stage its final
    validation figures (metrics with standard deviations) and the best of each metric.
    """
    position, baseline = progress.position, progress.baseline
    document: dict[str, Any] = {"steps": position.total, "epochs": progress.epoch}
    if baseline:
        missing = {"left_out": baseline["left_out"]} if baseline["left_out"] else {}
        document["bicubic"] = {**baseline["figures"], **missing}
    write_json(folder.summary, {**document, "stages": progress.stages})


def with_validation(
    run: "StageRun",
    figures: Mapping[str, float],
    won: Sequence["Contest"],
    left_out: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Return what the summary says of each stage after a validation of the one that runs: its
    figures are the final ones, and the best of what was `won`, by column, and by metric alone where
    it decides.

    Pictures that a metric could not judge are named as `left_out`.
    """
    stages, name = dict(run.progress.stages), run.plan.stage.name
    row = log_row(run, run.context.log.columns, "val", figures)
    skipped = {"stage", "split"} | columns_of_kind("timing")
    final = {column: value for column, value in row.items() if column not in skipped}
    missing = {column: list(names) for column, names in left_out.items()}
    best = dict(stages.get(name, {}).get("best", {}))
    for one in won:
        found: dict[str, Any] = {"step": run.progress.position.total, "value": one.value}
        found |= {"left_out": missing[one.column]} if one.column in missing else {}
        best |= dict.fromkeys(one.columns, found)
    final |= {"left_out": missing} if missing else {}
    stages[name] = {"final": final, "best": best, "scored_in": run.progress.scored_in}
    return stages
