"""What does every known model that is at hand score on every benchmark set that is at hand?

    python tests/benchmarks/scores_page.py

writes docs/scores.md: all common protocols, with the published figure and the difference where one
is known. Sets are folders of the folder that SRKIT_DATA names, else of `benchmarks` in the folder
that SRKIT_ASSETS names: Set5, Set14, BSD100, Urban100, Manga109, each with `HR` and, where there
are, `LRx4`. Models are those that `srkit models` finds on this machine; `srkit weights get NAME`
brings more. About five minutes on two cores for Set5. Words choose models.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from srkit_core import Scores, evaluate
from srkit_core.evaluation.paper_figures import PublishedFigure, published_figures
from srkit_core.models.model_words import baselines, own_scale
from srkit_core.pretrained import find
from srkit_core.registry import Registry, discover
from srkit_core.specs import WeightsSpec

ROOT = Path(__file__).resolve().parents[2]
SETS = ("Set5", "Set14", "BSD100", "Urban100", "Manga109")
SCALES = (2, 3, 4)
METRICS = ("psnr", "ssim")
ABOUT = """\
# Scores of known models

Written by `{command}` (srkit {version}): PSNR in dB and SSIM of every
model that `srkit models` found, on every benchmark set at hand, under every protocol of
`srkit eval --explain`; [Protocol](protocol.md) says what each is. Published figures are of luma
with border = scale, each from the paper that is named.
"""
COMMAND = "python tests/benchmarks/scores_page.py"


@dataclass(frozen=True)
class Scored:
    """Scores of all models of a scale on a set."""

    set_name: str
    scale: int
    scores: Scores


def data_folder() -> Path:
    """Return the folder of benchmark sets; raises SystemExit where none is named."""
    if named := os.environ.get("SRKIT_DATA"):
        return Path(named)
    if assets := os.environ.get("SRKIT_ASSETS"):
        return Path(assets) / "benchmarks"
    raise SystemExit("SRKIT_DATA names the folder of the sets, such as one that holds Set5/HR")


def models_here(registry: Registry, scale: int) -> list[str]:
    """Return the baselines, and the known models of a scale whose files are on this machine."""
    known = sorted(
        one.spec.name
        for one in registry.installed(WeightsSpec)
        if one.spec.may_be_model and find(one.spec) and own_scale(one.spec.name, registry) == scale
    )
    return [*baselines(registry), *known]


def scored(folder: Path, registry: Registry, only: Sequence[str]) -> Iterator[Scored]:
    """Yield the scores of each set and scale; a scale without known models is left out but for
    bicubic.
    """
    for name in SETS:
        high = next((one for one in (folder / name / "HR", folder / name) if one.is_dir()), None)
        for scale in SCALES if high else ():
            models = [one for one in models_here(registry, scale) if not only or one in only]
            low = folder / name / f"LRx{scale}"
            lr = {"lr": low} if low.is_dir() else {}
            print(f"{name} x{scale}: {', '.join(models)}", flush=True)
            found = evaluate(models, high, scale=scale, explain=True, device="cpu", **lr)
            yield Scored(name, scale, found)


def page(found: Sequence[Scored]) -> str:
    """Return the page."""
    parts = [ABOUT.format(command=COMMAND, version=version("srkit"))]
    for one in found:
        parts += [f"## {one.set_name} x{one.scale}\n", *_published(one), *_explained(one)]
    return "\n".join(parts)


def _published(one: Scored) -> Iterator[str]:
    """Yield luma with border = scale, with intervals and what papers print."""
    known = dict[tuple[str, str], PublishedFigure]()
    for row, figure in published_figures(one.set_name, one.scores):
        known[row, figure.label] = figure
    yield "| model | PSNR | 95 % | published | SSIM | 95 % | published |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for row in one.scores.models:
        cells = list[str]()
        for label, digits in zip(METRICS, (2, 4), strict=True):
            mean, (low, high) = row.mean(label), row.interval(label)
            figure = known.get((row.name, label))
            step = f" ({mean - figure.value:+.{digits}f})" if figure else ""
            said = f"{figure.value:.{digits}f}{step}" if figure else ""
            cells += [f"{mean:.4f}", f"{low:.{digits}f} to {high:.{digits}f}", said]
        yield f"| {row.name} | {' | '.join(cells)} |"
    sources = dict.fromkeys(f"{figure.model}: {figure.source}" for figure in known.values())
    yield "\n".join(["", *(f"* Published of {source}." for source in sources), ""])


def _explained(one: Scored) -> Iterator[str]:
    """Yield a table of protocols, PSNR / SSIM of each model."""
    names = [each.name for each in one.scores.explained]
    yield f"| model | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for name in one.scores.names:
        rows = [each.scores[name] for each in one.scores.explained]
        cells = [f"{row.mean('psnr'):.2f} / {row.mean('ssim'):.4f}" for row in rows]
        yield f"| {name} | {' | '.join(cells)} |"
    pictures = one.scores.protocol["pictures"]
    digest, lr = pictures["sha256"][:12], one.scores.protocol["kernel"]
    yield f"\n{pictures['count']} pictures, digest `{digest}`; LR {lr}.\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", help="models to score; all that are here by default")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/scores.md")
    given = parser.parse_args()
    found = list(scored(data_folder(), discover(), given.models))
    given.out.write_text(page(found).rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
