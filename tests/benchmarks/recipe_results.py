"""What do the shipped recipes learn in an hour, and how does each look?

    python tests/benchmarks/recipe_results.py

trains every recipe small, by `--set` alone and with fixed seeds, on the shared photographs (the
folder that SRKIT_ASSETS names), scores its stages on Set5 beside bicubic, and writes
docs/results.md and its pictures. About an hour on two cores. What is done is not done again: stop
it, and start it again with the same words. `--steps-times 20 --device cuda` is a larger table;
`--work` is where runs lie, `--docs` where the page goes, and names choose recipes.
"""

import argparse
import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from results_page import LPIPS, Result, Stage, write_curves, write_page

from srkit_core import __version__, bundled_photographs, evaluate, train, upscale
from srkit_core.evaluation.picture_sheet import picture_sheet
from srkit_core.evaluation_files import is_evaluation_recipe
from srkit_core.expressions import Call
from srkit_core.io.images import Pixels, read_image, write_image
from srkit_core.named_recipes import read_recipe
from srkit_core.overrides import Flags, recipe_from_flags
from srkit_core.recipe import Recipe
from srkit_core.registry import discover
from srkit_core.run_folder import RunResult
from srkit_core.run_options import RunOptions
from srkit_core.specs import RecipeSpec

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 1200
"""The longer side of a photograph in pixels, reduced by a whole number: detail instead of noise."""
PICTURE, CORNER, SIDE = "coffee.png", (150, 250), 128
"""The bundled photograph of the picture row (CC0, and nothing is trained on it), and its crop."""
COLUMNS = 6

SMALL = {
    "autoencoder": "autoencoder(widths=[24, 32, 48])",
    "edsr": "edsr(blocks=6, features=32, res_scale=0.1)",
    "rcan": "rcan(groups=2, blocks=3, features=32, reduction=8)",
    "rrdb": "rrdb(blocks=2, features=32, growth=16, upsampler={upsampler})",
    "srresnet": "srresnet(blocks=6, features=32, layout={layout}, head={head}, skip={skip})",
    "unet-sn": "unet-sn(features=16)",
    "vanilla-gan": "vanilla-gan(features={players})",
    "vgg": "vgg(features=16, norm={norm}, pool={pool})",
    "vgg-sn": "vgg-sn(features=16)",
}
"""Every network in this size; what is in braces is as the recipe says."""
DEFAULTS = {"layout": "srgan", "head": "auto", "skip": "after", "norm": "batch", "pool": 1}

PIXELS, FEATURES, PLAYERS = "pixels", "features", "players"
STEPS = {PIXELS: 1000, FEATURES: 200, PLAYERS: 400}
RATES = {PIXELS: 1e-3, FEATURES: 1e-4, PLAYERS: 1e-4}
"""Steps and rates of a stage of pixel losses, of one with features of VGG, and of one that is
adversarial alone: a step with features takes as long as three without."""
ALONE_STEPS, ALONE_RATE = 400, 1e-3
"""Of a stage with features that begins with random weights: it needs more of both."""
VALIDATIONS = 4
LARGEST_MAP = 4
"""Sides of the last map of a discriminator that sees crops of 64."""
COMMON = ("batch=8", "patch=64", "degradation=bicubic", "validation.metrics=psnr + lpips")
COMMON += ("validation.pictures=0", "validation.crop=0", "validation.border=4", "keep=1")
COMMON += ("validation.protocol=y", "log_every=50", "data.hold_out=[]")
OWN_DEGRADATION = ("realesrnet", "realesrgan", "bsrgan")


@dataclass(frozen=True)
class Wish:
    """What a command line asked for."""

    assets: Path
    work: Path
    docs: Path
    device: Any
    times: float
    names: tuple[str, ...]


def kind_of(recipe: Recipe, number: int) -> str:
    """Return what a stage's steps cost."""
    loss = str(recipe.stages[number].loss)
    if "vgg" in loss:
        return FEATURES
    return PIXELS if any(one in loss for one in ("l1", "mse")) else PLAYERS


