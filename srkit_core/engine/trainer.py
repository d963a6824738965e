"""What does it take to turn a recipe into a run folder?"""

from dataclasses import replace
from pathlib import Path

import torch

from srkit_core.engine.checkpoints.checkpoint import (
    Progress,
    read_pool,
    restore_networks,
    restore_optimizers,
)
from srkit_core.engine.checkpoints.checkpoint_policy import BEST_LOSS
from srkit_core.engine.checkpoints.resume import (
    Checkpoint,
    Resume,
    check_same_wish,
    find_checkpoint,
    forget_later,
    recorded_recipe,
    with_kept_best,
)
from srkit_core.engine.checkpoints.run_folder import RunFolder, choose_folder
from srkit_core.engine.events import Listener, Silent
from srkit_core.engine.logs.record import begin_record, continue_record, only_run
from srkit_core.engine.logs.summary import write_summary
from srkit_core.engine.logs.trackers import TrackedRun, check_trackers, open_trackers
from srkit_core.engine.loop import run_stages
from srkit_core.engine.machine.oom import oom_guard
from srkit_core.engine.machine.processes import Devices, open_devices
from srkit_core.engine.machine.stop_request import listening
from srkit_core.engine.optimizer import check_optimizer
from srkit_core.engine.run_context import build_networks, build_run_context
from srkit_core.engine.run_data import RunData, open_run_data
from srkit_core.engine.run_options import RunOptions
from srkit_core.engine.stage_run import (
    Networks,
    RunContext,
    StageRun,
    all_intervals,
    crop_rule,
    open_stage_run,
    with_average,
)
from srkit_core.errors import IncompatibleError, RecipeError
from srkit_core.models.find_model import own_file
from srkit_core.pinning import Pinned, pin
from srkit_core.plan import Plan, plan
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import with_listed_names
from srkit_core.registry import Registry, discover
from srkit_core.run_record import read_environment

_TOO_LARGE = "a smaller network, such as --gen 'rrdb(blocks=4)', or a machine with more memory"


def train(
    recipe: Recipe,
    where: RunOptions | None = None,
    *,
    resume: Resume | None = None,
    registry: Registry | None = None,
    listener: Listener | None = None,
) -> Path:
    """Train a recipe and return the run folder.

    Raises RecipeError or RegistryError before anything is written when the recipe cannot run here;
    DataError when no picture can be used; DivergedError, OutOfMemoryError and InterruptedRunError
    leave the last checkpoint behind.
    """
    where, registry, listener = where or RunOptions(), registry or discover(), listener or Silent()
    recipe = with_listed_names(recipe, Path())
    wish = plan(recipe, registry)
    for stage in wish.stages:
        check_optimizer(stage.stage.optimizer.generator)
        check_optimizer(stage.stage.optimizer.discriminator)
    check_trackers(where.track)
    with (
        oom_guard(_TOO_LARGE),
        torch.random.fork_rng(devices=[]),
        open_devices(where.device, where.precision) as devices,
    ):
        listener = listener if devices.is_main else Silent()
        _check_batches(wish, devices)
        folder = devices.agree(
            lambda: choose_folder(where.out, recipe.name, resume=resume is not None)
        )
        pinned = _pin(recipe, folder, devices, registry, listener)
        if folder.holds_run:
            check_same_wish(folder, pinned.plan.recipe)
        pictures = open_run_data(pinned.plan, where, listener)
        setting = build_run_context(pinned, folder, devices, pictures, where, registry, listener)
        _check_losses(setting)
        _run(setting, pictures, where, resume, registry)
    return folder.path


def _pin(
    recipe: Recipe, folder: RunFolder, devices: Devices, registry: Registry, listener: Listener
) -> Pinned:
    """Let the main process choose among pretrained networks, and every machine fetch what was
    chosen.
    """
    recorded = recorded_recipe(folder) if folder.holds_run else None
    chosen = devices.agree(
        lambda: pin(recipe, registry, recorded=recorded, report=listener.download).plan.recipe
    )
    pinned = pin(chosen, registry, report=listener.download)
    for network in pinned.networks:
        listener.note(f"pretrained network {network.spec.name} from {network.path}")
    return pinned


def _run(
    setting: RunContext,
    pictures: RunData,
    where: RunOptions,
    resume: Resume | None,
    registry: Registry,
) -> None:
    going_on = resume is not None and bool(setting.folder.checkpoints())
    init = None if going_on or where.init is None else own_file(where.init, registry)
    networks = build_networks(setting, where, init)
    for number in range(len(setting.plan.stages)):
        open_stage_run(
            setting, networks, number
        )  # so that what cannot be built is known before anything is written
    setting.listener.note(_what_begins(setting))
    with listening() as request, only_run(setting.folder, setting.devices):
        checkpoint = setting.devices.agree(lambda: _chosen(setting, resume))
        if checkpoint:
            _check_length(setting, checkpoint.progress)
            networks, live = _go_on(setting, networks, checkpoint)
            progress = _continue(setting, pictures, where, registry, checkpoint)
        else:
            live, progress = None, Progress()
            _begin(setting, pictures, where, registry, resume)
        if _finished(setting, progress):
            setting.listener.note(
                f"the run in {setting.folder.path} is finished: {progress.position.total} steps"
            )
        names = where.track if setting.devices.is_main else ()
        with (
            setting.curves.drawn_at_end(),
            open_trackers(names, _tracked(setting, progress), setting.listener) as trackers,
        ):
            progress = run_stages(
                replace(setting, trackers=trackers), networks, progress, live, request
            )
    setting.devices.agree(lambda: write_summary(setting.folder, setting.plan, progress))


