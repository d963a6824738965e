"""When does what happen in a run?"""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import ceil

import torch

from srkit_core.data.examples import Examples, make_examples
from srkit_core.data.loader import Batch, Samples, batch_indices, training_batches
from srkit_core.data.mixing import mixed
from srkit_core.data.workers import lost_worker_guard
from srkit_core.engine.ema import update_average
from srkit_core.engine.interrupt import Request
from srkit_core.engine.memory import less_memory, memory_guard
from srkit_core.engine.objective import Values
from srkit_core.engine.outcome import (
    keep_best,
    keep_checkpoint,
    keep_milestone,
    keep_pictures,
    take_best,
)
from srkit_core.engine.report import Clock, tell_step, tell_validation
from srkit_core.engine.schedule import Place, ramp_factors, rate_factor
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.stage import (
    LiveStage,
    Networks,
    Setting,
    calendars,
    open_stage,
    with_average,
)
from srkit_core.engine.state import Position, Progress
from srkit_core.engine.step import Scene, train_step
from srkit_core.errors import InterruptedRunError
from srkit_core.parts.model import Model


def run_stages(
    setting: Setting,
    networks: Networks,
    progress: Progress,
    resumed: LiveStage | None,
    request: Request,
) -> Progress:
    """Train every stage that is left.

    `resumed` is the stage of a checkpoint with its optimisers restored.
    """
    lengths = [calendar.length for calendar in calendars(setting.plan, setting.crops)]
    for number in range(progress.position.stage, len(setting.plan.stages)):
        stage = setting.plan.stages[number].stage
        networks = with_average(networks, setting.plan.stages[number])
        if number > progress.position.stage:
            before = setting.plan.stages[number - 1].stage.name
            setting.curves.draw()
            progress = Progress(
                Position(number, 0, progress.position.total),
                progress.epoch,
                log_bytes=progress.log_bytes,
            )
            if stage.start_from != "last":
                take_best(setting, networks, before, stage.start_from)
        live = (
            resumed
            if resumed and resumed.number == number
            else open_stage(setting, networks, number)
        )
        less = less_memory(stage, setting.devices.world, setting.folder.path)
        with memory_guard(less), lost_worker_guard(_fewer_workers(setting)):
            progress = _run_stage(setting, networks, live, progress, request, sum(lengths))
    return progress


def _fewer_workers(setting: Setting) -> str:
    command = f"srkit train --resume --out {shlex.quote(str(setting.folder.path))}"
    return (
        f"{command} --workers {setting.workers // 2} goes on with fewer, if the system had no "
        "memory left for it"
    )


def _run_stage(
    setting: Setting,
    networks: Networks,
    live: LiveStage,
    progress: Progress,
    request: Request,
    run_length: int,
) -> Progress:
    clock = Clock()
    epoch_before = progress.epoch - ceil(progress.position.step / live.calendar.steps_per_epoch)
    if progress.owed:
        progress = _after_step(setting, networks, live, replace(progress, owed=False), request)
    for batch in _batches(setting, live, progress) if not progress.ended else ():
        examples = _examples(setting, live, batch, progress.position)
        values = _step(
            setting, networks, live, examples, batch.names, progress.position, run_length
        )
        clock.count(live.plan.stage.batch)
        progress = _advanced(progress, live, epoch_before)
        row = (
            _told(setting, networks, live, progress, values, clock, examples)
            if live.calendar.logs(progress.position.step)
            else {}
        )
        setting.listener.progress(
            live.plan.stage.name, progress.position.step, live.calendar.length, row
        )
        progress = _after_step(setting, networks, live, progress, request)
        if progress.ended:
            break
        clock.start()
    return progress


def _after_step(
    setting: Setting, networks: Networks, live: LiveStage, progress: Progress, request: Request
) -> Progress:
    if live.calendar.due(live.calendar.validate, progress.position.step):
        progress = _validate_safely(setting, networks, live, progress)
    if progress.position.step in live.calendar.kept:
        setting.devices.agree(partial(keep_milestone, setting, live, networks, progress))
    _save_if_due(setting, networks, live, progress, setting.devices.largest(request.signal))
    return progress


def _batches(setting: Setting, live: LiveStage, progress: Progress) -> Iterator[Batch]:
    devices, length = setting.devices, live.calendar.length
    indices = batch_indices(
        progress.position.step,
        length,
        live.plan.stage.batch,
        rank=devices.rank,
        world=devices.world,
    )
    samples = Samples(setting.pictures, live.rule)
    return training_batches(
        samples, indices, workers=setting.workers, pin=devices.device.type == "cuda"
    )


