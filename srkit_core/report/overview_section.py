"""What does a reader of a page see first: what was trained, how far, and how good it became?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from srkit_core.durations import duration
from srkit_core.report.html_parts import Html, Inside, markup, table, tag
from srkit_core.report.run_story import RunStory, said
from srkit_core.specs import MetricSpec

_APART: Final = (
    "These runs were validated on other pictures or under another protocol each: their scores "
    "cannot be compared."
)


def overview_section(
    stories: Sequence[RunStory], metrics: Mapping[str, MetricSpec], counts: Sequence[int | None]
) -> Html:
    """Return the figures of a single run at a glance, and of several the same side by side."""
    said_of = [
        dict(_glance(one, metrics, count)) for one, count in zip(stories, counts, strict=True)
    ]
    words = list(dict.fromkeys(word for one in said_of for word in one))
    if len(stories) == 1:
        inside = tag("div", [_tile(word, said_of[0][word]) for word in words], class_="tiles")
    else:
        heads = ["", *(_run_head(number, one.label) for number, one in enumerate(stories))]
        rows = [[word, *(one.get(word, "") for one in said_of)] for word in words]
        inside = table(heads, rows, kind="wide")
    apart = len({(one.validated_on, one.protocol) for one in stories if one.stages}) > 1
    note = tag("p", _APART, class_="note") if apart else None
    return tag("section", tag("h2", "At a glance"), inside, note, _faults(stories), id="overview")


def _glance(
    story: RunStory, metrics: Mapping[str, MetricSpec], count: int | None
) -> Iterator[tuple[str, Inside]]:
    yield from _scores(story, metrics)
    yield "State", _state(story)
    if story.recipe:
        yield "Scale", f"×{story.recipe.scale}"
    if count:
        yield "Parameters", f"{count:,}"
    if seconds := _elapsed(story):
        yield "Time taken", duration(seconds)
    if device := story.environment.get("device"):
        yield "Device", markup(device, _small(story.environment.get("precision")))
    if pictures := said(story.environment, "data", "pictures"):
        yield "Pictures", markup(f"{pictures:,}", _small(said(story.environment, "data", "source")))


def _scores(story: RunStory, metrics: Mapping[str, MetricSpec]) -> Iterator[tuple[str, Inside]]:
    """Yield the best of each metric in the last stage that has one."""
    stages = reversed(list(story.stages.items()))
    best = {name: said(one, "best") or {} for name, one in stages}
    for label, spec in metrics.items():
        stage = next((name for name, one in best.items() if label in one), "")
        found = said(best, stage, label) or {}
        if not isinstance(found.get("value"), (int, float)):
            continue
        shown = f"{found['value']:.2f}" if spec.unit == "dB" else f"{found['value']:.4f}"
        unit = f" {spec.unit}" if spec.unit else ""
        whose = _small(f"stage {stage}" if len(best) > 1 else "")
        yield f"Best {label}", markup(shown, unit, _gain(story, label, found["value"], spec), whose)


def _gain(story: RunStory, label: str, value: float, spec: MetricSpec) -> Html:
    base = story.bicubic.get(label)
    if base is None:
        return Html("")
    digits = 2 if spec.unit == "dB" else 4
    return _small(f"{value - base:+.{digits}f} on bicubic")


def _state(story: RunStory) -> Html:
    state, last = story.state, int(story.rows[-1]["step"]) if story.rows else 0
    steps = f"step {state.step or last:,}" + (f" of {state.steps:,}" if state.steps else "")
    if state.state == "finished":
        steps = f"{state.step:,} steps"
    left = state.seconds_left if state.state == "running" else None
    return markup(state.state, _small(steps), _small(f"{duration(left)} left" if left else ""))


def _elapsed(story: RunStory) -> float:
    times = [row.get("elapsed_s") for row in story.rows[-1:]]
    return float(times[0] or 0) if times else 0.0


def _small(text: Any) -> Html:
    return tag("small", text) if text else Html("")


def _tile(word: str, what: Inside) -> Html:
    return tag("div", tag("span", word), tag("strong", what), class_="tile")


def _run_head(number: int, label: str) -> Html:
    return markup(tag("i", class_=f"swatch b{number % 6}"), label)


def _faults(stories: Sequence[RunStory]) -> Html | None:
    """Return what is missing of runs, where anything is."""
    several = len(stories) > 1
    rows = [
        tag("li", f"{story.label}: " if several else "", fault)
        for story in stories
        for fault in (*story.faults, *story.gaps)
    ]
    if not rows:
        return None
    title = tag("strong", "What this page cannot show")
    return tag("div", title, tag("ul", rows), class_="notice", role="note")