def _chosen(setting: RunContext, resume: Resume | None) -> Checkpoint | None:
    return None if resume is None else find_checkpoint(setting.folder, resume, setting.listener)


def _tracked(setting: RunContext, progress: Progress) -> TrackedRun:
    environment = read_environment(setting.folder.path) or {}
    return TrackedRun(
        setting.folder.path, setting.plan.recipe, environment.get("id", ""), progress.position.total
    )


def _what_begins(setting: RunContext) -> str:
    devices = setting.devices
    return (
        f"training on {devices.device} in {devices.precision}, {len(setting.pictures)} "
        f"pictures, into {setting.folder.path}"
    )


def _begin(
    setting: RunContext,
    pictures: RunData,
    where: RunOptions,
    registry: Registry,
    resume: Resume | None,
) -> None:
    if resume is not None:
        setting.listener.note(
            f"there is no checkpoint in {setting.folder.path} yet: starting at step 0"
        )
    setting.devices.agree(
        lambda: begin_record(setting, pictures, where, registry, again=resume is not None)
    )


def _continue(
    setting: RunContext,
    pictures: RunData,
    where: RunOptions,
    registry: Registry,
    checkpoint: Checkpoint,
) -> Progress:
    progress = setting.devices.agree(
        lambda: _rewind(setting, pictures, where, registry, checkpoint)
    )
    setting.listener.note(f"going on after step {progress.position.total}")
    return progress


def _rewind(
    setting: RunContext,
    pictures: RunData,
    where: RunOptions,
    registry: Registry,
    checkpoint: Checkpoint,
) -> Progress:
    setting.log.check(checkpoint.progress.log_bytes)
    continue_record(setting, pictures, where, registry)
    forget_later(setting.folder, checkpoint)
    setting.log.cut(checkpoint.progress.log_bytes)
    stage = setting.plan.stages[checkpoint.progress.position.stage].stage
    return with_kept_best(setting.folder, stage.name, checkpoint.progress)


def _go_on(
    setting: RunContext, networks: Networks, checkpoint: Checkpoint
) -> tuple[Networks, StageRun]:
    """Restore networks and optimizers from a checkpoint."""
    progress = checkpoint.progress
    networks = with_average(networks, setting.plan.stages[progress.position.stage])
    restore_networks(checkpoint.folder, networks.by_name())
    live = open_stage_run(setting, networks, progress.position.stage)
    restore_optimizers(checkpoint.folder, live.by_name())
    live.pool.restore(read_pool(checkpoint.folder), setting.devices.device)
    return networks, live


def _check_length(setting: RunContext, progress: Progress) -> None:
    """Refuse to make a run shorter than it is already."""
    length = all_intervals(setting.plan, setting.crops)[progress.position.stage].length
    if progress.position.step > length:
        name = setting.plan.stages[progress.position.stage].stage.name
        raise RecipeError(
            f"stage '{name}' has {progress.position.step} steps behind it, more than {length}",
            hint="--resume without --steps goes on as begun",
        )


def _finished(setting: RunContext, progress: Progress) -> bool:
    last = len(setting.plan.stages) - 1
    return progress.position.stage == last and (
        progress.ended
        or progress.position.step >= all_intervals(setting.plan, setting.crops)[last].length
    )


def _check_losses(setting: RunContext) -> None:
    """Refuse to wait for a validation loss that no picture is large enough for."""
    following = [*(stage.stage.start_from for stage in setting.plan.stages[1:]), "last"]
    for number, (stage, next_from) in enumerate(zip(setting.plan.stages, following, strict=True)):
        waits = stage.stage.patience is not None and stage.stage.patience_on == BEST_LOSS
        if (waits or next_from == f"best-{BEST_LOSS}") and not setting.validator.has_losses(
            crop_rule(setting.plan, number)
        ):
            raise RecipeError(
                f"stage '{stage.stage.name}' needs a validation loss, and no validation picture "
                "is as large as its patch of "
                f"{stage.stage.patch}",
                hint="--val larger pictures, a smaller --patch, or patience_on = 'psnr'",
            )


def _check_batches(planned: Plan, devices: Devices) -> None:
    for stage in planned.stages:
        if stage.stage.pool and devices.world > 1:
            raise IncompatibleError(
                f"the pool of stage '{stage.stage.name}' belongs to one process, not "
                f"{devices.world}",
                hint="--set pool=0",
            )
        parts, batch = devices.world * stage.stage.accumulate, stage.stage.batch
        if batch % parts:
            shared = (
                f"{devices.world} processes"
                if stage.stage.accumulate == 1
                else f"{parts} parts of processes and accumulation"
            )
            raise IncompatibleError(
                f"a batch of {batch} cannot be shared by {shared}",
                hint=f"--batch {parts * max(batch // parts, 1)}",
            )