def small(name: str, times: float) -> Recipe:
    """Return a recipe as it is trained here, by `--set` alone."""
    recipe = read_recipe(name)
    settings = [one for one in COMMON if name not in OWN_DEGRADATION or "degradation" not in one]
    for role, call in (("generator", recipe.generator), ("discriminator", recipe.discriminator)):
        if call:
            settings.append(f"{role}={reduced(call, 32 if role == 'generator' else 16)}")
    for number in range(len(recipe.stages)):
        settings += [f"stages.{number}.{one}" for one in stage_settings(recipe, number, times)]
    return recipe_from_flags(recipe, Flags(settings=tuple(settings))).recipe


def reduced(call: Call, players: int) -> str:
    """Return a network of the same kind that is quick."""
    options = DEFAULTS | dict(call.options) | {"players": players}
    options["pool"] = min(int(str(options["pool"])), LARGEST_MAP)
    return SMALL[call.name.rpartition("/")[2]].format(**options)


def stage_settings(recipe: Recipe, number: int, times: float) -> Iterator[str]:
    """Yield what a stage is told: its length and rate here, and what its own length was meant
    for.
    """
    stage, kind = recipe.stages[number], kind_of(recipe, number)
    alone = kind == FEATURES and number == 0
    steps = max(2, round((ALONE_STEPS if alone else STEPS[kind]) * times))
    often = max(1, steps // VALIDATIONS)
    yield from (f"steps={steps}", f"lr={ALONE_RATE if alone else RATES[kind]}")
    yield from (f"validate_every={often}", f"checkpoint_every={often}", "schedule=cosine")
    yield from ("patience=1000", "start_from=last", "keep_checkpoints_at=[]")
    if stage.keep_checkpoints_every:
        yield f"keep_checkpoints_every={10 * steps}"
    if stage.ema:
        yield "ema=0.99"
    if stage.pool:
        yield "pool=16"


def photographs(assets: Path, work: Path) -> Path:
    """Write the shared photographs, reduced, and return their folder."""
    folder = work / "photographs"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((assets / "photos").glob("*.jpg")):
        target = folder / f"{path.stem}.png"
        if not target.exists():
            with Image.open(path) as picture:
                factor = max(1, -(-max(picture.size) // LONGEST))
                picture.convert("RGB").reduce(factor).save(folder / "part.tmp", format="PNG")
            (folder / "part.tmp").replace(target)
    return folder


def run_folder(name: str, wish: Wish) -> Path:
    """Return where a recipe is trained: another recipe, another folder."""
    digest = hashlib.sha256(small(name, wish.times).to_toml().encode()).hexdigest()
    return wish.work / "runs" / f"{name}-{digest[:8]}"


def trained(name: str, wish: Wish) -> Path:
    """Train a recipe, or what is missing of it, and return its run folder."""
    out, recipe = run_folder(name, wish), small(name, wish.times)
    set5 = str(wish.assets / "benchmarks/Set5/HR")
    options = RunOptions(
        data=str(photographs(wish.assets, wish.work)),
        val={"": set5},
        out=out,
        device=wish.device,
        workers=0,
    )
    return train(recipe, options, resume="newest").folder


def scored(name: str, run: Path, wish: Wish) -> Result:
    """Score the last weights of every stage on Set5, with its published LR files."""
    recipe, rows = small(name, wish.times), RunResult(run).history()
    stages = []
    for stage in recipe.stages:
        weights = run / "weights" / stage.name / "last.safetensors"
        history = [row for row in rows if row["split"] == "val" and row["stage"] == stage.name]
        curve = [(int(float(str(row["step"]))), float(str(row["lpips"]))) for row in history]
        stages.append(Stage(stage.name, stage.steps or 0, on_set5(weights, wish), curve))
    seconds = max(float(str(row["elapsed_s"] or 0)) for row in rows)
    adversarial = recipe.discriminator is not None
    return Result(name, str(recipe.generator), seconds, adversarial, tuple(stages))


def on_set5(model: Path | str, wish: Wish) -> dict[str, float]:
    """Return means of PSNR and SSIM of luma, and of LPIPS."""
    set5 = wish.assets / "benchmarks/Set5"
    metrics = "psnr + ssim + lpips"
    scores = evaluate(
        str(model), set5 / "HR", lr=str(set5 / "LRx4"), scale=4, metrics=metrics, device=wish.device
    )
    return {one: scores.mean(one) for one in ("psnr", "ssim", LPIPS)}


def remembered(path: Path, make: Callable[[], Any]) -> Any:
    """Return what a file remembers, or make it and remember it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make(), indent=2), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def draw_pictures(results: Sequence[Result], wish: Wish) -> Pixels:
    """Draw a crop as every system makes it, between bicubic and HR, in rows of COLUMNS."""
    hr = read_image(next(path for path in bundled_photographs() if path.name == PICTURE))
    top, left = CORNER
    hr = hr[top : top + SIDE, left : left + SIDE]
    small_hr, source = wish.work / "hr.png", wish.work / "lr.png"
    write_image(small_hr, hr)
    with Image.open(small_hr) as picture:
        picture.resize((SIDE // 4, SIDE // 4), Image.Resampling.BICUBIC).save(source)
    cells = {"bicubic": shown("bicubic", source, wish)}
    for one in results:
        cells[one.name] = shown(
            run_folder(one.name, wish) / "weights/last.safetensors", source, wish
        )
    cells["HR"] = hr
    names = list(cells)
    lines = [names[first : first + COLUMNS] for first in range(0, len(names), COLUMNS)]
    return stacked(
        [picture_sheet([{one: cells[one] for one in line}], line, side=SIDE) for line in lines]
    )


def shown(model: Path | str, source: Path, wish: Wish) -> Pixels:
    """Return a picture as a model enlarges it."""
    target = wish.work / "sr.png"
    upscale(model, source, target, device=wish.device)
    return read_image(target)


def stacked(sheets: Sequence[Pixels]) -> Pixels:
    """Put sheets below each other, on white."""
    width = max(one.shape[1] for one in sheets)
    paper = Image.new("RGB", (width, sum(one.shape[0] for one in sheets)), "white")
    top = 0
    for one in sheets:
        paper.paste(Image.fromarray(one), (0, top))
        top += one.shape[0]
    return np.array(paper)


def results(wish: Wish) -> Iterator[Result]:
    """Train and score each recipe in turn."""
    for name in wish.names:
        path = wish.work / "scores" / f"{run_folder(name, wish).name}.json"
        told = remembered(path, lambda name=name: scored(name, trained(name, wish), wish).to_dict())
        result = Result.from_dict(told)
        print(f"{name}: {result.seconds:.0f} s, {result.last}", flush=True)
        yield result


def machine(device: str) -> str:
    """Say where this ran."""
    where = torch.cuda.get_device_name() if device == "cuda" else f"{os.cpu_count()} CPU cores"
    return f"srkit {__version__}, torch {torch.__version__}, {platform.machine()}, {where}"


def main(words: Sequence[str] | None = None) -> None:
    """Do what a command line says."""
    shipped = [
        one.name
        for one in discover(limit=()).installed(RecipeSpec)
        if one.name != "demo" and not is_evaluation_recipe(one.spec.file)
    ]
    beside = ROOT.parent / "shared" / "assets"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=shipped)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "results")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps-times", type=float, default=1)
    given = parser.parse_args(words)
    assets = Path(os.environ.get("SRKIT_ASSETS", beside))
    names = tuple(given.names)
    wish = Wish(assets, given.work, given.docs, given.device, given.steps_times, names)
    found = list(results(wish))
    bicubic = remembered(wish.work / "scores/bicubic.json", lambda: on_set5("bicubic", wish))
    wish.docs.mkdir(parents=True, exist_ok=True)
    write_image(wish.docs / "results.png", draw_pictures(found, wish))
    write_curves(wish.docs / "results-curves.png", found)
    write_page(wish.docs / "results.md", found, bicubic, machine(given.device), given.steps_times)


if __name__ == "__main__":
    main()
