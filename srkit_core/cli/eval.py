"""How are models scored from the command line?"""

import csv
import io
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from srkit_core.cli.output import say
from srkit_core.cli.output_check import check_written
from srkit_core.cli.progress import ProgressView
from srkit_core.cli.render import print_table
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from srkit_core.data.picture import Split
    from srkit_core.evaluation.saved_pictures import SeenBy
    from srkit_core.evaluation.scores import ModelScores, Scores
    from srkit_core.evaluation.scoring import Pair
    from srkit_core.evaluation_recipe import EvaluationRecipe
    from srkit_core.run_folder import RunFolder

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...|RECIPE",
        help="Weights files, run folders, known weights, baselines such as bicubic, or an "
        "evaluation recipe.",
    ),
]
DataOption = Annotated[
    str | None, typer.Option(help="Folder of HR pictures, output of srkit prepare, or 'photos'.")
]
SplitOption = Annotated[
    Literal["train", "val", "test"] | None,
    typer.Option(
        help="Which pictures of prepared data, or without --data of what a run held out (default: "
        "test, else val, else all)."
    ),
]
LrOption = Annotated[
    Path | None, typer.Option(help="Folder of LR pictures with the same stems (or stem + x4).")
]
ScaleOption = Annotated[
    int | None, typer.Option(min=1, max=64, help="Where neither a model nor --lr says it.")
]
DegradeOption = Annotated[
    str | None,
    typer.Option(help="How LR is made from HR (default: bicubic), or paired: as the data hold it."),
]
MetricsOption = Annotated[str | None, typer.Option(help="A sum of metrics (default: psnr+ssim).")]
ProtocolOption = Annotated[
    Literal["y", "rgb"] | None, typer.Option(help="Luma or RGB (default: y).")
]
BorderOption = Annotated[
    int | None, typer.Option(min=0, help="HR pixels cut from each side (default: the scale).")
]
CropOption = Annotated[
    int | None,
    typer.Option(min=0, help="Score the centre crop of so many HR pixels (default: all of it)."),
]
DeviceOption = Annotated[DeviceName, typer.Option(help="Where to compute.")]
PrecisionOption = Annotated[PrecisionName, typer.Option(help="auto is fp32.")]
TileOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Side of a tile in LR pixels (default: whole pictures up to 512x512)."
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write scores, protocol and images to this file.")
]
CsvFile = Annotated[
    Path | None, typer.Option("--csv", help="Write a row per picture and model to this file.")
]
PicturesOption = Annotated[
    Path | None, typer.Option(help="Write the upscaled pictures into this folder.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist, and those of --pictures.")
]


