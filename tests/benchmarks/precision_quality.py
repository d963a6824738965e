"""Does training in bf16 cost quality?

    python -m tests.benchmarks.precision_quality [--steps 300] [--seeds 3] [--json FILE]

trains a small network with each seed in fp32 and in bf16, on the bundled photographs, as many steps
of the same crops, and prints PSNR-Y and LPIPS of the photographs that were held out: the mean of
the differences over seeds (bf16 minus fp32) with its interval of 95 % by Student's t. It is of
numbers and not of time: where a processor has no units for bf16 it takes longer, no more.
docs/speed.md shows the figures of `precision.json`.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

from scipy.stats import t as student

from srkit_core import Recipe, RunOptions, Stage, Validation, train
from srkit_core.devices import PrecisionName
from srkit_core.recipe import Data
from tests.benchmarks.machine import machine_facts
from tests.benchmarks.quality_page import METRICS, Difference, Quality, Score

HELD_OUT = ("astronaut", "chelsea", "coffee", "rocket")


def recipe(asked: Quality, seed: int) -> Recipe:
    """Return a stage of L1, and one of the loss, half as many steps each."""
    half = asked.steps // 2
    same = {"steps": half, "batch": asked.batch, "patch": asked.patch, "validate_every": half}
    return Recipe(
        generator=asked.generator,
        discriminator=asked.discriminator,
        seed=seed,
        data=Data(hold_out=HELD_OUT),
        validation=Validation(metrics=" + ".join(METRICS), crop=256),
        stages=[
            Stage(name="l1", loss="l1", lr=1e-3, **same),
            Stage(name="gan", loss=asked.loss, lr=2e-4, **same),
        ],
    )


def scored(asked: Quality, seed: int, precision: PrecisionName, device: str) -> Iterator[Score]:
    """Train, and yield what the network scores at the end of each stage."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        options = RunOptions(out=run, device=device, precision=precision, workers=0)
        train(recipe(asked, seed), options)
        with (run / "metrics.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row[METRICS[0]]]
    for stage, row in {row["stage"]: row for row in rows}.items():
        yield Score(stage, seed, precision, {metric: float(row[metric]) for metric in METRICS})


def differences(scores: Sequence[Score]) -> Iterator[Difference]:
    """Yield mean and interval of bf16 minus fp32, seed by seed, of each stage and metric."""
    for stage in dict.fromkeys(one.stage for one in scores):
        for metric in METRICS:
            found = {(one.seed, one.precision): one.values[metric] for one in scores
                     if one.stage == stage}  # fmt: skip
            seeds = sorted({seed for seed, _ in found})
            apart = [found[seed, "bf16"] - found[seed, "fp32"] for seed in seeds]
            half = student.ppf(0.975, len(apart) - 1) * stdev(apart) / sqrt(len(apart))
            level = mean(found[seed, "fp32"] for seed in seeds)
            yield Difference(stage, metric, level, mean(apart), float(half), len(seeds))


def main() -> None:
    """Train the pairs, print what they differ in, and write that after each seed from the second
    on.
    """
    given = _parser().parse_args()
    words = ("steps", "loss", "generator", "discriminator", "batch", "patch")
    asked = Quality(machine_facts()["processor"], **{word: getattr(given, word) for word in words})
    scores = list[Score]()
    for seed in range(given.seeds):
        for precision in ("fp32", "bf16"):
            scores += scored(asked, seed, precision, given.device)
        if seed:
            found = Quality(**{**vars(asked), "found": tuple(differences(scores))})
            if given.json:
                told = asdict(found) | {"scores": [asdict(one) for one in scores]}
                given.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for one in found.found:
        print(f"{one.stage} {one.metric}: fp32 {one.fp32:.4f}, {one.words()}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.precision_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3, help="two at least")
    parser.add_argument("--loss", default="0.01*l1 + vgg(layer=conv2_2) + 0.005*ragan")
    parser.add_argument("--generator", default="srvgg(features=16, blocks=4)")
    parser.add_argument("--discriminator", default="vgg-sn(features=8)")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--patch", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write differences and scores")
    return parser


if __name__ == "__main__":
    main()
