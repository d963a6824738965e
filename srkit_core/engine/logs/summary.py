"""What are the final figures of a run?"""

import csv
from collections import defaultdict
from typing import Any

from srkit_core.engine.checkpoints.checkpoint import Progress
from srkit_core.engine.logs.columns import STD, columns_of_kind
from srkit_core.io.documents import write_json
from srkit_core.plan import Plan
from srkit_core.run_folder import RunFolder


def write_summary(folder: RunFolder, plan: Plan, progress: Progress) -> None:
    """Write summary.json: for each stage its final validation figures (metrics with standard
    deviations) and the best of each metric.
    """
    with folder.metrics.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    by_stage = defaultdict[str, list[dict[str, str]]](list)
    for row in rows:
        by_stage[row["stage"]].append(row)
    higher = {term.label: term.spec.higher_is_better for term in plan.metrics}
    stages = {
        name: {"final": _figures(found[-1]), "best": _best(found, higher)}
        for name, found in by_stage.items()
    }
    write_json(
        folder.summary,
        {"steps": progress.position.total, "epochs": progress.epoch, "stages": stages},
    )


def _figures(row: dict[str, str]) -> dict[str, float]:
    skipped = {"stage", "split"} | columns_of_kind("timing")
    return {name: float(value) for name, value in row.items() if value and name not in skipped}


def _best(rows: list[dict[str, str]], higher: dict[str, bool]) -> dict[str, Any]:
    """Name step and value of the best row of each metric column and the validation loss."""
    best = {}
    for column in rows[0]:
        metric = column.partition("/")[0]
        valued = [row for row in rows if row[column]]
        if column == "loss/total" and valued:
            best[column] = _at(min(valued, key=lambda row: float(row["loss/total"])), column)
        elif metric in higher and not column.endswith(STD) and valued:
            sign = 1 if higher[metric] else -1
            best[column] = _at(_largest(valued, column, sign), column)
    return best


def _largest(rows: list[dict[str, str]], column: str, sign: int) -> dict[str, str]:
    return max(rows, key=lambda row: sign * float(row[column]))


def _at(row: dict[str, str], column: str) -> dict[str, float]:
    return {"step": int(row["step"]), "value": float(row[column])}
