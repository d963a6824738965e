"""Does training in bf16 cost quality?

    python tests/benchmarks/precision_quality.py [--steps 300] [--seeds 3] [--loss LOSS] [--json]

trains a small network with each seed in fp32 and in bf16, on the bundled photographs, as many steps
of the same crops, and prints PSNR-Y and LPIPS of the photographs that were held out: the mean of
the differences over seeds (bf16 minus fp32) with its interval of 95 % by Student's t.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from scipy.stats import t as student

from srkit_core import Recipe, RunOptions, Stage, Validation, train
from srkit_core.devices import PrecisionName
from srkit_core.recipe import Data

METRICS = ("psnr", "lpips")
HELD_OUT = ("astronaut", "chelsea", "coffee", "rocket")
LOSS = "0.01*l1 + vgg + 0.005*ragan"


def recipe(loss: str, steps: int, seed: int) -> Recipe:
    """Return a stage of L1, and one of the loss, half as many steps each."""
    half = steps // 2
    same = {"steps": half, "batch": 4, "patch": 64, "validate_every": half}
    return Recipe(
        generator="srvgg(features=32, blocks=6)",
        discriminator="vgg-sn(features=16)",
        seed=seed,
        data=Data(hold_out=HELD_OUT),
        validation=Validation(metrics=" + ".join(METRICS)),
        stages=[
            Stage(name="l1", loss="l1", lr=1e-3, **same),
            Stage(name="gan", loss=loss, lr=2e-4, **same),
        ],
    )


def scored(
    given: argparse.Namespace, seed: int, precision: PrecisionName
) -> Iterator[dict[str, Any]]:
    """Train, and yield what the network scores at the end of each stage."""
    asked = recipe(given.loss, given.steps, seed)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        train(asked, RunOptions(out=run, device=given.device, precision=precision, workers=0))
        with (run / "metrics.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row[METRICS[0]]]
    last = {row["stage"]: row for row in rows}
    for stage, row in last.items():
        yield {"stage": stage, "seed": seed, "precision": precision} | {
            metric: float(row[metric]) for metric in METRICS
        }


def differences(rows: list[dict[str, Any]], stage: str, metric: str) -> dict[str, float]:
    """Return mean and interval of bf16 minus fp32, pair by pair."""
    by_seed: dict[int, dict[str, float]] = {}
    for row in rows:
        if row["stage"] == stage:
            by_seed.setdefault(row["seed"], {})[row["precision"]] = row[metric]
    apart = [one["bf16"] - one["fp32"] for one in by_seed.values()]
    half = student.ppf(0.975, len(apart) - 1) * stdev(apart) / sqrt(len(apart))
    level = mean(one["fp32"] for one in by_seed.values())
    return {"fp32": level, "difference": mean(apart), "half": half}


def main() -> None:
    """Train the pairs and print what they differ in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--loss", default=LOSS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [
        row
        for seed in range(given.seeds)
        for precision in ("fp32", "bf16")
        for row in scored(given, seed, precision)
    ]
    told = {
        stage: {metric: differences(rows, stage, metric) for metric in METRICS}
        for stage in dict.fromkeys(row["stage"] for row in rows)
    }
    if given.json:
        print(json.dumps({"steps": given.steps, "seeds": given.seeds, "told": told, "rows": rows}))
        return
    for stage, of_stage in told.items():
        for metric, one in of_stage.items():
            print(
                f"{stage} {metric}: fp32 {one['fp32']:.4f}, bf16 {one['difference']:+.4f} "
                f"+- {one['half']:.4f}"
            )


if __name__ == "__main__":
    main()
