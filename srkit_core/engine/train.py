"""What does it take to turn a recipe into a run folder?"""

from contextlib import nullcontext
from pathlib import Path
from typing import cast

import torch
from torch import nn

from srkit_core.binding import Part
from srkit_core.data.examples import Making
from srkit_core.engine.devices import Devices, open_devices
from srkit_core.engine.events import Listener, Silent
from srkit_core.engine.folder import RunFolder, choose_folder
from srkit_core.engine.interrupt import listening
from srkit_core.engine.loop import run_stages
from srkit_core.engine.memory import memory_guard
from srkit_core.engine.pictures import Pictures, open_pictures
from srkit_core.engine.player import check_optimiser
from srkit_core.engine.record import begin_record, continue_record, only_run
from srkit_core.engine.resume import Checkpoint, Resume, check_same_wish, find_checkpoint, forget_later, recorded_recipe
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.stage import LiveStage, Network, Networks, Setting, calendars, open_stage, with_average
from srkit_core.engine.state import Progress, read_pool, restore_networks, restore_players
from srkit_core.engine.summary import write_summary
from srkit_core.engine.tracking import Log, columns
from srkit_core.engine.validate import Validator, metric_columns
from srkit_core.engine.where import Where
from srkit_core.errors import IncompatibleError, RecipeError
from srkit_core.evaluation.evaluate import build_metrics
from srkit_core.evaluation.models import own_file
from srkit_core.evaluation.protocol import Protocol
from srkit_core.expressions import Call
from srkit_core.parts.build import build_degradation, build_network, place
from srkit_core.parts.model import Model
from srkit_core.parts.recompute import recompute
from srkit_core.parts.weights import fill, read_tensors, versions
from srkit_core.pinning import Pinned, pin
from srkit_core.plan import Plan, bind_generator, plan
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import with_listed_names
from srkit_core.registry import Registry, discover


def train(
    recipe: Recipe,
    where: Where | None = None,
    *,
    resume: Resume | None = None,
    registry: Registry | None = None,
    listener: Listener | None = None,
) -> Path:
    """Train a recipe and return the run folder.

    Raises RecipeError or RegistryError before anything is written when the recipe cannot run here; DataError when no
    picture can be used; DivergedError, OutOfMemoryError and InterruptedRunError leave the last checkpoint behind.
    """
    where, registry, listener = where or Where(), registry or discover(), listener or Silent()
    recipe = with_listed_names(recipe, Path())
    wish = plan(recipe, registry)
    for stage in wish.stages:
        check_optimiser(stage.stage.optimiser.generator)
        check_optimiser(stage.stage.optimiser.discriminator)
    with memory_guard(_smaller_batch(wish)), torch.random.fork_rng(devices=[]), open_devices(where.device, where.precision) as devices:
        listener = listener if devices.is_main else Silent()
        _check_batches(wish, devices)
        folder = devices.agree(lambda: choose_folder(where.out, recipe.name, resume=resume is not None))
        pinned = _pin(recipe, folder, devices, registry, listener)
        if folder.holds_run:
            check_same_wish(folder, pinned.plan.recipe)
        pictures = open_pictures(pinned.plan, where, listener)
        setting = _setting(pinned, folder, devices, pictures, where, registry, listener)
        _run(setting, pictures, where, resume, registry)
    return folder.path


def _pin(recipe: Recipe, folder: RunFolder, devices: Devices, registry: Registry, listener: Listener) -> Pinned:
    """Let the main process choose among pretrained networks, and every machine fetch what was chosen."""
    recorded = recorded_recipe(folder) if folder.holds_run else None
    chosen = devices.agree(lambda: pin(recipe, registry, recorded=recorded, report=listener.download).plan.recipe)
    pinned = pin(chosen, registry, report=listener.download)
    for network in pinned.networks:
        listener.note(f"pretrained network {network.spec.name} from {network.path}")
    return pinned


def _run(setting: Setting, pictures: Pictures, where: Where, resume: Resume | None, registry: Registry) -> None:
    going_on = resume is not None and bool(setting.folder.checkpoints())
    init = None if going_on or where.init is None else own_file(where.init, registry)
    networks = _networks(setting, where, init)
    for number in range(len(setting.plan.stages)):
        open_stage(setting, networks, number)  # so that what cannot be built is known before anything is written
    setting.listener.note(_what_begins(setting))
    with listening() as request, only_run(setting.folder) if setting.devices.is_main else nullcontext():
        checkpoint = find_checkpoint(setting.folder, resume, setting.listener) if resume is not None else None
        if checkpoint:
            _check_length(setting, checkpoint.progress)
            networks, live = _go_on(setting, networks, checkpoint)
            progress = checkpoint.progress
            _continue(setting, pictures, where, registry, checkpoint)
        else:
            live, progress = None, Progress()
            _begin(setting, pictures, where, registry, resume)
        if _finished(setting, progress):
            setting.listener.note(f"the run in {setting.folder.path} is finished: {progress.position.total} steps")
        progress = run_stages(setting, networks, progress, live, request)
    if setting.devices.is_main:
        write_summary(setting.folder, setting.plan, progress)


def _what_begins(setting: Setting) -> str:
    devices = setting.devices
    return f"training on {devices.device} in {devices.precision}, {len(setting.pictures)} pictures, into {setting.folder.path}"


