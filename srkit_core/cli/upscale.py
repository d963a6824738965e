"""How is a picture upscaled from the command line?"""

import os
import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from srkit_core.cli.output import say
from srkit_core.cli.output_check import check_written
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError
from srkit_core.recipe_files import RUN_RECIPE
from srkit_core.same_name import disk_key

if TYPE_CHECKING:
    from srkit_core.models.model import Model


UpscaleOutcome: TypeAlias = Literal["written", "unwritten", ""]
"""What became of a picture; nothing of one that cannot be read."""

ModelArgument = Annotated[
    str,
    typer.Argument(
        help="A weights file, a run folder, a name of weights list, or a baseline (bicubic)."
    ),
]
InputsArgument = Annotated[
    list[Path], typer.Argument(metavar="INPUT...", help="Pictures, or folders of pictures.")
]
OutOption = Annotated[
    Path, typer.Option(help="A file with a picture ending for one input, else a folder.")
]
BaselineScale = Annotated[
    int | None,
    typer.Option(min=1, help="For a baseline (default: 4); a weights file knows its own."),
]
TileSide = Annotated[str, typer.Option(metavar="auto|N", help="Side of a tile in LR pixels.")]
OverlapOption = Annotated[
    int | None,
    typer.Option(
        min=0, help="LR pixels seen around a tile (default: what the generator declares)."
    ),
]
OverwriteFlag = Annotated[
    bool, typer.Option("--overwrite", help="Replace output files that exist.")
]


def upscale_command(
    model: ModelArgument,
    inputs: InputsArgument,
    out: OutOption,
    scale: BaselineScale = None,
    tile: TileSide = "auto",
    overlap: OverlapOption = None,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = "auto",
    precision: Annotated[PrecisionName, typer.Option(help="auto is fp32.")] = "auto",
    overwrite: OverwriteFlag = False,
) -> None:
    """Upscale pictures with a trained model or a baseline."""
    from srkit_core.cli.progress import ProgressView
    from srkit_core.models.find_model import load_model

    _check_order(model, inputs, out)
    side = _tile(tile)
    tasks = _tasks(inputs, out, overwrite)
    with ProgressView() as view:
        loaded = load_model(
            model,
            scale=scale,
            device=device,
            precision=precision,
            report=view.on_download,
            note=view.on_note,
        )
    alone = len(tasks) == 1
    results = [_upscale_one(loaded, model, *one, side, overlap, alone=alone) for one in tasks]
    _tell_missing(tasks, results)


def _tell_missing(tasks: list[tuple[Path, Path]], results: list[UpscaleOutcome]) -> None:
    """Say how many pictures were not upscaled; raises DataError where none was, or one could not be
    written.
    """
    skipped = [source for (source, _), result in zip(tasks, results, strict=True) if not result]
    if len(skipped) == len(tasks):
        raise DataError(
            f"none of the {len(tasks)} inputs could be read; the first is {skipped[0]}",
            hint="check the inputs",
        )
    done = results.count("written")
    if done < len(tasks):
        say(f"{done} of {len(tasks)} upscaled, {len(skipped)} skipped", err=True)
    check_written(
        [target for (_, target), one in zip(tasks, results, strict=True) if one == "unwritten"]
    )


def _check_order(model: str, inputs: list[Path], out: Path) -> None:
    """Raise RecipeError where the first word is a picture, or a folder that is no run."""
    if not _is_picture(model):
        return
    meant = next((str(one) for one in inputs if not _is_picture(str(one))), "bicubic")
    pictures = [model, *(str(one) for one in inputs if str(one) != meant)]
    words = ["srkit", "upscale", meant, *pictures, "--out", str(out)]
    what = "a folder" if Path(model).is_dir() else "a picture"
    raise RecipeError(f"the model comes first, and {model} is {what}", hint=shlex.join(words))


def _is_picture(word: str) -> bool:
    """Whether a word means a picture or a folder of them, and no model."""
    from srkit_core.io.images import picture_endings
    from srkit_core.registry import discover
    from srkit_core.specs import WeightsSpec

    if not Path(word).is_dir():
        return Path(word).suffix.lower() in picture_endings()
    registry = discover()
    models = {one.name for one in registry.of_kind("generator")}
    models |= {
        name for one in registry.installed(WeightsSpec) for name in (one.name, one.full_name)
    }
    return word not in models and not (Path(word) / RUN_RECIPE).exists()


