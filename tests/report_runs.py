"""Run folders and files of scores that tests of pages write by hand, without training."""

import json
import math

import numpy as np
from PIL import Image

from srkit_core.evaluation.picture_sheet import picture_sheet
from srkit_core.recipe import recipe_from_dict

HOSTILE = "<script>alert(1)</script>"
"""What somebody may call a run, a model or a picture."""

STAGES = [
    {"name": "warmup", "loss": "l1", "steps": 100, "batch": 4, "patch": 64},
    {"name": "main", "loss": "l1 + tv", "steps": 100, "batch": 4, "patch": 64, "lr": 5e-5},
]
HEAD = (
    "step,epoch,stage,split,lr,loss/l1,loss/tv,loss/total,psnr,psnr/std,ssim,ssim/std,"
    "images_per_s,memory_mb,elapsed_s"
)


def write_run(folder, *, seed=0, steps=200, names=("baby", "bird"), generator="srvgg"):
    """Write a finished run of two stages, validated at every 50 steps, with sheets of noise."""
    folder.mkdir(parents=True)
    recipe = {"name": "by-hand", "generator": generator, "seed": seed, "stages": STAGES}
    (folder / "recipe.toml").write_text(recipe_from_dict(recipe).to_toml())
    rows = [row for step in range(1, steps + 1) for row in _rows(step, seed)]
    (folder / "metrics.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    (folder / "environment.json").write_text(json.dumps(_environment(names)))
    (folder / "summary.json").write_text(json.dumps(_summary(steps, seed)))
    write_sheets(folder, range(50, steps + 1, 50), len(names), seed=seed)
    return folder


def write_sheets(folder, steps, count, size=(256, 256), seed=0):
    """Write a sheet of noise for each step, whose SR alone changes from step to step."""
    (folder / "pictures").mkdir()
    for step in steps:
        rows = [
            {
                "bicubic": noise(*size, seed=row),
                "sr": noise(*size, seed=10000 * seed + 1000 * (row + 1) + step),
                "hr": noise(*size, seed=100 + row),
            }
            for row in range(count)
        ]
        sheet = picture_sheet(rows, ["bicubic", "sr", "hr"])
        Image.fromarray(sheet).save(folder / "pictures" / f"step-{step:08d}.png")


def noise(height, width, seed=0):
    """Make a picture of grey noise."""
    grey = np.random.default_rng(seed).integers(0, 250, (height, width, 1), dtype=np.uint8)
    return np.repeat(grey, 3, axis=2)


def write_scores(path, *, border=4, pictures=("baby", "bird"), model="mine"):
    """Write a file as `srkit eval --json` does."""
    protocol = {"channel": "y", "border": border, "quantisation": "8 bit", "scale": 4}
    models = [_model("bicubic", 28.0, pictures), _model(model, 30.0, pictures)]
    document = {"protocol": protocol | {"lr": "made from HR", "kernel": "bicubic"}}
    path.write_text(json.dumps(document | {"models": models}))
    return path


def write_saved(folder, models, pictures):
    """Write pictures as `srkit eval --pictures` does."""
    for number, model in enumerate(models):
        (folder / model).mkdir(parents=True)
        for name in pictures:
            Image.fromarray(noise(64, 96, seed=number)).save(folder / model / f"{name}.png")
    return folder


def _rows(step, seed):
    stage = "warmup" if step <= 100 else "main"
    loss = 0.01 + 0.5 * math.exp(-step / 30) + 0.001 * seed
    tv = "" if step <= 100 else "0.002"
    if step % 10 == 0:
        yield f"{step},1,{stage},train,0.0001,{loss},{tv},{loss},,,,,20.0,100,{step / 10}"
    if step % 50 == 0:
        scores = f"{28 + step / 100 + seed},0.5,{0.8 + step / 2000},0.01"
        yield f"{step},1,{stage},val,0.0001,{loss},{tv},{loss},{scores},5,100,{step / 10}"


def _summary(steps, seed):
    stages = {}
    for name, step in (("warmup", 100), ("main", steps)):
        final = {"step": step, "psnr": 28 + step / 100 + seed, "psnr/std": 0.5, "ssim": 0.9}
        best = {"psnr": {"step": step, "value": final["psnr"]}, "ssim": {"step": 50, "value": 0.91}}
        stages[name] = {"final": final, "best": best}
    return {"steps": steps, "bicubic": {"psnr": 27.5, "ssim": 0.79}, "stages": stages}


def _environment(names):
    return {
        "id": "0123456789abcdef",
        "versions": {"srkit": "0.1.0", "torch": "2.9.0"},
        "python": "3.11.7",
        "device": "cpu",
        "precision": "fp32",
        "commands": [["/usr/bin/srkit", "train", "mine.toml", "--data", "my photos"]],
        "data": {"source": "photos", "fingerprint": "ab" * 32, "pictures": 13, "crops": 9},
        "validation": list(names),
        "judges": {"val": "cd" * 32},
        "arguments": {"data": "photos"},
    }


def _model(name, mean, pictures):
    images = [{"name": one, "psnr": mean + place} for place, one in enumerate(pictures)]
    psnr = {"mean": mean + 0.5, "std": 0.5, "unit": "dB", "higher_is_better": True}
    return {"name": name, "metrics": {"psnr": psnr}, "images": images}