def eval_command(
    models: Models,
    data: DataOption = None,
    split: SplitOption = None,
    lr: LrOption = None,
    scale: ScaleOption = None,
    degrade: DegradeOption = None,
    metrics: MetricsOption = None,
    protocol: ProtocolOption = None,
    border: BorderOption = None,
    crop: CropOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    tile: TileOption = None,
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
    pictures: PicturesOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Score models on pictures under one protocol."""
    _check((json_file, csv_file), pictures, overwrite=overwrite)
    flags = {
        "lr": lr, "scale": scale, "degrade": degrade, "metrics": metrics,
        "protocol": protocol, "border": border, "crop": crop, "data": data,
    }  # fmt: skip
    written = {name: value for name, value in flags.items() if value is not None}
    run = _run_of(models) if data is None else None
    wanted, unwritten = _wanted(models, _like(run, split) | written), list[Path]()
    save = _saving(pictures, unwritten)
    scores = _scored(wanted, split, run, (device, precision, tile), save)
    _print_scores(scores)
    _write(scores, json_file, csv_file)
    check_written(unwritten)


def _run_of(models: Sequence[str]) -> "RunFolder | None":
    from srkit_core.evaluation.run_pictures import run_among

    return run_among(models)


def _like(run: "RunFolder | None", split: "Split | None") -> dict[str, Any]:
    from srkit_core.evaluation.run_pictures import as_validated

    return as_validated(run, split) if run else {}


def _scored(
    wanted: "EvaluationRecipe",
    split: "Split | None",
    run: "RunFolder | None",
    machine: tuple[DeviceName, PrecisionName, int | None],
    save: "SeenBy | None",
) -> "Scores":
    from srkit_core.devices import choose_device, inference_dtype
    from srkit_core.evaluation.evaluate import (
        Inference,
        evaluate_models,
        open_evaluation_set,
    )
    from srkit_core.oom import oom_guard
    from srkit_core.registry import discover

    device, precision, tile = machine
    where = choose_device(device)
    inference = Inference(where, inference_dtype(precision, where), tile)
    found = open_evaluation_set(wanted, split, say, run)
    with oom_guard("a machine with more memory, or smaller pictures"), ProgressView() as view:
        return evaluate_models(
            wanted,
            wanted.models,
            found,
            discover(),
            inference,
            note=view.on_note,
            seen=_watched(view, len(found.pictures), save),
            report=view.on_download,
        )


def _write(scores: "Scores", json_file: Path | None, csv_file: Path | None) -> None:
    from srkit_core.io.atomic import write_text
    from srkit_core.io.documents import write_json

    if json_file:
        write_json(json_file, scores.to_dict())
    if csv_file:
        write_text(csv_file, _csv(scores))


def _check(files: Sequence[Path | None], pictures: Path | None, *, overwrite: bool) -> None:
    """Refuse what could not be written, before the work."""
    from srkit_core.io.output_files import check_outputs, check_place

    check_outputs(files, overwrite=overwrite)
    if pictures is None:
        return
    if pictures.is_dir() and any(pictures.iterdir()) and not overwrite:
        hint = "--pictures another folder, or --overwrite"
        raise RecipeError(f"{pictures} already holds files", hint=hint)
    check_place(pictures / "picture.png")


def _wanted(models: Sequence[str], written: dict[str, Any]) -> "EvaluationRecipe":
    """Return what to evaluate: an evaluation recipe with the flags on top, or the flags alone."""
    from srkit_core.evaluation.evaluate import name_models
    from srkit_core.evaluation_recipe import evaluation_recipe, read_evaluation_recipe

    recipe = _recipe_among(models)
    if recipe:
        return read_evaluation_recipe(recipe, written)
    return evaluation_recipe({"models": name_models(models), **written})


def _recipe_among(models: Sequence[str]) -> Path | None:
    """Return the evaluation recipe that the only word means, if it does: a file, or an installed
    one by its name where no model has that name.

    Raises RecipeError where it is one for training.
    """
    from srkit_core.evaluation_recipe import is_evaluation_recipe
    from srkit_core.models.known_models import is_model_name
    from srkit_core.named_recipes import recipe_path
    from srkit_core.registry import discover
    from srkit_core.specs import RecipeSpec

    word = models[0] if len(models) == 1 else ""
    if not word or word.endswith(".toml"):
        return Path(word) if word else None
    registry = discover()
    named = registry.knows(RecipeSpec, word)
    if not named or Path(word).exists() or is_model_name(word, registry):
        return None
    path = recipe_path(registry.one(RecipeSpec, word))
    if not is_evaluation_recipe(path):
        fact = f"the recipe '{word}' is one for training, and names no models to compare"
        raise RecipeError(fact, hint=f"srkit train {shlex.quote(word)}")
    return path


def _watched(view: ProgressView, pictures: int, save: "SeenBy | None") -> "SeenBy":
    """Return what shows how far each model is, and saves its pictures if asked to."""
    done = Counter[str]()

    def seen(model: str, pair: "Pair", sr: "Tensor") -> None:
        if save:
            save(model, pair, sr)
        done[model] += 1
        view.count(model, done[model], pictures)

    return seen


def _saving(pictures: Path | None, unwritten: list[Path]) -> "SeenBy | None":
    """Return what saves a picture; one that cannot be written is named, and the others come."""
    from srkit_core.evaluation.saved_pictures import save_into

    save = save_into(pictures)
    if save is None:
        return None

    def saved(model: str, pair: "Pair", sr: "Tensor") -> None:
        try:
            save(model, pair, sr)
        except DataError as error:
            say(f"not written: {error}", err=True)
            unwritten.append(error.path or Path(pair.name))

    return saved


def _print_scores(scores: "Scores") -> None:
    specs = scores.models[0].specs
    headers = [f"{label} ({spec.unit})" if spec.unit else label for label, spec in specs.items()]
    rows = [[one.name, *(_mean(one, label) for label in one.specs)] for one in scores.models]
    print_table(["model", *headers], rows)
    for note in left_out_notes(scores):
        say(note)


def _mean(scores: "ModelScores", label: str) -> str:
    judged = scores.judged(label)
    return f"{scores.mean(label):.4f} ± {scores.std(label):.4f}" if judged else "none judged"


def left_out_notes(scores: "Scores") -> Iterator[str]:
    """Say which pictures are not in a mean: a score that is infinite, or that a metric cannot
    give, has none.
    """
    for one in scores.models:
        for label in one.specs:
            names = one.left_out(label)
            if names:
                shown = f"{', '.join(names)} ({len(names)} of {len(one.images)} pictures)"
                yield f"left out of the {label} of {one.name}: {shown}, whose score is not finite"


def _csv(scores: "Scores") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    labels = list(scores.models[0].specs)
    writer.writerow(["model", "image", *labels])
    for one in scores.models:
        writer.writerows(
            [one.name, image, *(_cell(values[label]) for label in labels)]
            for image, values in one.images.items()
        )
    return text.getvalue()


def _cell(value: float) -> float | str:
    return value if isfinite(value) else ""
