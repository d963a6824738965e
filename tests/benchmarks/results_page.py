"""How are the results of recipes told on a page?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

LPIPS = "lpips"
Scores = Mapping[str, float]


@dataclass(frozen=True)
class Stage:
    """A stage: its length, the scores of its last weights, LPIPS at its validations by step."""

    name: str
    steps: int
    scores: Scores
    curve: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Result:
    """What became of a recipe."""

    name: str
    generator: str
    seconds: float
    adversarial: bool
    stages: tuple[Stage, ...]

    @property
    def last(self) -> Scores:
        """The scores at the end."""
        return self.stages[-1].scores

    @property
    def wins(self) -> bool:
        """Whether the last of several stages has the better LPIPS."""
        return self.last[LPIPS] < self.stages[0].scores[LPIPS]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` reads back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Result":
        """Read what `to_dict` wrote."""
        stages = tuple(Stage(**stage) for stage in told["stages"])
        return cls(**{**told, "stages": stages})


def table(results: Sequence[Result], bicubic: Scores) -> list[str]:
    """Return the rows of the table: a row a stage, by PSNR-Y, SSIM-Y and LPIPS."""
    lines = ["| recipe | stage | steps | seconds | PSNR-Y, dB | SSIM-Y | LPIPS |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    lines += [f"| bicubic |  |  |  | {_row(bicubic)} |"]
    for one in results:
        for number, stage in enumerate(one.stages):
            ended = number == len(one.stages) - 1
            seconds = f"{one.seconds:,.0f}" if ended else ""
            name = f"`{one.name}`" if number == 0 else ""
            lines.append(
                f"| {name} | {stage.name} | {stage.steps:,} | {seconds} | {_row(stage.scores)} |"
            )
    return lines


def _row(scores: Scores) -> str:
    return f"{scores['psnr']:.2f} | {scores['ssim']:.4f} | {scores[LPIPS]:.4f}"


def verdicts(results: Sequence[Result], bicubic: Scores) -> list[str]:
    """Say of every adversarial recipe whether its game paid in LPIPS."""
    lines = []
    for one in results:
        if not one.adversarial:
            continue
        before = one.stages[0].scores if len(one.stages) > 1 else bicubic
        against = f"its first stage, {one.stages[0].name}," if len(one.stages) > 1 else "bicubic"
        better = one.last[LPIPS] < before[LPIPS]
        said = "beats" if better else "**does not beat**"
        lines.append(
            f"* `{one.name}` {said} {against} in LPIPS: {one.last[LPIPS]:.4f}, "
            f"there {before[LPIPS]:.4f}."
        )
    return lines


def write_curves(path: Path, results: Sequence[Result]) -> None:
    """Draw LPIPS on Set5 over the steps of every adversarial recipe, a panel each."""
    shown = [one for one in results if one.adversarial]
    if not shown:
        return
    rows = -(-len(shown) // 4)
    figure, panels = plt.subplots(rows, 4, figsize=(10, 2.2 * rows), squeeze=False)
    for panel in panels.flat[len(shown) :]:
        panel.set_visible(False)
    for panel, one in zip(panels.flat, shown, strict=False):
        for stage in one.stages:
            panel.plot(*zip(*stage.curve, strict=True), marker=".", label=stage.name)
        panel.set_title(one.name, fontsize=9)
        panel.tick_params(labelsize=7)
        panel.legend(fontsize=7)
    figure.supylabel("LPIPS on Set5", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def write_page(
    path: Path, results: Sequence[Result], bicubic: Scores, machine: str, times: float
) -> None:
    """Write the page."""
    again = "" if times == 1 else f" with `--steps-times {times:g}`"
    seconds = sum(one.seconds for one in results)
    parts = {
        "again": again,
        "machine": f"{machine}: {seconds / 60:.0f} minutes of training",
        "table": table(results, bicubic),
        "verdicts": verdicts(results, bicubic),
        "networks": [f"* `{one.name}`: `{one.generator}`" for one in results],
    }
    path.write_text(_PAGE.format(**{name: _joined(part) for name, part in parts.items()}), "utf-8")


def _joined(part: str | Sequence[str]) -> str:
    return part if isinstance(part, str) else "\n".join(part)


_PAGE = """# Results of the shipped recipes, small

Written by `python tests/benchmarks/recipe_results.py`{again}
({machine}).

Every recipe is trained by `--set` alone with small networks and few steps, on the same shared
photographs and from the same seed, and scored on Set5 with its published LR files, luma and
border 4, by the last weights of each stage. These figures compare recipes within that budget and
with bicubic; they say nothing about what a recipe reaches at full size, which its header tells.
Pairs are replaced by `--degrade bicubic`; `realesrnet`, `realesrgan` and `bsrgan` learn from
their own degradations and are scored on bicubic LR all the same, which costs them PSNR.

{table}

## Does the adversarial stage pay?

LPIPS after the last stage against LPIPS after the first, or against bicubic where a recipe has
one stage alone:

{verdicts}

![LPIPS over steps](results-curves.png)

## One picture, every system

A crop of scikit-image's `coffee` (CC0), which nothing is trained on, from a quarter of its sides:

![bicubic, every recipe, and the original](results.png)

## The networks

{networks}
"""
