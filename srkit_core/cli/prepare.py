"""How are folders of pictures prepared for training from the command line?"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from srkit_core.data.preparation.options import Options
    from srkit_core.data.preparation.run import Report

_NAMED_AT_MOST = 50
_MOST_SECONDS = 300.0

KeepDuplicates = Annotated[
    bool | None,
    typer.Option(
        "--keep-duplicates/--drop-duplicates",
        help="Keep pictures that look like others (default: as before, no).",
    ),
]


def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="Folders, pictures, lists, addresses, or photos."),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder to prepare; a second run goes on.")
    ],
    patch: Annotated[
        str, typer.Option(metavar="N|whole", help="Side of a patch in HR pixels.")
    ] = "256",
    resize: Annotated[
        str | None,
        typer.Option(
            metavar="WxH", help="Resize whole pictures to this HR size, whatever their proportions."
        ),
    ] = None,
    scale: Annotated[
        int, typer.Option(min=1, help="HR size over LR size; HR is cut to whole LR pixels.")
    ] = 4,
    degrade: Annotated[
        str | None, typer.Option(help="How LR is made (files: bicubic; packed: no LR is stored).")
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(min=1, help="From patch to patch, in HR pixels (default: the patch)."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Shares or lists for validation and test, such as 0.15,0.05.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of this machine (default: one a core).")
    ] = None,
    form: Annotated[
        Literal["packed", "files"],
        typer.Option("--format", help="For srkit's training, or as files."),
    ] = "packed",
    layout: Annotated[
        str | None, typer.Option(help="Folders of HR and LR files (default: hr,lr).")
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(help="Pattern of file names: {name} {stem} {index} {patch} {variant}."),
    ] = None,
    variants: Annotated[
        int, typer.Option(min=1, help="Versions of each picture: itself, then augmented copies.")
    ] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Most pictures that are worked on, variants counted.")
    ] = None,
    max_failures: Annotated[
        float, typer.Option(min=0, max=1, help="A larger share of unusable files is an error.")
    ] = 0.5,
    time_limit: Annotated[
        float | None, typer.Option(min=1, help="Most seconds for one file (default: 300).")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Licence of the pictures, for the manifest.")
    ] = None,
    keep_duplicates: KeepDuplicates = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="Do everything again, with other options if wanted.")
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Of a Dask scheduler whose workers see these folders."
        ),
    ] = None,
) -> None:
    """Prepare folders of pictures for training: every usable file once, every other one named with
    its reason.
    """
    from srkit_core.cli.progress import ProgressView
    from srkit_core.data.preparation.crews import hired
    from srkit_core.data.preparation.labels import Labels
    from srkit_core.data.preparation.run import Wish
    from srkit_core.data.preparation.run import prepare as prepared

    if cluster and time_limit:
        raise RecipeError(
            "--time-limit is for processes of this machine: a scheduler cannot end what a worker "
            "does",
            hint="leave it out",
        )
    options = _options(patch, resize, scale, degrade, stride, form, layout, names, variants, limit)
    wish = Wish(sources, out, options, Labels(split, licence, keep_duplicates), redo)
    with (
        hired(
            options, workers or os.cpu_count() or 1, time_limit or _MOST_SECONDS, cluster, out
        ) as crew,
        ProgressView() as view,
    ):
        report = prepared(
            wish, crew, lambda work, done, length: view.count(work, done, length, "done")
        )
    _tell(report, out)
    _judge(report, max_failures)


def _options(
    patch: str,
    resize: str | None,
    scale: int,
    degrade: str | None,
    stride: int | None,
    form: Literal["packed", "files"],
    layout: str | None,
    names: str | None,
    variants: int,
    limit: int | None,
) -> "Options":
    from dataclasses import replace

    from srkit_core.data.preparation.names import check_pattern, default_pattern
    from srkit_core.data.preparation.options import Options
    from srkit_core.expressions import parse_chain

    if form == "packed" and (layout or names):
        raise RecipeError(
            f"{'--layout' if layout else '--names'} is for files", hint="add --format files"
        )
    chain = degrade or ("bicubic" if form == "files" else "")
    side = _patch(patch)
    options = Options(
        patch=side,
        stride=stride or side or 1,
        resize=_size(resize) if resize else None,
        scale=scale,
        degrade=str(parse_chain(chain)) if chain else "",
        format=form,
        layout=_layout(layout or "hr,lr"),
        variants=variants,
        limit=limit,
    )
    if form == "packed":
        return options
    options = replace(options, names=names or default_pattern(options))
    check_pattern(options.names, options)
    return options


def _patch(text: str) -> int | None:
    if text == "whole":
        return None
    if not text.isdigit() or int(text) == 0:
        raise RecipeError(
            f"--patch takes a number of pixels or whole, not '{text}'", hint="--patch 256"
        )
    return int(text)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if not match:
        raise RecipeError(f"--resize takes width x height, not '{text}'", hint="--resize 640x640")
    return int(match[1]), int(match[2])


def _layout(text: str) -> tuple[str, str]:
    folders = text.split(",")
    plain = [re.fullmatch(r"[^./\\:][^/\\:]*", folder) for folder in folders]
    if len(folders) != 2 or not all(plain) or folders[0].casefold() == folders[1].casefold():
        raise RecipeError(
            f"--layout takes the names of two folders, not '{text}'", hint="--layout HQ,LQ"
        )
    return folders[0], folders[1]


def _tell(report: "Report", out: Path) -> None:
    from srkit_core.cli.render import print_table
    from srkit_core.data.prepared import SKIPPED

    skipped = report.tally.skipped
    if skipped:
        print_table(["skipped", "reason"], skipped[:_NAMED_AT_MOST])
    if len(skipped) > _NAMED_AT_MOST:
        typer.echo(f"and {len(skipped) - _NAMED_AT_MOST} more, all of them in {out / SKIPPED}")
    for note in report.notes:
        typer.echo(note)
    left_out = [f"{count} {name}" for name, count in report.tally.counts.items() if count]
    if left_out:
        named = f"; the pictures are named in {out / SKIPPED}" if report.tally.filtered else ""
        typer.echo(f"left out: {', '.join(left_out)}{named}")
    if report.parts.keys() - {"train"}:
        typer.echo(
            "split: "
            + ", ".join(f"{report.parts.get(part, 0)} {part}" for part in ("train", "val", "test"))
        )
    unmade = "its manifest was written again" if report.renewed else "nothing was left to do"
    news = f"{report.made} of them made now" if report.made else unmade
    typer.echo(
        f"{out}: {report.pictures} pictures, {report.patches} patches, of {report.files} files; "
        f"{news}"
    )


def _judge(report: "Report", max_failures: float) -> None:
    """Raise DataError when too many files could not be used, or nothing is left."""
    skipped = report.tally.skipped
    if len(skipped) > max_failures * report.files:
        path, reason = skipped[0]
        raise DataError(
            f"{len(skipped)} of {report.files} files could not be used, more than the share of "
            f"{max_failures:g}; {path}: {reason}",
            hint="mend or remove them, or --max-failures "
            f"{min(1.0, len(skipped) / report.files + 0.005):.2f}",
        )
    if not report.pictures:
        raise DataError(
            f"no picture of {report.files} files was left", hint="--patch with a smaller number"
        )
