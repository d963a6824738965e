"""How is a picture upscaled from the command line?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from srkit_core.cli.output import say
from srkit_core.cli.upscale_report import UpscaleReport, tell_plan
from srkit_core.devices import BackendName, DeviceName, PrecisionName
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.cli.progress import ProgressView
    from srkit_core.registry import Registry
    from srkit_core.upscaling.made_before import Making
    from srkit_core.upscaling.picture_outputs import OutputNaming, Outputs
    from srkit_core.upscaling.upscale_options import UpscaleOptions

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="[MODEL] INPUT...",
        help="Pictures, folders of pictures, or patterns between quotes. The first word is the "
        "model where it names one: a weights file, a run folder, a name of weights list, an "
        "address, or a baseline (bicubic). Without it: compact-photo-x2 where no side "
        "becomes more than twice as long, else compact-photo-x4.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="A file with a picture ending for one input, else a folder (default: NAME_xN.png "
        "beside a file, the folder NAME_xN beside a folder)."
    ),
]
UpscaleBy = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many times larger a side becomes (default: the model's own scale, 4 of a "
        "baseline). What a model makes at its own is resampled to any other.",
    ),
]
UpscaleTo = Annotated[
    str,
    typer.Option(
        metavar="WxH|Wx|xH",
        help="Sides in pixels instead of a scale; one that is left out follows the other.",
    ),
]
TileSide = Annotated[str, typer.Option(metavar="auto|N", help="Side of a tile in LR pixels.")]
OverlapOption = Annotated[
    int | None,
    typer.Option(
        min=0, help="LR pixels seen around a tile (default: what the generator declares)."
    ),
]
UpscalePrecision = Annotated[
    PrecisionName, typer.Option(help="auto: fp32; on a GPU fp16 while all that comes is finite.")
]
BackendOption = Annotated[
    BackendName,
    typer.Option(help="What computes; auto: OpenVINO on a CPU where it is installed, else torch."),
]
FormatOption = Annotated[
    Literal["png", "same", "jpg", "webp", "tif", "jxl"],
    typer.Option(
        "--format",
        help="What outputs without a name of their own are: same is that of each source, PNG "
        "where that is not written.",
    ),
]
QualityOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        help="Of JPEG (default: 95), WebP and JPEG XL (default: without loss), each in its own "
        "meaning of 1 to 100.",
    ),
]
PngLevelOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=9,
        help="Of PNG: 1 to 9 make it smaller, 6 by about a tenth (default: what is quickest).",
    ),
]
EnsembleFlag = Annotated[
    bool,
    typer.Option(
        "--self-ensemble",
        help="Average what the model makes of all flips and turns: 8 times the time.",
    ),
]
ClusterOption = Annotated[
    str,
    typer.Option(metavar="ADDRESS", help="Of a Dask scheduler whose workers see these folders."),
]
DryRunFlag = Annotated[
    bool, typer.Option("--dry-run", help="Say what would become what; fetch and write nothing.")
]
OverwriteFlag = Annotated[
    bool, typer.Option("--overwrite", help="Replace output files that exist.")
]


def upscale_command(
    words: Words,
    out: OutOption = None,
    scale: UpscaleBy = None,
    size: UpscaleTo = "",
    tile: TileSide = "auto",
    overlap: OverlapOption = None,
    device: Annotated[DeviceName, typer.Option(help="Where to compute.")] = "auto",
    precision: UpscalePrecision = "auto",
    backend: BackendOption = "auto",
    picture_format: FormatOption = "png",
    quality: QualityOption = None,
    png_level: PngLevelOption = None,
    self_ensemble: EnsembleFlag = False,
    overwrite: OverwriteFlag = False,
    dry_run: DryRunFlag = False,
    cluster: ClusterOption = "",
) -> None:
    """Upscale pictures with our own model, another one, or a baseline. What an earlier command of
    the same words has done is passed over.
    """
    from srkit_core.cli.progress import ProgressView
    from srkit_core.registry import discover
    from srkit_core.upscaling.command_words import part_words
    from srkit_core.upscaling.picture_outputs import OutputNaming
    from srkit_core.upscaling.upscale_options import UpscaleOptions
    from srkit_core.upscaling.wanted_size import parse_size

    registry, side, wanted = discover(), _tile(tile), parse_size(size, scale)
    model, inputs = part_words(words, registry, out)
    naming = OutputNaming(out, ending="" if picture_format == "same" else f".{picture_format}")
    options = UpscaleOptions(
        model, wanted, side, overlap, device, precision, backend, quality, png_level, self_ensemble
    )
    request = _Request(options, inputs, naming, cluster, overwrite=overwrite, dry_run=dry_run)
    with ProgressView() as view:
        _upscale(request, registry, view)


@dataclass(frozen=True)
class _Request:
    """What a command line asks for."""

    options: "UpscaleOptions"
    inputs: Sequence[str]
    naming: "OutputNaming"
    cluster: str
    overwrite: bool
    dry_run: bool


def _upscale(request: _Request, registry: "Registry", view: "ProgressView") -> None:
    from srkit_core.models.model_words import fetch
    from srkit_core.models.weights_to_fetch import weights_to_fetch

    named = _outputs(request, None) if _are_named(request) else None
    if not request.options.named:
        request = _with_our_own(request, named, registry)
    missing = weights_to_fetch(request.options.named, registry)
    announced = next((one.scale for one in missing if one.scale), None)
    if missing and request.dry_run:  # nothing is done by weights that are not here
        outputs = named or _outputs(request, announced)
        tell_plan(outputs.pairs, request.options.wanted, announced, missing)
        return
    if announced is None:
        fetch(request.options.model, registry, view.on_download)
    own = announced or request.options.scale(registry)
    outputs = named or _outputs(request, own)
    fetch(request.options.model, registry, view.on_download)
    _upscale_left(request, outputs, own, registry, view)


def _are_named(request: _Request) -> bool:
    """Whether outputs are called the same by any model."""
    return request.naming.out is not None or bool(str(request.options.wanted))


def _with_our_own(request: _Request, outputs: "Outputs | None", registry: "Registry") -> _Request:
    """Take our own model for what is wanted, and say which."""
    from srkit_core.upscaling.command_words import default_model, most_wanted

    sources = [source for source, _ in outputs.pairs] if outputs else []
    model = default_model(most_wanted(request.options.wanted, sources), registry)
    say(f"with {model}, as no model is named", err=True)
    return replace(request, options=replace(request.options, model=model))


def _upscale_left(
    request: _Request, outputs: "Outputs", own: int, registry: "Registry", view: "ProgressView"
) -> None:
    """Do what is not done yet, with a model of a scale that is on this machine."""
    from srkit_core.io.output_files import no_empty_folders
    from srkit_core.upscaling.made_before import Making, left_to_do, model_digest

    options = request.options
    making = Making(model_digest(options.named, registry), options.in_words())
    tasks = left_to_do(outputs.pairs, making, overwrite=request.overwrite)
    if done := len(outputs.pairs) - len(tasks):
        view.on_note(f"{done} of {len(outputs.pairs)} are done already")
    if request.dry_run:
        tell_plan(tasks, options.wanted, own)
    elif tasks:
        with no_empty_folders(target.parent for _, target in tasks):
            _upscale_all(request, tasks, making, registry, view)


def _outputs(request: _Request, own_scale: int | None) -> "Outputs":
    from srkit_core.io.picture_writer import check_choices
    from srkit_core.upscaling.picture_outputs import pair_outputs

    options = request.options
    naming = replace(request.naming, added=options.wanted.name(own_scale))
    outputs = pair_outputs(request.inputs, naming, overwrite=request.overwrite)
    for target in {target.suffix: target for _, target in outputs.pairs}.values():
        check_choices(target, options.quality, options.png_level)
    for note in outputs.notes:
        say(note, err=True)
    return outputs


def _upscale_all(
    request: _Request,
    tasks: Sequence[tuple[Path, Path]],
    making: "Making",
    registry: "Registry",
    view: "ProgressView",
) -> None:
    report = UpscaleReport(view)
    if request.cluster:
        from srkit_core.upscaling.cluster_batch import upscale_on_cluster

        upscale_on_cluster(request.cluster, request.options, tasks, making, report)
    else:
        from srkit_core.upscaling.batch import upscale_here

        upscale_here(request.options, tasks, making, registry, report, view.on_note)


def _tile(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit() or int(text) == 0:
        raise RecipeError(
            f"--tile takes auto or a number of pixels, not '{text}'", hint="--tile 256"
        )
    return int(text)
