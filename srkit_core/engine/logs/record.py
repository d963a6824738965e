"""How does a run folder come to say what it was made from?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from srkit_core.engine.checkpoints.resume import recorded_recipe, without_length
from srkit_core.engine.checkpoints.run_folder import RunFolder
from srkit_core.engine.logs.environment import describe, differences
from srkit_core.engine.machine.processes import Devices
from srkit_core.engine.run_data import RunData
from srkit_core.engine.run_options import RunOptions
from srkit_core.engine.stage_run import RunContext
from srkit_core.errors import DataError, RecipeError, WeightsError
from srkit_core.io.atomic import write_error, write_text
from srkit_core.io.documents import write_json
from srkit_core.recipe import Recipe
from srkit_core.registry import Registry
from srkit_core.run_record import read_environment


@contextmanager
def only_run(folder: RunFolder, devices: Devices) -> Iterator[None]:
    """Keep other runs from training in a folder, and remove what a killed one left half written.

    The system gives the folder free when the main process ends, however it ends.
    """
    lock = FileLock(folder.path / ".lock", timeout=0)
    devices.agree(lambda: _take(lock, folder))
    try:
        yield
    finally:
        lock.release()


def _take(lock: BaseFileLock, folder: RunFolder) -> None:
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        folder.tidy()
    except Timeout:
        raise RecipeError(
            f"another process is training in {folder.path}",
            hint="wait for it, or --out another folder",
        ) from None
    except OSError as error:
        raise write_error(error, folder.path) from error


def begin_record(
    setting: RunContext, pictures: RunData, where: RunOptions, registry: Registry, *, again: bool
) -> None:
    """Write what a new run is made from, its recipe last.

    Raises RecipeError when another run was faster.

    `again` begins anew where a run stopped before its first checkpoint.
    """
    folder = setting.folder
    if folder.holds_run and not again:
        raise RecipeError(
            f"another run has just begun in {folder.path}",
            hint="run the same command again, or --out another folder",
        )
    now = _write(setting, pictures, where, registry, None)
    repeated = read_environment(where.repeats) if where.repeats else None
    _tell_differences(setting, repeated, now)
    setting.log.start()


def continue_record(
    setting: RunContext, pictures: RunData, where: RunOptions, registry: Registry
) -> None:
    """Write what a run goes on with, and tell where that differs from before.

    Raises DataError when the folder of pictures is the same but its pictures have changed.
    """
    before = read_environment(setting.folder.path)
    if before:
        _check_pictures(before["data"], pictures, where)
        _check_networks(before.get("weights", []), setting)
    _tell_stretched(setting, recorded_recipe(setting.folder))
    now = _write(setting, pictures, where, registry, before)
    _tell_differences(setting, before, now)


def _write(
    setting: RunContext,
    pictures: RunData,
    where: RunOptions,
    registry: Registry,
    before: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Write recipe and environment, which keeps the identity and the command lines of a run that
    goes on; returns the latter.
    """
    environment = describe(registry, setting, pictures, where)
    if before:
        environment |= {
            "id": before.get("id", environment["id"]),
            "commands": [*before["commands"], *environment["commands"]],
        }
    write_json(setting.folder.environment, environment)
    write_text(setting.folder.recipe, setting.plan.recipe.to_toml())
    return environment


def _tell_differences(
    setting: RunContext, before: Mapping[str, Any] | None, now: Mapping[str, Any]
) -> None:
    for difference in differences(before, now) if before else ():
        setting.listener.note(f"warning: not as before: {difference}")


def _check_pictures(before: dict[str, object], pictures: RunData, where: RunOptions) -> None:
    now = len(pictures.source.pictures)
    same_place = before["place"] == where.arguments()["data"]
    if same_place and before["fingerprint"] != pictures.source.fingerprint():
        raise DataError(
            f"the pictures of {pictures.source.place} are not those the run began with: "
            f"{before['pictures']} then, {now} now",
            hint="put them back, or begin a new run from these weights with --init",
        )


def _check_networks(before: Sequence[Mapping[str, str]], setting: RunContext) -> None:
    """Raise WeightsError when a pretrained network is read from another file than at the start:
    losses would not compare.
    """
    now = {network.spec.name: network for network in setting.networks}
    for one in before:
        network = now.get(one["name"])
        if network is None or network.file.sha256 != one["sha256"]:
            place = (
                "is not there"
                if network is None
                else f"is {network.path} of sha256 {network.file.sha256[:12]}..."
            )
            raise WeightsError(
                f"the run began with {one['name']} of sha256 {one['sha256'][:12]}..., which now "
                f"{place}",
                hint=f"SRKIT_WEIGHTS=FOLDER with the file from {one['path']}, or begin a new run "
                "from these weights with --init",
            )


def _tell_stretched(setting: RunContext, old: Recipe) -> None:
    new = setting.plan.recipe
    for one, other in zip(old.stages, new.stages, strict=True):
        if one.accumulate != other.accumulate:
            setting.listener.note(
                f"stage '{one.name}' accumulated {one.accumulate} parts of a batch and now "
                f"{other.accumulate}"
            )
    if old.stages[-1].length != new.stages[-1].length and without_length(old) == without_length(
        new
    ):
        moved = (
            ""
            if new.stages[-1].schedule.name == "constant"
            else f"; its {new.stages[-1].schedule.name} schedule changes from here"
        )
        setting.listener.note(
            f"the last stage was {old.stages[-1].length} long and is now "
            f"{new.stages[-1].length}{moved}"
        )
