"""How much longer does `srkit runs` take with many recorded runs than `srkit list`?"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STAGE = '[[stages]]\nname = "{name}"\nloss = "1.0*srkit/l1"\nsteps = {steps}\nbatch = 16\n'
HEAD = "step,epoch,stage,split,lr,loss/l1,loss/total,psnr,psnr/std,images_per_s,elapsed_s\n"
ROW = "{step},1,main,train,0.0001,0.18769662082195282,0.18769662082195282,,,14.55,{step}.25\n"


def make_runs(folder: Path, count: int, rows: int) -> None:
    """Write so many run folders, every second one finished, each with so many rows."""
    log = HEAD + "".join(ROW.format(step=50 * one) for one in range(1, rows + 1))
    recipe = 'name = "made"\n' + "".join(
        STAGE.format(name=name, steps=25 * rows) for name in ("warmup", "main")
    )
    best = {name: {"step": 50, "value": 29.5} for name in ("psnr", "ssim", "loss/total")}
    for number in range(count):
        run = folder / f"made-{number}"
        total = 50 * rows if number % 2 else 40 * rows
        position = {"stage": 1, "step": total - 25 * rows, "total": total, "samples": 0}
        stages = {"main": {"final": best["psnr"], "best": best}}
        documents = {
            "environment.json": {"data": {"crops": 800}},
            f"checkpoints/step-{total:08d}/state.json": {
                "progress": {"position": position, "stages": stages}
            },
        }
        if number % 2:
            documents["summary.json"] = {"steps": total, "stages": stages}
        for name, document in documents.items():
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_text(json.dumps(document, indent=2))
        (run / "recipe.toml").write_text(recipe)
        (run / "metrics.csv").write_text(log)


def computed(words: list[str]) -> float:
    """Run a command of srkit; return for how many seconds its process computed."""
    before = os.times()
    line = [sys.executable, "-m", "srkit_core", *words]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def ratio(runs: int, rows: int, repeats: int) -> float:
    """Return how many times as long as `srkit list` it takes, printing both."""
    with tempfile.TemporaryDirectory() as parent:
        make_runs(Path(parent), runs, rows)
        commands = {"list": ["list"], "runs": ["runs", parent]}
        for words in commands.values():
            computed(words)  # byte code is written once
        taken = {name: [] for name in commands}
        for _ in range(repeats):
            for name, words in commands.items():
                taken[name].append(computed(words))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, median in medians.items():
        print(f"{name:>6}: {median:.3f} s (best {min(taken[name]):.3f})")
    return medians["runs"] / medians["list"]
