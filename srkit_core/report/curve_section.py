"""How do curves stand in a page: drawn by its script, and the same figures as a table?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from srkit_core.report.curve_panels import MOST_POINTS, Curves, stage_marks
from srkit_core.report.html_parts import Html, Inside, data_block, folded, markup, table, tag
from srkit_core.report.run_story import RunStory
from srkit_core.report.shown_pictures import spread

_MOST_ROWS: Final = 60
_KEYS: Final = (
    "Drag over a curve to zoom in; all curves zoom together, a double click shows all steps. With "
    "the keyboard, go to a curve with Tab, read it with the arrow keys, zoom with + and -, move "
    "with Shift and an arrow, and show all with 0."
)


def curve_section(stories: Sequence[RunStory], curves: Curves) -> Html | None:
    """Return the section of curves; None where no run has logged anything."""
    if not curves.panels:
        return None
    document = {
        "runs": [one.label for one in stories],
        "panels": curves.panels,
        "stages": stage_marks(stories),
    }
    return tag(
        "section",
        tag("h2", "Curves"),
        _tools(stories),
        tag("div", _figures(curves), class_="charts"),
        tag("p", _KEYS, class_="note"),
        _thinned_note(curves),
        tag("noscript", tag("p", "The curves are drawn by a script, which does not run here.")),
        [_validations(one, several=len(stories) > 1) for one in stories],
        data_block("curve-data", document),
        id="curves",
    )


def _tools(stories: Sequence[RunStory]) -> Html:
    zoom = [
        tag("button", sign, type="button", data_zoom=factor, aria_label=said_of)
        for sign, factor, said_of in (
            ("+", "2", "Zoom in"),
            ("−", "0.5", "Zoom out"),
            ("All steps", "0", "Show all steps"),
        )
    ]
    said_now = tag("span", "all steps", id="zoom-said", role="status")
    return tag(
        "div",
        tag("div", _legend(stories), class_="legend"),
        tag("div", zoom, said_now, class_="buttons"),
        class_="tools",
    )


def _legend(stories: Sequence[RunStory]) -> Iterator[Html]:
    if len(stories) > 1:
        for number, one in enumerate(stories):
            yield tag(
                "button",
                tag("i", class_=f"swatch b{number % 6}"),
                one.label,
                type="button",
                data_run=number,
                aria_pressed="true",
            )
        yield tag("span", tag("i", class_="rule dashed"), "training")
        yield tag("span", tag("i", class_="rule"), "validation")
    else:
        yield tag("span", tag("i", class_="rule b0"), "training")
        yield tag("span", tag("i", class_="rule b1"), "validation")
    if any(one.bicubic for one in stories):
        yield tag("span", tag("i", class_="rule dotted"), "bicubic")
    yield tag("span", tag("i", class_="ring"), "best of a stage")


def _figures(curves: Curves) -> Iterator[Html]:
    for number, panel in enumerate(curves.panels):
        unit = f" ({panel['unit']})" if panel["unit"] else ""
        better = {"↑": "higher is better", "↓": "lower is better"}.get(panel["better"])
        mark = (
            tag("span", panel["better"], title=better, role="img", aria_label=better)
            if better
            else None
        )
        tip = tag("div", class_="tip", hidden=True)
        yield tag(
            "figure",
            tag("figcaption", tag("b", panel["title"]), unit, " ", mark),
            tag("div", tip, class_="plot"),
            tag("p", class_="said", role="status"),
            class_="chart",
            data_panel=number,
            data_said=_described(panel),
        )


def _described(panel: Mapping[str, Any]) -> str:
    """Say for a reader who does not see a chart what is in it."""
    split = {"train": "training", "val": "validation"}
    last = [
        f"{split[line['split']]} {line['name']} ends at {line['y'][-1]:g} after step "
        f"{line['x'][-1]:,}".replace("  ", " ")
        for line in panel["lines"]
        if line["kind"] != "every row"
    ]
    return f"{panel['title']} over steps: {'; '.join(last)}"


def _thinned_note(curves: Curves) -> Html | None:
    if curves.longest <= MOST_POINTS:
        return None
    text = (
        f"Of lines of up to {curves.longest:,} rows the lowest and the highest of each group of "
        "neighbours are drawn; metrics.csv has them all."
    )
    return tag("p", text, class_="note")


def _validations(story: RunStory, *, several: bool) -> Html | None:
    """Return the figures of validations as a table, evenly thinned where there are many."""
    rows = [row for row in story.rows if row.get("split") == "val"]
    if not rows:
        return None
    skipped = ("split", "lr", "lr/discriminator", "images_per_s", "memory_mb", "elapsed_s", "epoch")
    columns = [one for one in rows[0] if one not in skipped and any(row[one] for row in rows)]
    kept = [rows[place] for place in spread(range(len(rows)), _MOST_ROWS)]
    cells = [[_cell_of(name, row[name]) for name in columns] for row in kept]
    whose = f" of {story.label}" if several else ""
    few = "" if len(kept) == len(rows) else f", {len(kept)} of {len(rows)}"
    return folded(f"Figures of the validations{whose}{few}", table(columns, cells, kind="figures"))


def _cell_of(column: str, text: str) -> Inside:
    if column == "stage" or not text:
        return text
    return f"{int(text):,}" if column == "step" else markup(f"{float(text):.5g}")
