"""How are models scored from the command line?"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from srkit_core.cli.progress import ProgressView
from srkit_core.cli.render import print_table
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from srkit_core.data.picture import Split
    from srkit_core.data.picture_set import PictureSet
    from srkit_core.evaluation.comparison import SeenBy
    from srkit_core.evaluation.scoring import ModelScores, Pair
    from srkit_core.evaluation_recipe import EvaluationRecipe

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...|RECIPE",
        help="Weights files, baselines such as bicubic, or an evaluation recipe.",
    ),
]
SplitOption = Annotated[
    Literal["train", "val", "test"] | None,
    typer.Option(help="Which pictures of prepared data (default: test, else val, else all)."),
]


def evaluate(
    models: Models,
    data: Annotated[
        str | None,
        typer.Option(help="Folder of HR pictures, output of srkit prepare, or 'photos'."),
    ] = None,
    split: SplitOption = None,
    lr: Annotated[
        Path | None, typer.Option(help="Folder of LR pictures with the same stems (or stem + x4).")
    ] = None,
    scale: Annotated[
        int | None, typer.Option(help="Where neither a model nor --lr says it.")
    ] = None,
    degrade: Annotated[
        str | None,
        typer.Option(
            help="How LR is made from HR (default: bicubic), or paired: as the data hold it."
        ),
    ] = None,
    metrics: Annotated[
        str | None, typer.Option(help="A sum of metrics (default: psnr+ssim).")
    ] = None,
    protocol: Annotated[
        Literal["y", "rgb"] | None, typer.Option(help="Luma or RGB (default: y).")
    ] = None,
    border: Annotated[
        int | None, typer.Option(help="HR pixels cut from each side (default: the scale).")
    ] = None,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = "auto",
    precision: Annotated[PrecisionName, typer.Option(help="auto is fp32.")] = "auto",
    tile: Annotated[
        int | None,
        typer.Option(help="Side of a tile in LR pixels (default: whole pictures up to 512x512)."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write scores, protocol and images to this file.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a row per picture and model to this file.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Write the upscaled pictures into this folder.")
    ] = None,
) -> None:
    """Score models on pictures under one protocol."""
    from srkit_core.engine.machine.oom import oom_guard
    from srkit_core.engine.machine.processes import choose_device, inference_dtype
    from srkit_core.evaluation.comparison import Machine, evaluate_models, save_into
    from srkit_core.io.atomic import write_text
    from srkit_core.io.documents import write_json
    from srkit_core.registry import discover

    _check(lr, degrade, pictures)
    written = {
        "lr": lr,
        "scale": scale,
        "degrade": degrade,
        "metrics": metrics,
        "protocol": protocol,
        "border": border,
        "data": data,
    }
    wanted = _wanted(models, {name: value for name, value in written.items() if value is not None})
    where = choose_device(device)
    machine = Machine(where, inference_dtype(precision, where), tile)
    source = _source(wanted, split)
    with oom_guard("--tile 128"), ProgressView() as view:
        seen = _watched(view, len(source.pictures), save_into(pictures) if pictures else None)
        result = evaluate_models(
            wanted, source, discover(), machine, note=view.note, seen=seen, report=view.download
        )
    _print_scores(result.scores)
    if json_file:
        write_json(json_file, result.to_dict())
    if csv_file:
        write_text(csv_file, _csv(result.scores))


def _check(lr: Path | None, degrade: str | None, pictures: Path | None) -> None:
    if lr is not None and degrade is not None:
        raise RecipeError(
            "--lr takes LR from disk and --degrade makes it: one of them",
            hint="leave out --degrade",
        )
    if pictures and pictures.is_dir() and any(pictures.iterdir()):
        raise RecipeError(f"{pictures} already holds files", hint="--pictures another folder")


def _wanted(models: Sequence[str], written: dict[str, Any]) -> "EvaluationRecipe":
    """Return what to evaluate: an evaluation recipe with the flags on top, or the flags alone."""
    from srkit_core.evaluation_recipe import evaluation_recipe, read_evaluation_recipe

    if len(models) == 1 and models[0].endswith(".toml"):
        return read_evaluation_recipe(Path(models[0]), written)
    return evaluation_recipe(
        {"models": {_short_name(model, models): model for model in models}, **written}
    )


def _watched(view: ProgressView, pictures: int, save: "SeenBy | None") -> "SeenBy":
    """Return what shows how far each model is, and saves its pictures if asked to."""
    done = Counter[str]()

    def seen(model: str, pair: "Pair", sr: "Tensor") -> None:
        if save:
            save(model, pair, sr)
        done[model] += 1
        view.count(model, done[model], pictures)

    return seen


def _source(wanted: "EvaluationRecipe", split: "Split | None") -> "PictureSet":
    from srkit_core.data.picture_set import open_picture_set, readable
    from srkit_core.recipe import PAIRED

    if wanted.data is None:
        raise RecipeError("there is nothing to evaluate on", hint="--data FOLDER, or --data photos")
    paired = wanted.degrade == PAIRED
    source = open_picture_set(
        wanted.data,
        paired=paired,
        scale=wanted.scale,
        prefer=(split,) if split else ("test", "val"),
    )
    if split and any(one.split != split for one in source.pictures):
        raise DataError(
            f"{wanted.data} has no split '{split}'",
            hint="srkit prepare --split, or leave out --split",
        )
    source = readable(source)
    for note in source.notes():
        typer.echo(note)
    return source


def _short_name(model: str, models: Sequence[str]) -> str:
    """Name a model by its file, with as many folders as it takes to tell it from the others."""
    parts = Path(model).parts
    for count in range(1, len(parts) + 1):
        name = "/".join(parts[-count:])
        if sum(other == name or other.endswith("/" + name) for other in models) <= 1:
            return name
    return model


def _print_scores(scores: Sequence["ModelScores"]) -> None:
    headers = ["model"] + [
        f"{label} ({spec.unit})" if spec.unit else label for label, spec in scores[0].specs.items()
    ]
    rows = [
        [one.name, *(f"{one.mean(label):.4f} ± {one.std(label):.4f}" for label in one.specs)]
        for one in scores
    ]
    print_table(headers, rows)


def _csv(scores: Sequence["ModelScores"]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    labels = list(scores[0].specs)
    writer.writerow(["model", "image", *labels])
    for one in scores:
        writer.writerows(
            [one.name, image, *(values[label] for label in labels)]
            for image, values in one.images.items()
        )
    return text.getvalue()
