"""What does a person see of pictures while they are upscaled?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.cli.output import say
from srkit_core.cli.progress import ProgressView
from srkit_core.errors import DataError, SrkitError

if TYPE_CHECKING:
    from srkit_core.upscaling.upscale_file import Upscaled
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


def line_of(source: Path, target: Path, before: tuple[int, int], after: tuple[int, int]) -> str:
    """Return the line of a picture; sizes are (height, width)."""
    (height, width), (larger_height, larger_width) = before, after
    return f"{source} ({width}x{height}) -> {target} ({larger_width}x{larger_height})"


def tell_plan(tasks: Sequence[tuple[Path, Path]], wanted: "WantedSize", own_scale: int) -> None:
    """Say what would become what by a model of a scale; raises DataError where a picture cannot be
    read.
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
            say(line_of(source, target, before, wanted.of(before, own_scale)))
    say("nothing was written (--dry-run)", err=True)
    if unread:
        raise DataError(
            f"{len(unread)} of {len(tasks)} pictures cannot be read, such as {unread[0]}",
            hint="leave them out; without --dry-run the others are upscaled",
            path=unread[0],
        )
