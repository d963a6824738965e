"""How is a picture upscaled from the command line?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from srkit_core.cli.output import say
from srkit_core.cli.output_check import check_written
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from srkit_core.upscaling.backends.interface import Backend


UpscaleOutcome: TypeAlias = Literal["written", "unwritten", ""]
"""What became of a picture; nothing of one that cannot be read."""

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="[MODEL] INPUT...",
        help="Pictures, folders of pictures, or patterns between quotes. The first word is the "
        "model where it names one: a weights file, a run folder, a name of weights list, an "
        "address, or a baseline (bicubic). Without it: compact-photo-x4, or x2 by --scale 2.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="A file with a picture ending for one input, else a folder (default: NAME_xN.png "
        "beside a file, the folder NAME_xN beside a folder)."
    ),
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
    words: Words,
    out: OutOption = None,
    scale: BaselineScale = None,
    tile: TileSide = "auto",
    overlap: OverlapOption = None,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = "auto",
    precision: Annotated[PrecisionName, typer.Option(help="auto is fp32.")] = "auto",
    overwrite: OverwriteFlag = False,
) -> None:
    """Upscale pictures with our own model, another one, or a baseline."""
    from srkit_core.cli.progress import ProgressView
    from srkit_core.models.find_model import load_model
    from srkit_core.registry import discover
    from srkit_core.upscaling.backends.torch_backend import TorchBackend
    from srkit_core.upscaling.command_words import default_model, part_words
    from srkit_core.upscaling.picture_outputs import OutputNaming, pair_outputs

    registry = discover()
    named, inputs = part_words(words, registry, out)
    model = named or default_model(scale, registry)
    if not named:
        say(f"with {model}, as no model is named", err=True)
    side = _tile(tile)
    outputs = None if out is None else pair_outputs(inputs, OutputNaming(out), overwrite=overwrite)
    with ProgressView() as view:
        loaded = load_model(
            model,
            scale=scale,
            device=device,
            precision=precision,
            registry=registry,
            report=view.on_download,
            note=view.on_note,
        )
    if outputs is None:
        outputs = pair_outputs(inputs, OutputNaming(added=f"_x{loaded.scale}"), overwrite=overwrite)
    for note in outputs.notes:
        say(note, err=True)
    _upscale_all(TorchBackend(loaded), model, outputs.pairs, side, overlap)


def _upscale_all(
    backend: "Backend",
    named: str,
    tasks: Sequence[tuple[Path, Path]],
    tile: int | None,
    overlap: int | None,
) -> None:
    alone = len(tasks) == 1
    results = [_upscale_one(backend, named, *one, tile, overlap, alone=alone) for one in tasks]
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
