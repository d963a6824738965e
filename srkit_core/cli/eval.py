"""How are models scored from the command line?"""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srkit_core.cli.eval_options import (
    AgainstOption,
    BorderOption,
    CropOption,
    DataOption,
    DegradeOption,
    DeviceOption,
    ExplainFlag,
    JsonFile,
    LrOption,
    MetricsOption,
    Models,
    OnlyOption,
    OverwriteOption,
    PicturesOption,
    PrecisionOption,
    ProtocolOption,
    ScaleOption,
    SettingsOption,
    SplitOption,
    TileOption,
)
from srkit_core.cli.output import say
from srkit_core.cli.output_check import check_written
from srkit_core.cli.progress import ProgressView
from srkit_core.cli.score_output import CsvFile, LatexFile, MarkdownFile, ScoreFiles, tell_scores
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from srkit_core.data.picture import Split
    from srkit_core.data.picture_set import PictureSet
    from srkit_core.evaluation.saved_pictures import SeenBy
    from srkit_core.evaluation.scores_by_set import ScoresBySet
    from srkit_core.evaluation.scoring import Pair
    from srkit_core.evaluation_recipe import EvaluationRecipe
    from srkit_core.run_folder import RunFolder


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
    against: AgainstOption = None,
    explain: ExplainFlag = False,
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
    from srkit_core.evaluation.tables.figures import compared

    files = ScoreFiles(csv_file, markdown_file, latex_file, json_file)
    _check(vars(files).values(), pictures, overwrite=overwrite)
    of_pictures = _given(data=data, lr=lr, scale=scale, degrade=degrade, crop=crop)
    written = of_pictures | _given(metrics=metrics, protocol=protocol, border=border)
    recipe = _recipe_among(models)
    run = _run_of(models) if data is None and recipe is None else None
    wanted = _wanted(recipe, models, _like(run, split), written, settings or [], only or [])
    wanted = wanted if against is None else wanted.tested_against(against)
    unwritten, machine = list[Path](), (device, precision, tile)
    scores = _scored(wanted, split, run, machine, (pictures, unwritten), explain=explain)
    tell_scores(compared(wanted, scores), files, scores.to_dict)
    check_written(unwritten)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


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
    *,
    explain: bool,
) -> "ScoresBySet":
    from srkit_core.devices import choose_device, inference_dtype
    from srkit_core.evaluation.bench import Inference
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
            explain=explain,
        )


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
