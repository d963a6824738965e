"""How are folders of pictures prepared for training from the command line?"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.flags import finite, flags_of_fields, takes_flags
from srkit_core.cli.output import say
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from srkit_core.data.preparation.prepare_pictures import PrepareReport

_NAMED_AT_MOST = 50

_Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE...", help="Folders, pictures, lists, addresses, or photos."),
]
_Out = Annotated[
    Path,
    typer.Argument(metavar="OUT", help="The folder to prepare; a second run goes on."),
]
_Lq = Annotated[
    str | None,
    typer.Option(
        metavar="PATH", help="Folder of the LR of SOURCE, 'A + B' of two: pairs are prepared."
    ),
]
_Split = Annotated[
    str | None,
    typer.Option(
        help="Shares or lists for validation and test, such as 0.15,0.05, or a partition "
        "(CelebA's list_eval_partition.txt)."
    ),
]
_Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes of this machine (default: one a core)."),
]
_MaxFailures = Annotated[
    float,
    typer.Option(
        min=0, max=1, callback=finite, help="A larger share of unusable files is an error."
    ),
]
_TimeLimit = Annotated[
    float | None,
    typer.Option(min=1, callback=finite, help="Most seconds for one file (default: 300)."),
]
_Licence = Annotated[
    str | None,
    typer.Option(help="Licence of the pictures, for the manifest."),
]
_KeepDuplicates = Annotated[
    bool | None,
    typer.Option(
        "--keep-duplicates/--drop-duplicates",
        help="Keep pictures that look like others (default: as before, no).",
    ),
]
_Redo = Annotated[
    bool,
    typer.Option("--redo", help="Do everything again, with other options if wanted."),
]
_Cluster = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Of a Dask scheduler whose workers see these folders."),
]


_PIXELS = flags_of_fields(
    PrepareOptions,
    {
        "patch": Annotated[
            str | None,
            typer.Option(metavar="N|whole", help="Side of a patch in HR pixels (default: 256)."),
        ],
        "resize": Annotated[
            str | None,
            typer.Option(
                metavar="WxH",
                help="Resize whole pictures to this HR size, whatever their proportions.",
            ),
        ],
        "layout": Annotated[
            str | None, typer.Option(help="Folders of HR and LR files (default: hr,lr).")
        ],
    },
)
"""Flags of what is written, by the fields of `PrepareOptions`."""


@takes_flags("pixels", _PIXELS)
def prepare_command(
    sources: _Sources,
    out: _Out,
    *,
    pixels: dict[str, Any],
    lq: _Lq = None,
    split: _Split = None,
    workers: _Workers = None,
    max_failures: _MaxFailures = 0.5,
    time_limit: _TimeLimit = None,
    licence: _Licence = None,
    keep_duplicates: _KeepDuplicates = None,
    redo: _Redo = False,
    cluster: _Cluster = None,
) -> None:
    """Prepare folders of pictures for training: every usable file once, every other one named with
    its reason.
    """
    from srkit_core.cli.progress import ProgressView
    from srkit_core.data.preparation.prepare_pictures import prepare

    written: dict[str, Any] = {name: _read(name, value) for name, value in pixels.items()}
    with ProgressView() as view:
        report = prepare(
            sources, out, PrepareOptions(**written), lq=lq, split=split, workers=workers,
            time_limit=time_limit, licence=licence, keep_duplicates=keep_duplicates, redo=redo,
            cluster=cluster,
            progress=lambda work, done, length: view.count(work, done, length, "done"),
        )  # fmt: skip
    _print_report(report)
    _check_report(report, max_failures)


def _read(name: str, value: Any) -> Any:
    readers = {"patch": _side, "resize": _size, "layout": _folders}
    return readers[name](value) if name in readers else value


def _side(text: str) -> int | None:
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


def _folders(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _print_report(report: "PrepareReport") -> None:
    from srkit_core.cli.render import print_table
    from srkit_core.data.prepared_layout import SKIPPED

    skipped, out = report.tally.skipped, report.out
    if skipped:
        print_table(["skipped", "reason"], skipped[:_NAMED_AT_MOST])
    if len(skipped) > _NAMED_AT_MOST:
        say(f"and {len(skipped) - _NAMED_AT_MOST} more, all of them in {out / SKIPPED}")
    for note in report.notes:
        say(note)
    left_out = [f"{count} {name}" for name, count in report.tally.counts.items() if count]
    if left_out:
        named = f"; the pictures are named in {out / SKIPPED}" if report.tally.filtered else ""
        say(f"left out: {', '.join(left_out)}{named}")
    if report.splits.keys() - {"train"}:
        counts = [f"{report.splits.get(split, 0)} {split}" for split in ("train", "val", "test")]
        say(f"split: {', '.join(counts)}")
    unchanged = "its manifest was written again" if report.renewed else "nothing was left to do"
    news = f"{report.written} of them made now" if report.written else unchanged
    say(
        f"{out}: {report.pictures} pictures, {report.patches} patches, of {report.files} files; "
        f"{news}"
    )


def _check_report(report: "PrepareReport", max_failures: float) -> None:
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
