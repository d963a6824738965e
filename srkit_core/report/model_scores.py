"""How do scores of models stand in a page: means, the protocol in full, every picture?"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from srkit_core.evaluation.scores import MetricTraits, ModelScores
from srkit_core.evaluation.tables.protocol_words import protocol_words
from srkit_core.report.html_parts import Html, Inside, facts, folded, markup, table, tag
from srkit_core.report.told_scores import ScoreStory

DIGITS: Final = 4
"""After the point, of every score of a page."""


def model_tables(stories: Sequence[ScoreStory], *, headed: bool) -> Iterator[Html]:
    """Yield the tables of scores that may not stand in one, `headed` where they are not alone."""
    for story in stories:
        models = story.scores.models
        traits = {label: spec for one in models for label, spec in one.specs.items()}
        heads = ["model", *(score_head(label, spec) for label, spec in traits.items())]
        rows = [[one.name, *(_mean_cell(one, models, label) for label in traits)] for one in models]
        if headed:
            yield tag("h3", story.label)
        yield table(heads, rows, caption=_words(story.scores.protocol), kind="figures")
        yield folded("Protocol in full", facts(_protocol_facts(story.scores.protocol)))
        yield folded(f"Every picture of {story.label}", _picture_table(story, list(traits)))


def score_head(label: str, spec: MetricTraits) -> Html:
    """Return the head of the column of a metric, with its unit and its direction."""
    said = "higher is better" if spec.higher_is_better else "lower is better"
    arrow = "↑" if spec.higher_is_better else "↓"
    unit = f" ({spec.unit})" if spec.unit else ""
    sign = tag("span", arrow, title=said, role="img", aria_label=said)
    return markup(label.replace("/", " "), unit, " ", sign)


def _words(protocol: Mapping[str, Any]) -> str:
    try:
        return protocol_words(protocol)
    except (KeyError, TypeError, AttributeError):
        return "a protocol that lacks a field"


def _mean_cell(model: ModelScores, models: Sequence[ModelScores], label: str) -> Inside:
    if label not in model.specs:
        return ""
    mean, spread = model.mean(label), model.std(label)
    if not isfinite(mean):
        return "none judged"
    shown = f"{mean:.{DIGITS}f}"
    known = [round(one.mean(label), DIGITS) for one in models if label in one.specs]
    finite = [one for one in known if isfinite(one)]
    best = (max if model.specs[label].higher_is_better else min)(finite)
    wins = len(known) > 1 and round(mean, DIGITS) == best
    return markup(
        tag("b", shown) if wins else shown,
        f" ± {spread:.{DIGITS}f}" if isfinite(spread) else "",
        tag("span", " best", class_="badge") if wins else None,
        _interval_words(model, label),
    )


def _interval_words(model: ModelScores, label: str) -> Html | None:
    low, high = model.interval(label)
    words = f"95 %: {low:.{DIGITS}f} to {high:.{DIGITS}f}"
    return tag("small", words) if isfinite(low) and isfinite(high) else None


def _protocol_facts(protocol: Mapping[str, Any]) -> Iterator[tuple[Inside, Inside]]:
    for name, value in protocol.items():
        if isinstance(value, Mapping):
            yield name.replace("_", " "), "; ".join(f"{one}: {two}" for one, two in value.items())
        else:
            yield name.replace("_", " "), str(value)


def _picture_table(story: ScoreStory, labels: Sequence[str]) -> Html:
    models = story.scores.models
    heads = ["picture", *(f"{one.name}, {label}" for one in models for label in labels)]
    rows = [
        [
            name,
            *(_figure(one.images.get(name, {}).get(label)) for one in models for label in labels),
        ]
        for name in story.pictures
    ]
    return table(heads, rows, kind="figures")


def _figure(value: float | None) -> str:
    return f"{value:.{DIGITS}f}" if value is not None and isfinite(value) else "–"