def _upscale_one(
    model: "Model",
    named: str,
    source: Path,
    target: Path,
    tile: int | None,
    overlap: int | None,
    *,
    alone: bool,
) -> UpscaleOutcome:
    """Upscale a file; one that cannot be read or written is named and passed over."""
    from srkit_core.evaluation.upscale_file import upscale_file

    try:
        sizes = upscale_file(model, source, target, tile=tile, overlap=overlap, named=named)
    except DataError as error:
        unread = error.path == source
        if not unread and (alone or error.path != target):
            raise
        say(f"{'skipped' if unread else 'not written'}: {error}", err=True)
        return "" if unread else "unwritten"
    for note in sizes.notes:
        say(f"note: {source}: {note}", err=True)
    (height, width), (larger_height, larger_width) = sizes.before, sizes.after
    say(f"{source} ({width}x{height}) -> {target} ({larger_width}x{larger_height})")
    return "written"


def _tasks(inputs: list[Path], out: Path, overwrite: bool) -> list[tuple[Path, Path]]:
    """Pair every picture with its output file; raises DataError where that would lose something."""
    from srkit_core.io.images import IN_WORDS
    from srkit_core.io.output_files import check_free, check_place

    sources = [(one, base) for path in inputs for one, base in _pictures(path, out)]
    if not sources:
        raise DataError(
            f"{', '.join(map(str, inputs))} holds no picture", hint=f"give pictures: {IN_WORDS}"
        )
    single = _is_one_file(inputs, out, len(sources))
    inside = [one.relative_to(base) for one, base in sources]
    key_of = disk_key(out)
    alike = Counter(key_of(str(path.with_suffix(""))) for path in inside)
    names = [
        path.with_suffix(".png")
        if alike[key_of(str(path.with_suffix("")))] == 1
        else path.with_name(f"{path.name}.png")
        for path in inside
    ]
    tasks = [
        (one, out if single else out / name) for (one, _), name in zip(sources, names, strict=True)
    ]
    taken = dict[str, Path]()
    for source, target in tasks:
        key = key_of(str(target))
        if key in taken:
            raise DataError(
                f"{source} and {taken[key]} would both become {target}",
                hint="upscale them into two folders",
                path=source,
            )
        check_free(target, overwrite=overwrite)
        if os.path.lexists(target) and target.resolve() == source.resolve():
            raise RecipeError(f"{target} is its own input", hint="--out another place")
        taken[key] = source
    check_place(tasks[0][1] if len(tasks) == 1 else out / "picture.png")
    return tasks


def _is_one_file(inputs: list[Path], out: Path, pictures: int) -> bool:
    """Whether --out names a file; raises RecipeError where it does and there is not one input."""
    from srkit_core.io.images import picture_endings, writable_endings
    from srkit_core.io.output_files import leads_to

    if out.suffix.lower() not in picture_endings() or leads_to(out, Path.is_dir):
        return False
    if len(inputs) > 1 or inputs[0].is_dir():
        folder = inputs[0].is_dir()
        fact = f"{inputs[0]} is a folder" if folder else f"there are {pictures} inputs"
        hint = f"--out {shlex.quote(str(out.with_suffix('')))}"
        raise RecipeError(f"--out {out} is one picture, and {fact}", hint=hint)
    if out.suffix.lower() not in writable_endings():
        hint = f"--out {shlex.quote(str(out.with_suffix('.png')))}"
        raise RecipeError(f"no {out.suffix} pictures are written", hint=hint)
    return True


def _pictures(path: Path, out: Path) -> list[tuple[Path, Path]]:
    """Return the pictures that an input means, each with the folder its output is placed relative
    to; what srkit wrote before is left out, and told.
    """
    from srkit_core.data.folders import search
    from srkit_core.data.own_work import check_not_prepared
    from srkit_core.data_source import missing_path_hint

    if path.is_dir():
        if path.resolve() == out.resolve():
            raise RecipeError(
                f"{out} holds the pictures to upscale, and the results would lie among them",
                hint=f"--out {shlex.quote(str(path / 'upscaled'))}",
            )
        check_not_prepared(path)
        contents = search(path, out)
        for note in contents.notes():
            say(note, err=True)
        return [(file, path) for file in contents.pictures]
    if not path.exists():
        raise DataError(f"there is no file {path}", hint=missing_path_hint(path), path=path)
    return [(path, path.parent)]


def _tile(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit() or int(text) == 0:
        raise RecipeError(
            f"--tile takes auto or a number of pixels, not '{text}'", hint="--tile 256"
        )
    return int(text)
