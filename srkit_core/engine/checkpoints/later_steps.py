"""Where goes what a run made after the step that it goes back to?"""

import shutil
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from srkit_core.callbacks import Callback
from srkit_core.engine.checkpoints.checkpoint import Checkpoint, read_progress
from srkit_core.errors import WeightsError
from srkit_core.io.atomic import write_error
from srkit_core.models.weights_card import step_of
from srkit_core.run_folder import RunFolder

_NAME: Final = "later-{:%Y%m%d-%H%M%S}"


def set_later_aside(folder: RunFolder, chosen: Checkpoint, callback: Callback) -> None:
    """Move what was made after a checkpoint into a run folder of its own inside the run's, if there
    are later checkpoints: the run takes another way from here.

    What both need is copied first, and the newest checkpoint moves before older ones, so that what
    a kill leaves is a run that was stopped earlier. Raises DataError or DiskFullError where
    that cannot be written.
    """
    later = [path for path in folder.checkpoints() if path.name > chosen.folder.name]
    if not later:
        return
    step, whole = chosen.progress.position.total, any(map(_is_whole, later))
    aside, moved = RunFolder(_free(folder.path)), [*reversed(later), *_results_after(folder, step)]
    try:
        _copy(folder, aside, moved)
        for path in moved:
            path.rename(_beside(path, folder, aside))
    except OSError as error:
        raise write_error(error, aside.path) from error
    last = int(later[-1].name.removeprefix("step-"))
    going_on = f"; {aside.resumes()} goes on from there" if whole else ""
    moved_into = f"was moved into {aside.path}{going_on}"
    callback.on_note(f"what came after step {step}, up to step {last}, {moved_into}")


def _free(run: Path) -> Path:
    name = _NAME.format(datetime.now())
    number, path = 1, run / name
    while path.exists():
        number += 1
        path = run / f"{name}-{number}"
    return path


def _copy(folder: RunFolder, aside: RunFolder, moved: Collection[Path]) -> None:
    """Copy what the earlier part of the run needs as well."""
    aside.path.mkdir(parents=True)
    shared = (folder.environment, folder.recipe, folder.metrics, folder.curves)
    for path in (*shared, *folder.path.glob("weights/**/*.safetensors")):
        if path.is_file() and path not in moved:
            shutil.copy2(path, _beside(path, folder, aside))


def _beside(path: Path, folder: RunFolder, aside: RunFolder) -> Path:
    target = aside.path / path.relative_to(folder.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _results_after(folder: RunFolder, step: int) -> Iterator[Path]:
    """Yield the weights and validation pictures of later steps, and the figures of the end."""
    weights = sorted(folder.path.glob("weights/**/*.safetensors"))
    yield from (path for path in weights if (step_of(path) or 0) > step)
    newest = folder.picture_files(step).name
    pictures = sorted(folder.path.glob("pictures/step-*"))  # a sheet, and a folder of files
    yield from (path for path in pictures if path.name.removesuffix(".png") > newest)
    if folder.summary.is_file():
        yield folder.summary


def _is_whole(checkpoint: Path) -> bool:
    try:
        read_progress(checkpoint)
    except WeightsError:
        return False
    return True
