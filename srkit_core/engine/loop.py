"""When does what happen in a run?"""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import ceil

import torch

from srkit_core.data.cutblur import mixed
from srkit_core.data.examples import Examples, make_examples
from srkit_core.data.loader import Batch, Samples, batch_indices, training_batches
from srkit_core.data.loader_workers import lost_worker_guard
from srkit_core.engine.checkpoints.checkpoint import Position, Progress
from srkit_core.engine.checkpoints.checkpoint_policy import (
    keep_best,
    keep_checkpoint,
    keep_milestone,
    keep_pictures,
    take_best,
)
from srkit_core.engine.ema import update_average
from srkit_core.engine.logs.logger import Throughput, tell_step, tell_validation
from srkit_core.engine.machine.oom import less_memory_hint, oom_guard
from srkit_core.engine.machine.stop_request import Request
from srkit_core.engine.objective import Values
from srkit_core.engine.schedule import StepPosition, ramp_factors, rate_factor
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.stage_run import (
    Networks,
    RunContext,
    StageRun,
    all_intervals,
    open_stage_run,
    with_average,
)
from srkit_core.engine.train_step import StepContext, train_step
from srkit_core.errors import InterruptedRunError
from srkit_core.models.model import Model


def run_stages(
    setting: RunContext,
    networks: Networks,
    progress: Progress,
    resumed: StageRun | None,
    request: Request,
) -> Progress:
    """Train every stage that is left.

    `resumed` is the stage of a checkpoint with its optimizers restored.
    """
    lengths = [intervals.length for intervals in all_intervals(setting.plan, setting.crops)]
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
            else open_stage_run(setting, networks, number)
        )
        less = less_memory_hint(stage, setting.devices.world, setting.folder.path)
        with oom_guard(less), lost_worker_guard(_fewer_workers(setting)):
            progress = _run_stage(setting, networks, live, progress, request, sum(lengths))
    return progress


def _fewer_workers(setting: RunContext) -> str:
    command = f"srkit train --resume --out {shlex.quote(str(setting.folder.path))}"
    return (
        f"{command} --workers {setting.workers // 2} goes on with fewer, if the system had no "
        "memory left for it"
    )


def _run_stage(
    setting: RunContext,
    networks: Networks,
    live: StageRun,
    progress: Progress,
    request: Request,
    run_length: int,
) -> Progress:
    clock = Throughput()
    epoch_before = progress.epoch - ceil(progress.position.step / live.intervals.steps_per_epoch)
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
            if live.intervals.logs(progress.position.step)
            else {}
        )
        setting.listener.progress(
            live.plan.stage.name, progress.position.step, live.intervals.length, row
        )
        progress = _after_step(setting, networks, live, progress, request)
        if progress.ended:
            break
        clock.start()
    return progress


def _after_step(
    setting: RunContext, networks: Networks, live: StageRun, progress: Progress, request: Request
) -> Progress:
    if live.intervals.due(live.intervals.validate, progress.position.step):
        progress = _validate_safely(setting, networks, live, progress)
    if progress.position.step in live.intervals.kept:
        setting.devices.agree(partial(keep_milestone, setting, live, networks, progress))
    _save_if_due(setting, networks, live, progress, setting.devices.largest(request.signal))
    return progress


def _batches(setting: RunContext, live: StageRun, progress: Progress) -> Iterator[Batch]:
    devices, length = setting.devices, live.intervals.length
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


def _examples(setting: RunContext, live: StageRun, batch: Batch, position: Position) -> Examples:
    seed, rank = setting.plan.recipe.seed, setting.devices.rank
    rng = torch.Generator(setting.devices.device).manual_seed(
        seed_for(seed, "degradation", position.total, rank)
    )
    fresh = mixed(
        make_examples(batch, live.rule, setting.lr_maker, rng), live.rule.augment.of("mix"), rng
    )
    return live.pool.exchange(
        fresh, torch.Generator().manual_seed(seed_for(seed, "pool", position.total, rank))
    )


def _step(
    setting: RunContext,
    networks: Networks,
    live: StageRun,
    examples: Examples,
    pictures: tuple[str, ...],
    position: Position,
    run_length: int,
) -> Values:
    stage = live.plan.stage
    place = StepPosition(
        position.step,
        live.intervals.length,
        position.total,
        run_length,
        live.intervals.steps_per_epoch,
    )
    for player in live.by_name().values():
        player.set_rate(
            rate_factor(stage.schedule, stage.lr_warmup.steps(place.steps_per_epoch), place)
        )
    setting.devices.seed(
        seed_for(setting.plan.recipe.seed, "networks", position.total, setting.devices.rank)
    )
    objective = (
        live.objective.ramped(ramp_factors(stage.ramps, place)) if stage.ramps else live.objective
    )
    scene = StepContext(objective, setting.devices, position.total + 1, pictures)
    values = train_step(live.players, stage, scene, examples)
    if networks.average is not None and stage.ema is not None:
        update_average(networks.average, networks.generator.module, stage.ema)
    return values


def _advanced(progress: Progress, live: StageRun, epoch_before: int) -> Progress:
    position = progress.position
    step = position.step + 1
    epoch = epoch_before + ceil(step / live.intervals.steps_per_epoch)
    return replace(
        progress, position=Position(position.stage, step, position.total + 1), epoch=epoch
    )


def _told(
    setting: RunContext,
    networks: Networks,
    live: StageRun,
    progress: Progress,
    values: Values,
    clock: Throughput,
    examples: Examples,
) -> dict[str, float]:
    """Log a step, with the metrics of its own batch where the recipe asks for them."""
    asked = setting.plan.recipe.validation.on_training
    scores = setting.validator.batch_scores(_model(setting, networks), examples) if asked else {}
    return tell_step(setting, live, progress, values, clock, scores)


def _model(setting: RunContext, networks: Networks) -> Model:
    return Model(networks.result, setting.plan.generator, setting.plan.recipe.scale)


def _validate_safely(
    setting: RunContext, networks: Networks, live: StageRun, progress: Progress
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
    setting: RunContext, networks: Networks, live: StageRun, progress: Progress
) -> Progress:
    """Score the generator; only the main process writes what comes of it."""
    setting.devices.share_buffers(networks.result)
    plays = (
        networks.discriminator.module if networks.discriminator and live.plan.adversarial else None
    )
    figures = setting.validator.losses(
        networks.result, plays, live.objective, live.rule, live.plan.stage.batch
    )
    clock = Throughput()
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
    setting: RunContext, networks: Networks, live: StageRun, progress: Progress, stop: int
) -> None:
    if (
        stop
        or progress.ended
        or live.intervals.due(live.intervals.checkpoint, progress.position.step)
    ):
        setting.devices.agree(partial(keep_checkpoint, setting, live, networks, progress))
    if stop:
        folder = setting.folder.path
        raise InterruptedRunError(
            f"stopped after step {progress.position.total}; everything is saved in {folder}",
            signal=stop,
            hint=f"srkit train --resume --out {shlex.quote(str(folder))}",
        )