def _begin(setting: Setting, pictures: Pictures, where: Where, registry: Registry, resume: Resume | None) -> None:
    if resume is not None:
        setting.listener.note(f"there is no checkpoint in {setting.folder.path} yet: starting at step 0")
    if setting.devices.is_main:
        begin_record(setting, pictures, where, registry, again=resume is not None)


def _continue(setting: Setting, pictures: Pictures, where: Where, registry: Registry, checkpoint: Checkpoint) -> None:
    if setting.devices.is_main:
        continue_record(setting, pictures, where, registry)
        setting.log.cut(checkpoint.progress.log_bytes)
        forget_later(setting.folder, checkpoint)
    setting.listener.note(f"going on after step {checkpoint.progress.position.total}")


def _go_on(setting: Setting, networks: Networks, checkpoint: Checkpoint) -> tuple[Networks, LiveStage]:
    """Restore networks and optimisers from a checkpoint."""
    progress = checkpoint.progress
    networks = with_average(networks, setting.plan.stages[progress.position.stage])
    restore_networks(checkpoint.folder, networks.by_name())
    live = open_stage(setting, networks, progress.position.stage)
    restore_players(checkpoint.folder, live.named_players())
    live.pool.restore(read_pool(checkpoint.folder), setting.devices.device)
    return networks, live


def _check_length(setting: Setting, progress: Progress) -> None:
    """Refuse to make a run shorter than it is already."""
    length = calendars(setting.plan, setting.crops)[progress.position.stage].length
    if progress.position.step > length:
        name = setting.plan.stages[progress.position.stage].stage.name
        raise RecipeError(
            f"stage '{name}' has {progress.position.step} steps behind it, more than {length}",
            hint="--resume without --steps goes on as begun",
        )


def _finished(setting: Setting, progress: Progress) -> bool:
    last = len(setting.plan.stages) - 1
    return progress.position.stage == last and (
        progress.ended or progress.position.step >= calendars(setting.plan, setting.crops)[last].length
    )


def _setting(
    pinned: Pinned, folder: RunFolder, devices: Devices, pictures: Pictures, where: Where, registry: Registry, listener: Listener
) -> Setting:
    planned = pinned.plan
    recipe, making = planned.recipe, _making(planned)
    border = recipe.scale if recipe.validation.border is None else recipe.validation.border
    metrics = [term.label for term in planned.metrics]
    names = columns(
        _loss_labels(planned), metric_columns(metrics, list(pictures.validation)), adversarial=planned.discriminator is not None
    )
    return Setting(
        plan=planned,
        folder=folder,
        devices=devices,
        pictures=pictures.training,
        making=making,
        validator=Validator(
            sets=pictures.validation,
            making=making,
            protocol=Protocol(recipe.validation.protocol, border),
            metrics=build_metrics(planned.metrics),
            baseline=_baseline(registry, recipe.scale),
            devices=devices,
            seed=recipe.seed,
            shown=recipe.validation.pictures,
        ),
        log=Log(folder.metrics, names),
        listener=listener,
        workers=_workers(where.workers, devices),
        versions=versions(registry),
        networks=pinned.networks,
    )


def _making(planned: Plan) -> Making:
    degrade, target = (build_degradation(one) if one else None for one in (planned.degradation, planned.target))
    return Making(degrade, target)


def _loss_labels(planned: Plan) -> list[str]:
    return list(dict.fromkeys(term.label for stage in planned.stages for term in stage.terms))


def _baseline(registry: Registry, scale: int) -> Model:
    part = bind_generator(registry, Call("bicubic"), scale)
    return Model(build_network(part), part, scale)


def _networks(setting: Setting, where: Where, init: Path | None) -> Networks:
    planned = setting.plan
    generator = _network(setting, where, planned.generator, "generator")
    if init:
        fill(generator.module, read_tensors(init), init)
    discriminator = _network(setting, where, planned.discriminator, "discriminator") if planned.discriminator else None
    return Networks(generator, discriminator)


def _network(setting: Setting, where: Where, part: Part, role: str) -> Network:
    built = build_network(part, seed=seed_for(setting.plan.recipe.seed, role))
    if where.recompute and role == "generator":
        recompute(built, part)
    module = place(built.train(), setting.devices.device)
    call = setting.devices.distribute(module)
    return Network(module, cast(nn.Module, torch.compile(call)) if where.compile else call)


def _workers(asked: int | None, devices: Devices) -> int:
    """Crops of cached pictures cost a CPU run nothing, so only a GPU gets processes of its own to feed it."""
    if asked is not None:
        return asked
    return min(8, torch.get_num_threads()) if devices.device.type == "cuda" else 0


def _check_batches(planned: Plan, devices: Devices) -> None:
    for stage in planned.stages:
        if stage.stage.pool and devices.world > 1:
            raise IncompatibleError(
                f"the pool of stage '{stage.stage.name}' belongs to one process, not {devices.world}", hint="--set pool=0"
            )
        parts, batch = devices.world * stage.stage.accumulate, stage.stage.batch
        if batch % parts:
            shared = f"{devices.world} processes" if stage.stage.accumulate == 1 else f"{parts} parts of processes and accumulation"
            raise IncompatibleError(f"a batch of {batch} cannot be shared by {shared}", hint=f"--batch {parts * max(batch // parts, 1)}")


def _smaller_batch(planned: Plan) -> str:
    batch = max(stage.stage.batch for stage in planned.stages)
    return (
        f"a new run with --batch {max(batch // 2, 1)} or a smaller --patch; --init RUN/weights/last.safetensors takes over what was learnt"
    )