def _examples(setting: Setting, live: LiveStage, batch: Batch, position: Position) -> Examples:
    seed, rank = setting.plan.recipe.seed, setting.devices.rank
    rng = torch.Generator(setting.devices.device).manual_seed(
        seed_for(seed, "degradation", position.total, rank)
    )
    fresh = mixed(
        make_examples(batch, live.rule, setting.making, rng), live.rule.augment.of("mix"), rng
    )
    return live.pool.exchange(
        fresh, torch.Generator().manual_seed(seed_for(seed, "pool", position.total, rank))
    )


def _step(
    setting: Setting,
    networks: Networks,
    live: LiveStage,
    examples: Examples,
    pictures: tuple[str, ...],
    position: Position,
    run_length: int,
) -> Values:
    stage = live.plan.stage
    place = Place(
        position.step,
        live.calendar.length,
        position.total,
        run_length,
        live.calendar.steps_per_epoch,
    )
    for player in live.named_players().values():
        player.set_rate(
            rate_factor(stage.schedule, stage.lr_warmup.steps(place.steps_per_epoch), place)
        )
    setting.devices.seed(
        seed_for(setting.plan.recipe.seed, "networks", position.total, setting.devices.rank)
    )
    objective = (
        live.objective.ramped(ramp_factors(stage.ramps, place)) if stage.ramps else live.objective
    )
    scene = Scene(objective, setting.devices, position.total + 1, pictures)
    values = train_step(live.players, stage, scene, examples)
    if networks.average is not None and stage.ema is not None:
        update_average(networks.average, networks.generator.module, stage.ema)
    return values


def _advanced(progress: Progress, live: LiveStage, epoch_before: int) -> Progress:
    position = progress.position
    step = position.step + 1
    epoch = epoch_before + ceil(step / live.calendar.steps_per_epoch)
    return replace(
        progress, position=Position(position.stage, step, position.total + 1), epoch=epoch
    )


def _told(
    setting: Setting,
    networks: Networks,
    live: LiveStage,
    progress: Progress,
    values: Values,
    clock: Clock,
    examples: Examples,
) -> dict[str, float]:
    """Log a step, with the metrics of its own batch where the recipe asks for them."""
    asked = setting.plan.recipe.validation.on_training
    scores = setting.validator.batch_scores(_model(setting, networks), examples) if asked else {}
    return tell_step(setting, live, progress, values, clock, scores)


def _model(setting: Setting, networks: Networks) -> Model:
    return Model(networks.result, setting.plan.generator, setting.plan.recipe.scale)


def _validate_safely(
    setting: Setting, networks: Networks, live: LiveStage, progress: Progress
) -> Progress:
    """Validate; when that fails, save first what was trained, as it was before."""
    rows = setting.devices.agree(setting.log.flush)
    try:
        return _validate(setting, networks, live, progress)
    except Exception:
        if setting.devices.is_main:
            setting.log.cut(rows)
            keep_checkpoint(setting, live, networks, replace(progress, owed=True))
        raise


def _validate(
    setting: Setting, networks: Networks, live: LiveStage, progress: Progress
) -> Progress:
    """Score the generator; only the main process writes what comes of it."""
    setting.devices.share_buffers(networks.result)
    plays = (
        networks.discriminator.module if networks.discriminator and live.plan.adversarial else None
    )
    figures = setting.validator.losses(
        networks.result, plays, live.objective, live.rule, live.plan.stage.batch
    )
    clock = Clock()
    scores, rows = setting.validator.scores(_model(setting, networks))
    clock.count(sum(map(len, setting.validator.sets.values())))
    tell_validation(setting, live, progress, figures, scores, clock)
    setting.devices.agree(partial(keep_pictures, setting, progress, rows))
    progress = setting.devices.agree(
        partial(keep_best, setting, live, networks, progress, figures | scores)
    )
    setting.curves.refresh()
    if progress.ended:
        waited = (
            f"{live.plan.stage.patience} validations without a better {live.plan.stage.patience_on}"
        )
        setting.listener.note(
            f"stage '{live.plan.stage.name}' ends after step {progress.position.total}: {waited}"
        )
    return progress


def _save_if_due(
    setting: Setting, networks: Networks, live: LiveStage, progress: Progress, stop: int
) -> None:
    if (
        stop
        or progress.ended
        or live.calendar.due(live.calendar.checkpoint, progress.position.step)
    ):
        setting.devices.agree(partial(keep_checkpoint, setting, live, networks, progress))
    if stop:
        folder = setting.folder.path
        raise InterruptedRunError(
            f"stopped after step {progress.position.total}; everything is saved in {folder}",
            signal=stop,
            hint=f"srkit train --resume --out {shlex.quote(str(folder))}",
        )
