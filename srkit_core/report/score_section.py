"""How do scores stand in a page, side by side only where pictures and protocol are the same?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from srkit_core.report.html_parts import Html, Inside, markup, table, tag
from srkit_core.report.model_scores import DIGITS, model_tables, score_head
from srkit_core.report.run_story import RunStory, said
from srkit_core.report.told_scores import ScoreStory, comparable
from srkit_core.specs import MetricSpec

_APART: Final = (
    "Scores stand in one table only where protocol and pictures are the same; here they are not."
)


def score_section(
    runs: Sequence[RunStory], metrics: Mapping[str, MetricSpec], scores: Sequence[ScoreStory]
) -> Html | None:
    """Return the tables of validations and of files of scores; None where there is neither."""
    told = comparable(scores)
    tables = [*_run_tables(runs, metrics), *model_tables(told, headed=len(told) + len(runs) > 1)]
    if not tables:
        return None
    apart = len(_comparable_runs(runs)) > 1 or len(told) > 1
    note = tag("p", _APART, class_="note") if apart else None
    return tag("section", tag("h2", "Scores"), note, tables, id="scores")


def _run_tables(runs: Sequence[RunStory], metrics: Mapping[str, MetricSpec]) -> Iterator[Html]:
    for group in _comparable_runs(runs):
        columns = _columns(group, metrics)
        rows = [row for one in group for row in _run_rows(one, columns, several=len(runs) > 1)]
        if columns and rows:
            base = next((one.bicubic for one in group if one.bicubic), {})
            first = [_baseline_row(base, columns)] if base else []
            heads = ["validation of", *(score_head(name, spec) for name, spec in columns.items())]
            yield table(heads, [*first, *rows], caption=group[0].protocol, kind="figures")


def _comparable_runs(runs: Sequence[RunStory]) -> list[list[RunStory]]:
    """Return runs in groups that validated the same pictures under one protocol."""
    found = dict[tuple[str, str], list[RunStory]]()
    for one in runs:
        if one.stages:
            found.setdefault((one.validated_on, one.protocol), []).append(one)
    return list(found.values())


def _columns(group: Sequence[RunStory], metrics: Mapping[str, MetricSpec]) -> dict[str, MetricSpec]:
    """Return the columns of metrics that some validation has, and what they mean."""
    named = dict.fromkeys(
        name
        for run in group
        for stage in run.stages.values()
        for name in said(stage, "final") or {}
    )
    labels = {name: name.partition("/")[0] for name in named if not name.endswith("/std")}
    return {name: metrics[label] for name, label in labels.items() if label in metrics}


def _baseline_row(base: Mapping[str, float], columns: Mapping[str, MetricSpec]) -> list[Inside]:
    shown = [f"{base[name]:.{DIGITS}f}" if name in base else "" for name in columns]
    return ["bicubic interpolation", *shown]


def _run_rows(
    story: RunStory, columns: Mapping[str, MetricSpec], *, several: bool
) -> Iterator[list[Inside]]:
    """Yield the best and the last validation of each stage, as one row where they are one."""
    for name, stage in story.stages.items():
        whose = f"{story.label} · {name}" if several else name
        best, final = said(stage, "best") or {}, said(stage, "final") or {}
        last = [
            _cell(final.get(one), final.get(f"{one}/std"), story.bicubic.get(one))
            for one in columns
        ]
        if {said(best, one, "step") for one in columns} <= {final.get("step"), None}:
            yield [f"{whose}, best and last", *last]
            continue
        cells = [_best_cell(best.get(one), story.bicubic.get(one)) for one in columns]
        yield [f"{whose}, best", *cells]
        yield [f"{whose}, last", *last]


def _best_cell(found: Any, base: float | None) -> Inside:
    if not isinstance(found, Mapping):
        return ""
    return markup(_cell(found.get("value"), None, base), tag("small", f"step {found['step']:,}"))


def _cell(value: Any, std: Any, base: float | None) -> Inside:
    if not isinstance(value, (int, float)):
        return "none judged"
    spread = f" ± {std:.{DIGITS}f}" if isinstance(std, (int, float)) else ""
    gain = tag("small", f"{value - base:+.{DIGITS}f}") if base is not None else None
    return markup(f"{value:.{DIGITS}f}", spread, gain)
