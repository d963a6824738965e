"""How are models scored from the command line?"""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from srkit_core.cli.output import say
from srkit_core.cli.output_check import check_written
from srkit_core.cli.progress import ProgressView
from srkit_core.cli.render import print_table, print_text
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from srkit_core.data.picture import Split
    from srkit_core.data.picture_set import PictureSet
    from srkit_core.evaluation.saved_pictures import SeenBy
    from srkit_core.evaluation.scores_by_set import ScoresBySet
    from srkit_core.evaluation.scoring import Pair
    from srkit_core.evaluation.tables.figures import Compared
    from srkit_core.evaluation_recipe import EvaluationRecipe
    from srkit_core.run_folder import RunFolder

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...|RECIPE",
        help="Weights files, run folders, known weights, baselines such as bicubic, or an "
        "evaluation recipe (a file, or the name of a shipped one), to which models after it are "
        "added.",
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        help="Folder of HR pictures, output of srkit prepare, or 'photos'; for a recipe of several "
        "sets, the folder that they are in."
    ),
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
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any field of the evaluation recipe, such as baseline=bicubic, sets.Set5.border=0 or "
        "models.NAME=MODEL; repeatable.",
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="This set, or this group of models, of the recipe alone; repeatable."
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write scores, protocol and images to this file.")
]
CsvFile = Annotated[
    Path | None,
    typer.Option("--csv", help="Write a row per picture and model, and rows of means, to a file."),
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", help="Write the table of means as Markdown to a file.")
]
LatexFile = Annotated[
    Path | None, typer.Option("--latex", help="Write the table of means as LaTeX to this file.")
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
    settings: SettingsOption = None,
    only: OnlyOption = None,
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
    markdown_file: MarkdownFile = None,
    latex_file: LatexFile = None,
    pictures: PicturesOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Score models on pictures under one protocol, or as an evaluation recipe says."""
    files = Files(json_file, csv_file, markdown_file, latex_file)
    _check(vars(files).values(), pictures, overwrite=overwrite)
    flags = {
        "lr": lr, "scale": scale, "degrade": degrade, "metrics": metrics,
        "protocol": protocol, "border": border, "crop": crop, "data": data,
    }  # fmt: skip
    written = {name: value for name, value in flags.items() if value is not None}
    recipe = _recipe_among(models)
    run = _run_of(models) if data is None and recipe is None else None
    wanted = _wanted(recipe, models, _like(run, split), written, settings or [], only or [])
    unwritten = list[Path]()
    scores = _scored(wanted, split, run, (device, precision, tile), (pictures, unwritten))
    _tell(wanted, scores, files)
    check_written(unwritten)


@dataclass(frozen=True)
class Files:
    """Files to write, of those that are asked for."""

    json: Path | None
    csv: Path | None
    markdown: Path | None
    latex: Path | None


def _run_of(models: Sequence[str]) -> "RunFolder | None":
    from srkit_core.evaluation.run_pictures import run_among

    return run_among(models)


def _like(run: "RunFolder | None", split: "Split | None") -> dict[str, Any]:
    from srkit_core.evaluation.run_pictures import each_as_validated

    return each_as_validated(run, split) if run else {}


def _scored(
    wanted: "EvaluationRecipe",
    split: "Split | None",
    run: "RunFolder | None",
    machine: tuple[DeviceName, PrecisionName, int | None],
    saved: tuple[Path | None, list[Path]],
) -> "ScoresBySet":
    from srkit_core.devices import choose_device, inference_dtype
    from srkit_core.evaluation.evaluate import Inference
    from srkit_core.evaluation.evaluate_sets import evaluate_sets
    from srkit_core.oom import oom_guard
    from srkit_core.registry import discover

    device, precision, tile = machine
    where = choose_device(device)
    inference = Inference(where, inference_dtype(precision, where), tile)
    with oom_guard("a machine with more memory, or smaller pictures"), ProgressView() as view:

        def watch(name: str, pictures: "PictureSet") -> "SeenBy":
            return _watched(view, name, len(pictures.pictures), _saving(name, *saved))

        return evaluate_sets(
            wanted,
            discover(),
            inference,
            note=view.on_note,
            watch=watch,
            split=split,
            run=run,
            report=view.on_download,
        )


def _tell(wanted: "EvaluationRecipe", scores: "ScoresBySet", files: Files) -> None:
    """Print the tables, and write the files that are asked for."""
    from srkit_core.evaluation.tables.figures import compared
    from srkit_core.evaluation.tables.outputs import text_rows
    from srkit_core.evaluation.tables.score_tables import long_tables, notes
    from srkit_core.io.documents import write_json

    found = compared(wanted, scores)
    for number, table in enumerate(long_tables(found)):
        if number:
            say()
        print_text(table.caption)
        print_table(*text_rows(table))
    for note in notes(found):
        print_text(note)
    if files.json:
        write_json(files.json, scores.to_dict())
    _write_tables(found, files)


def _write_tables(found: "Compared", files: Files) -> None:
    from srkit_core.evaluation.tables.outputs import csv_text, latex, markdown
    from srkit_core.evaluation.tables.score_tables import notes, picture_table, wide_tables
    from srkit_core.io.atomic import write_text

    tables, said = wide_tables(found), list(notes(found))
    if files.csv:
        write_text(files.csv, csv_text(picture_table(found)))
    if files.markdown:
        write_text(files.markdown, markdown(tables, said))
    if files.latex:
        write_text(files.latex, latex(tables, said))


def _check(files: Iterable[Path | None], pictures: Path | None, *, overwrite: bool) -> None:
    """Refuse what could not be written, before the work."""
    from srkit_core.io.output_files import check_outputs, check_place

    check_outputs(files, overwrite=overwrite)
    if pictures is None:
        return
    if pictures.is_dir() and any(pictures.iterdir()) and not overwrite:
        hint = "--pictures another folder, or --overwrite"
        raise RecipeError(f"{pictures} already holds files", hint=hint)
    check_place(pictures / "picture.png")


def _wanted(
    recipe: Path | None,
    models: Sequence[str],
    like: dict[str, Any],
    written: dict[str, Any],
    settings: Sequence[str],
    only: Sequence[str],
) -> "EvaluationRecipe":
    """Return what to evaluate: an evaluation recipe with flags, settings and further models on top,
    or these alone, with what a run among them says.

    Raises DataError where the recipe names what is not here.
    """
    from srkit_core.evaluation.evaluate import name_models
    from srkit_core.evaluation_files import read_evaluation_recipe, with_fields, with_settings
    from srkit_core.evaluation_needs import check_here
    from srkit_core.evaluation_recipe import evaluation_recipe
    from srkit_core.registry import discover

    words = list(models if recipe is None else models[1:])
    rows = {name: str(word) for name, word in name_models(words).items()}
    if recipe is None:
        document = with_fields({"models": rows, **like}, written)
        return evaluation_recipe(with_settings(document, settings)).only(only)
    wanted = read_evaluation_recipe(recipe, written, settings).only(only).with_models(rows)
    check_here(shlex.quote(models[0]), wanted, discover())
    return wanted


def _recipe_among(models: Sequence[str]) -> Path | None:
    """Return the evaluation recipe that the first word means, if it does: a file, or an installed
    one by its name where no model has that name.

    Raises RecipeError where it is one for training.
    """
    from srkit_core.evaluation_files import is_evaluation_recipe
    from srkit_core.models.known_models import is_model_name
    from srkit_core.named_recipes import recipe_path
    from srkit_core.registry import discover
    from srkit_core.specs import RecipeSpec

    word = models[0] if models else ""
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


def _watched(view: ProgressView, name: str, pictures: int, save: "SeenBy | None") -> "SeenBy":
    """Return what shows how far each model is on a set, and saves its pictures if asked to."""
    done = Counter[str]()

    def seen(model: str, pair: "Pair", sr: "Tensor") -> None:
        if save:
            save(model, pair, sr)
        done[model] += 1
        view.count(f"{name}, {model}" if name else model, done[model], pictures)

    return seen


def _saving(name: str, pictures: Path | None, unwritten: list[Path]) -> "SeenBy | None":
    """Return what saves a picture; one that cannot be written is named, and the others come."""
    from srkit_core.evaluation.evaluate_sets import save_by_set

    save = save_by_set(pictures, name)
    if save is None:
        return None

    def saved(model: str, pair: "Pair", sr: "Tensor") -> None:
        try:
            save(model, pair, sr)
        except DataError as error:
            say(f"not written: {error}", err=True)
            unwritten.append(error.path or Path(pair.name))

    return saved
