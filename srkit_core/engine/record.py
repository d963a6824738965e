"""How does a run folder come to say what it was made from?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from filelock import FileLock, Timeout

from srkit_core.engine.environment import describe
from srkit_core.engine.folder import RunFolder
from srkit_core.engine.pictures import Pictures
from srkit_core.engine.resume import recorded_recipe, without_length
from srkit_core.engine.stage import Setting
from srkit_core.engine.where import Where
from srkit_core.errors import DataError, RecipeError, WeightsError
from srkit_core.io.atomic import write_error, write_text
from srkit_core.io.documents import write_json
from srkit_core.recipe import Recipe
from srkit_core.registry import Registry
from srkit_core.run_record import read_environment


@contextmanager
def only_run(folder: RunFolder) -> Iterator[None]:
    """Keep other processes from training in a folder; the system gives it free when this one ends, however it ends."""
    lock = FileLock(folder.path / ".lock", timeout=0)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RecipeError(f"another process is training in {folder.path}", hint="wait for it, or --out another folder") from None
    except OSError as error:
        raise write_error(error, folder.path) from error
    try:
        yield
    finally:
        lock.release()


def begin_record(setting: Setting, pictures: Pictures, where: Where, registry: Registry, *, again: bool) -> None:
    """Claim a folder for a new run and write what it is made from; raises RecipeError when another run was faster.

    `again` begins anew where a run stopped before its first checkpoint.
    """
    folder = setting.folder
    try:
        folder.recipe.touch(exist_ok=again)
    except FileExistsError:
        raise RecipeError(
            f"another run has just begun in {folder.path}", hint="run the same command again, or --out another folder"
        ) from None
    _write(setting, pictures, where, registry, [])
    setting.log.start()


def continue_record(setting: Setting, pictures: Pictures, where: Where, registry: Registry) -> None:
    """Write what a run goes on with, and tell where that differs from before.

    Raises DataError when the folder of pictures is the same but its pictures have changed.
    """
    before = read_environment(setting.folder.path)
    if before:
        _check_pictures(before["data"], pictures, where)
        _check_networks(before.get("weights", []), setting)
    _tell_stretched(setting, recorded_recipe(setting.folder))
    _write(setting, pictures, where, registry, before["commands"] if before else [])


def _write(setting: Setting, pictures: Pictures, where: Where, registry: Registry, commands: list[list[str]]) -> None:
    environment = describe(registry, setting, pictures, where)
    write_json(setting.folder.environment, environment | {"commands": [*commands, *environment["commands"]]})
    write_text(setting.folder.recipe, setting.plan.recipe.to_toml())


def _check_pictures(before: dict[str, object], pictures: Pictures, where: Where) -> None:
    now = len(pictures.source.pictures)
    same_place = before["place"] == where.arguments()["data"]
    if same_place and before["fingerprint"] != pictures.source.fingerprint():
        raise DataError(
            f"the pictures of {pictures.source.place} are not those the run began with: {before['pictures']} then, {now} now",
            hint="put them back, or begin a new run from these weights with --init",
        )


def _check_networks(before: Sequence[Mapping[str, str]], setting: Setting) -> None:
    """Raise WeightsError when a pretrained network is read from another file than at the start: losses would not compare."""
    now = {network.spec.name: network for network in setting.networks}
    for one in before:
        network = now.get(one["name"])
        if network is None or network.file.sha256 != one["sha256"]:
            place = "is not there" if network is None else f"is {network.path} of sha256 {network.file.sha256[:12]}..."
            raise WeightsError(
                f"the run began with {one['name']} of sha256 {one['sha256'][:12]}..., which now {place}",
                hint=f"SRKIT_WEIGHTS=FOLDER with the file from {one['path']}, or begin a new run from these weights with --init",
            )


def _tell_stretched(setting: Setting, old: Recipe) -> None:
    new = setting.plan.recipe
    if old.stages[-1].length != new.stages[-1].length and without_length(old) == without_length(new):
        moved = "" if new.stages[-1].schedule.name == "constant" else f"; its {new.stages[-1].schedule.name} schedule changes from here"
        setting.listener.note(f"the last stage was {old.stages[-1].length} long and is now {new.stages[-1].length}{moved}")
