"""How do run folders and files of scores become one page that loads nothing from elsewhere?"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Final

from srkit_core.errors import DataError
from srkit_core.home import at_home
from srkit_core.registry import Registry
from srkit_core.report.curve_panels import curves_of, metric_specs
from srkit_core.report.curve_section import curve_section
from srkit_core.report.html_parts import Html, markup, tag
from srkit_core.report.overview_section import overview_section
from srkit_core.report.run_story import RunStory, is_run, read_run
from srkit_core.report.score_section import score_section
from srkit_core.report.setup_section import setup_section
from srkit_core.report.told_scores import ScoreStory, read_told_scores

_PAGE: Final = Path(__file__).parent / "page"
_SCRIPTS: Final = ("theme.js", "charts.js", "viewer.js")
_SECTIONS: Final = {
    "overview": "At a glance",
    "curves": "Curves",
    "scores": "Scores",
    "pictures": "Pictures",
    "setup": "What was trained",
}
_DEMO_SCORES: Final = "scores.json"


@dataclass(frozen=True)
class Told:
    """What a page tells of: runs and scores, in the order in which they were named."""

    runs: Sequence[RunStory]
    scores: Sequence[ScoreStory]
    folders: Sequence[Path]
    hr: Sequence[Path] = ()


def read_told(
    paths: Sequence[Path], pictures: Sequence[Path] = (), hr: Sequence[Path] = ()
) -> Told:
    """Read run folders and files of scores, with the scores that a run keeps in its folder.

    `pictures` are folders of `srkit eval --pictures`, beside those that lie by a file of scores
    under its name; `hr` are folders of HR. Raises DataError when a path is neither a run nor
    scores, or cannot be read.
    """
    named = [at_home(path) for path in paths]
    labels = _labels(named)
    runs = [read_run(path, labels[path]) for path in named if path.is_dir() and _checked(path)]
    files = [path for path in named if not path.is_dir()]
    scores = [one for path in files for one in read_told_scores(path, labels[path])]
    own = [one for run in runs for one in _scores_of_demo(run)]
    beside = [path.with_suffix("") for path in files if path.with_suffix("").is_dir()]
    folders = [*map(at_home, pictures), *beside]
    return Told(runs, [*own, *scores], folders, [*map(at_home, hr)])


def report_page(told: Told, registry: Registry) -> str:
    """Return the page as text: everything in it that somebody named is escaped, and its policy
    lets a browser run its own script alone and load nothing.
    """
    sections = _sections(told, registry)
    style = (_PAGE / "report.css").read_text(encoding="utf-8")
    script = "\n".join((_PAGE / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    title = _title(told)
    return Template((_PAGE / "page.html").read_text(encoding="utf-8")).substitute(
        policy=_policy(style, script),
        generator=f"srkit {registry.versions.get('srkit', '')}".strip(),
        title=markup(title),
        style=style,
        navigation=markup([tag("a", _SECTIONS[name], href=f"#{name}") for name in sections]),
        heading=markup(title),
        lead=markup(_lead(told)),
        sections=markup(list(sections.values())),
        footer=_footer(registry),
        script=script,
    )


def _sections(told: Told, registry: Registry) -> Mapping[str, Html]:
    from srkit_core.models.weights_card import count_numbers
    from srkit_core.report.picture_budget import fitted
    from srkit_core.report.picture_section import picture_section
    from srkit_core.report.shown_pictures import pictures_of_runs, pictures_of_scores

    runs, scores = told.runs, told.scores
    metrics = {label: spec for run in runs for label, spec in metric_specs(run, registry).items()}
    counts = [count_numbers(one.folder.weights("last")) for one in runs]
    shown = [*pictures_of_runs(runs), *pictures_of_scores(scores, told.folders, told.hr)]
    found = {
        "overview": overview_section(runs, metrics, counts) if runs else None,
        "curves": curve_section(runs, curves_of(runs, registry)),
        "scores": score_section(runs, metrics, scores),
        "pictures": picture_section(fitted(shown)),
        "setup": setup_section(runs, registry) if runs else None,
    }
    return {name: one for name, one in found.items() if one is not None}


def _checked(path: Path) -> bool:
    if not is_run(path):
        raise DataError(
            f"{path} is no run folder and no file of scores",
            hint="name folders of srkit train, and files of srkit eval --json FILE",
            path=path,
        )
    return True


def _labels(paths: Sequence[Path]) -> dict[Path, str]:
    """Name paths by their last parts, as many as tell them apart."""
    whole = {path: path.absolute().parts for path in paths}
    labels = dict[Path, str]()
    for path, parts in whole.items():
        others = [other for other in whole.values() if other != parts]
        count = next(
            (
                number
                for number in range(1, len(parts))
                if all(other[-number:] != parts[-number:] for other in others)
            ),
            len(parts),
        )
        labels[path] = "/".join(parts[-count:])
    return labels


def _scores_of_demo(run: RunStory) -> Sequence[ScoreStory]:
    """Return the scores that `srkit demo` leaves in the folder of its run."""
    path = run.folder.path / _DEMO_SCORES
    try:
        return read_told_scores(path, f"{run.label}/{_DEMO_SCORES}") if path.is_file() else ()
    except DataError:
        return ()


def _policy(style: str, script: str) -> str:
    """Return which of its own parts a browser may use: those of these digests."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; img-src data: 'self'; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _title(told: Told) -> str:
    named = [one.label for one in told.runs] or list(
        dict.fromkeys(one.label for one in told.scores)
    )
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _lead(told: Told) -> str:
    count = len(told.runs)
    what = (
        "Scores of models"
        if not count
        else "A training run"
        if count == 1
        else f"{count} training runs"
    )
    return f"{what} of image super-resolution, as of {datetime.now().astimezone():%d %B %Y, %H:%M}"


def _footer(registry: Registry) -> Html:
    version = registry.versions.get("srkit", "")
    return markup(
        f"Made by srkit {version} with srkit report. This page is whole: it loads nothing from "
        "elsewhere, and works without a network."
    )
