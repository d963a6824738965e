"""What does a person see of pictures while they are upscaled?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.cli.output import say
from srkit_core.cli.progress import ProgressView
from srkit_core.errors import DataError, SrkitError

if TYPE_CHECKING:
    from srkit_core.models.weights_to_fetch import WeightsToFetch
    from srkit_core.upscaling.upscale_file import Size, Upscaled
    from srkit_core.upscaling.wanted_size import WantedSize


class UpscaleReport:
    """Says a line for each picture, and how far the work is."""

    def __init__(self, view: ProgressView) -> None:
        self._view = view

    def on_pixels(self, picture: Path, done: int, total: int) -> None:
        """Move the bar, or say now and then how far the work is."""
        self._view.on_pixels(picture.name, done, total)

    def on_upscaled(self, source: Path, target: Path, result: "Upscaled") -> None:
        """Say what a picture became, and what a person ought to know of it."""
        for note in result.notes:
            say(f"note: {source}: {note}", err=True)
        self._view.on_note(line_of(source, target, result.before, result.after))

    def on_failed(self, source: Path, error: SrkitError) -> None:
        """Say why there is no larger picture of a source."""
        say(f"not upscaled: {source}: {error.message}", err=True)


def line_of(source: Path, target: Path, before: "Size", after: "Size | None") -> str:
    """Return the line of a picture; sizes are (height, width), None where it is not known yet."""
    return f"{source}{_sides(before)} -> {target}{_sides(after)}"


def _sides(size: "Size | None") -> str:
    return f" ({size[1]}x{size[0]})" if size else ""


def tell_plan(
    tasks: Sequence[tuple[Path, Path]],
    wanted: "WantedSize",
    own_scale: int | None,
    missing: Sequence["WeightsToFetch"] = (),
) -> None:
    """Say what would become what by a model of a scale, which nobody may know of weights that are
    missing here; raises DataError where a picture cannot be read.
    """
    from srkit_core.io.images import image_size

    unread = list[Path]()
    for source, target in tasks:
        try:
            before = image_size(source)
        except DataError as error:
            say(f"not to upscale: {source}: {error.message}", err=True)
            unread.append(source)
        else:
            after = wanted.of(before, own_scale or 1)
            say(line_of(source, target, before, after if own_scale or str(wanted) else None))
    _tell_missing(missing, own_scale)
    say("nothing was written (--dry-run)", err=True)
    if unread:
        raise DataError(
            f"{len(unread)} of {len(tasks)} pictures cannot be read, such as {unread[0]}",
            hint="leave them out; without --dry-run the others are upscaled",
            path=unread[0],
        )


def _tell_missing(missing: Sequence["WeightsToFetch"], own_scale: int | None) -> None:
    for one in missing:
        size = f" ({one.size})" if one.size else ""
        unknown = "" if own_scale else ", whose scale is not known before"
        say(f"to be fetched first: {one.name}{size}{unknown}", err=True)
