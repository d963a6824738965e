"""What do networks score that were trained in bf16 and in fp32, and how is that told?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

QUALITY = Path(__file__).parent / "precision.json"
METRICS = ("psnr", "lpips")
_NAMES = {"psnr": "PSNR-Y, dB", "lpips": "LPIPS"}


@dataclass(frozen=True)
class Score:
    """What a network scores at the end of a stage, by metric."""

    stage: str
    seed: int
    precision: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """What training in bf16 changes of a score: mean over seeds and half its interval of 95 %."""

    stage: str
    metric: str
    fp32: float
    difference: float
    half: float
    seeds: int

    def words(self) -> str:
        """Return the difference with its interval."""
        return f"{self.difference:+.4f} +- {self.half:.4f}"

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that there is none."""
        return abs(self.difference) > self.half


@dataclass(frozen=True)
class Quality:
    """What was trained, in how many steps of both stages, on which processor, and what came of it.

    `loss` is that of the second stage.
    """

    processor: str
    steps: int
    loss: str
    generator: str
    discriminator: str
    batch: int
    patch: int
    found: Sequence[Difference] = ()


def read_quality(path: Path) -> Quality | None:
    """Return what `precision_quality` wrote; None where it has not been measured."""
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    told.pop("scores")
    return Quality(**{**told, "found": tuple(Difference(**one) for one in told["found"])})


def quality_section(one: Quality) -> str:
    """Return the section of the page."""
    half = one.steps // 2
    about = (
        "Written from `tests/benchmarks/precision.json`, which\n"
        "`python -m tests.benchmarks.precision_quality --json FILE` measures: pairs of trainings "
        "that differ\nin `--precision` alone."
    )
    trained = (
        f"`{one.generator}` beside `{one.discriminator}`, {half} steps of `l1`, then {half} of\n"
        f"`{one.loss}`, batch {one.batch}, HR {one.patch} x {one.patch}, on {one.processor}; "
        "scores\nof photographs that were held out, bf16 minus fp32."
    )
    lines = ["| after | score | fp32 | bf16 minus fp32, 95 % | seeds |"]
    lines += ["| --- | --- | ---: | ---: | ---: |", *map(_line, one.found)]
    return "\n\n".join(["## Does bf16 cost quality?", about, trained, "\n".join(lines), _said(one)])


def _line(one: Difference) -> str:
    named = _NAMES[one.metric]
    return f"| {one.stage} | {named} | {one.fp32:.4f} | {one.words()} | {one.seeds} |"


def _said(one: Quality) -> str:
    clear = [f"{found.stage}, {_NAMES[found.metric]}" for found in one.found if found.is_clear]
    if clear:
        return f"The interval does not hold zero for: {'; '.join(clear)}."
    return "Every interval holds zero: no difference is shown, none larger than its ends."
