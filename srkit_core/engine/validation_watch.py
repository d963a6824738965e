"""Who hears of each picture that a validation scores, and where is it kept?"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from torch import Tensor

from srkit_core.callbacks import PictureScoredEvent
from srkit_core.engine.disk_use import lack_of_room
from srkit_core.engine.run_context import RunContext
from srkit_core.evaluation.saved_pictures import SeenBy, save_picture
from srkit_core.evaluation.scoring import Pair
from srkit_core.file_sizes import said_size
from srkit_core.inside import folder_name
from srkit_core.io.atomic import write_error

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

_RGB_BYTES: Final = 3


def watch_scores(run: "StageRun", *, bicubic: bool = False) -> SeenBy:
    """Return what is shown each picture that this process scores: it tells how far a validation is,
    and writes SR of the generator into a file where the recipe wants that.

    What an earlier life of the run left of the same step is deleted first. Raises DataError or
    DiskFullError where a file cannot be written.
    """
    tell, save = _telling(run, bicubic=bicubic), None
    if run.context.recipe.validation.files and not bicubic:
        folder = run.context.folder.picture_files(run.progress.position.total)
        run.context.processes.agree(lambda: _cleared(folder))
        save = _saving(folder, run)

    def seen(validation_set: str, pair: Pair, sr: Tensor) -> None:
        if save:
            save(validation_set, pair, sr)
        tell(validation_set, pair.name)

    return seen


def said_of_files(context: RunContext) -> Iterator[str]:
    """Say how much disk the pictures of all validations will take, as they compress little."""
    if not context.recipe.validation.files:
        return
    pictures = [picture for one in context.validator.sets.values() for picture in one.scored]
    sides = [one.sides(context.recipe.scale) for one in pictures]
    each = sum(height * width * _RGB_BYTES for height, width in sides)
    times = sum(ceil(stage.length / stage.validate) for stage in context.intervals)
    yield (
        f"validation.files writes {len(sides)} pictures at each of {times} validations, up to "
        f"{said_size(each * times)} of disk"
    )
    yield from lack_of_room(each * times, context.folder.path)


def _telling(run: "StageRun", *, bicubic: bool) -> Callable[[str, str], None]:
    context, step, stage = run.context, run.progress.position.total, run.plan.stage.name
    length, world, done = context.validator.pictures, context.processes.world, 0

    def tell(validation_set: str, picture: str) -> None:
        nonlocal done
        done += 1
        reached = min(done * world, length)  # the other processes are about as far
        context.callbacks.on_picture_scored(
            PictureScoredEvent(stage, step, validation_set, picture, reached, length, bicubic)
        )

    return tell


def _saving(folder: Path, run: "StageRun") -> SeenBy:
    folders = dict[str, Path]()
    for name in run.context.validator.sets:
        taken = [one.name for one in folders.values()]
        folders[name] = folder / folder_name(name, taken) if name else folder

    def save(validation_set: str, pair: Pair, sr: Tensor) -> None:
        save_picture(folders[validation_set], pair.name, sr)

    return save


def _cleared(folder: Path) -> None:
    try:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
    except OSError as error:
        raise write_error(error, folder) from error
