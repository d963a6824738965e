"""How is a picture upscaled from the command line?"""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from srkit_core.cli.output import say
from srkit_core.cli.output_check import check_written
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError
from srkit_core.recipe_files import RUN_RECIPE

if TYPE_CHECKING:
    from srkit_core.upscaling.backends.interface import Backend


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
    from srkit_core.upscaling.backends.torch_backend import TorchBackend
    from srkit_core.upscaling.picture_outputs import pair_outputs

    _check_order(model, inputs, out)
    side = _tile(tile)
    outputs = pair_outputs(inputs, out, overwrite=overwrite)
    for note in outputs.notes:
        say(note, err=True)
    tasks = outputs.pairs
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
    backend = TorchBackend(loaded)
    results = [_upscale_one(backend, model, *one, side, overlap, alone=alone) for one in tasks]
    _tell_missing(tasks, results)


def _tell_missing(tasks: Sequence[tuple[Path, Path]], results: list[UpscaleOutcome]) -> None:
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
    backend: "Backend",
    named: str,
    source: Path,
    target: Path,
    tile: int | None,
    overlap: int | None,
    *,
    alone: bool,
) -> UpscaleOutcome:
    """Upscale a file; one that cannot be read or written is named and passed over."""
    from srkit_core.upscaling.upscale_file import upscale_file

    try:
        sizes = upscale_file(backend, source, target, tile=tile, overlap=overlap, named=named)
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


def _tile(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit() or int(text) == 0:
        raise RecipeError(
            f"--tile takes auto or a number of pixels, not '{text}'", hint="--tile 256"
        )
    return int(text)
