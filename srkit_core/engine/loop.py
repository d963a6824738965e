"""When does what happen in a run?"""

import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import torch

from srkit_core.data.examples import make_examples
from srkit_core.data.loader import Batch, Samples, batch_indices, training_batches
from srkit_core.data.mixing import mixed
from srkit_core.engine.ema import update_average
from srkit_core.engine.health import CONTRAST, TINT
from srkit_core.engine.interrupt import Request
from srkit_core.engine.objective import Values
from srkit_core.engine.outcome import keep_best, keep_checkpoint, keep_milestone, keep_pictures, take_best
from srkit_core.engine.schedule import Place, ramp_factors, rate_factor
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.stage import LiveStage, Networks, Setting, calendars, open_stage, with_average
from srkit_core.engine.state import Position, Progress
from srkit_core.engine.step import Scene, train_step
from srkit_core.engine.tracking import peak_memory_mb
from srkit_core.errors import InterruptedRunError
from srkit_core.parts.model import Model


@dataclass
class Clock:
    """Counts the pictures trained on per second, waiting for the loader included, validation and checkpoints left out."""

    images: int = 0
    seconds: float = 0.0
    _since: float = field(default_factory=time.perf_counter)

    def start(self) -> None:
        """Measure from here: what came since the last step was not training."""
        self._since = time.perf_counter()

    def count(self, images: int) -> None:
        """Add a step that has just ended."""
        now = time.perf_counter()
        self.images, self.seconds, self._since = self.images + images, self.seconds + now - self._since, now

    def rate(self) -> float:
        """Return pictures per second since the last call, and begin anew."""
        rate = self.images / self.seconds if self.seconds else 0.0
        self.images, self.seconds = 0, 0.0
        return rate


def run_stages(setting: Setting, networks: Networks, progress: Progress, resumed: LiveStage | None, request: Request) -> Progress:
    """Train every stage that is left; `resumed` is the stage of a checkpoint with its optimisers restored."""
    lengths = [calendar.length for calendar in calendars(setting.plan, setting.crops)]
    for number in range(progress.position.stage, len(setting.plan.stages)):
        stage = setting.plan.stages[number].stage
        networks = with_average(networks, setting.plan.stages[number])
        if number > progress.position.stage:
            before = setting.plan.stages[number - 1].stage.name
            progress = Progress(Position(number, 0, progress.position.total), progress.epoch, log_bytes=progress.log_bytes)
            if stage.start_from != "last":
                take_best(setting, networks, before, stage.start_from)
        live = resumed if resumed and resumed.number == number else open_stage(setting, networks, number)
        progress = _run_stage(setting, networks, live, progress, request, sum(lengths))
    return progress


def _run_stage(setting: Setting, networks: Networks, live: LiveStage, progress: Progress, request: Request, run_length: int) -> Progress:
    clock = Clock()
    epoch_before = progress.epoch - ceil(progress.position.step / live.calendar.steps_per_epoch)
    for batch in _batches(setting, live, progress) if not progress.ended else ():
        values = _step(setting, networks, live, batch, progress.position, run_length)
        clock.count(live.plan.stage.batch)
        progress = _advanced(progress, live, epoch_before)
        row = _log(setting, live, progress, values, clock) if live.calendar.logs(progress.position.step) else {}
        setting.listener.progress(live.plan.stage.name, progress.position.step, live.calendar.length, row)
        if live.calendar.due(live.calendar.validate, progress.position.step):
            progress = _validate_safely(setting, networks, live, progress)
        if progress.position.step in live.calendar.kept and setting.devices.is_main:
            keep_milestone(setting, live, networks, progress)
        _save_if_due(setting, networks, live, progress, request)
        if progress.ended:
            break
        clock.start()
    return progress


def _batches(setting: Setting, live: LiveStage, progress: Progress) -> Iterator[Batch]:
    devices, length = setting.devices, live.calendar.length
    indices = batch_indices(progress.position.step, length, live.plan.stage.batch, rank=devices.rank, world=devices.world)
    samples = Samples(setting.pictures, live.rule)
    return training_batches(samples, indices, workers=setting.workers, pin=devices.device.type == "cuda")


def _step(setting: Setting, networks: Networks, live: LiveStage, batch: Batch, position: Position, run_length: int) -> Values:
    stage, seed, rank = live.plan.stage, setting.plan.recipe.seed, setting.devices.rank
    place = Place(position.step, live.calendar.length, position.total, run_length, live.calendar.steps_per_epoch)
    for player in live.named_players().values():
        player.set_rate(rate_factor(stage.schedule, stage.lr_warmup.steps(place.steps_per_epoch), place))
    torch.manual_seed(seed_for(seed, "networks", position.total, rank))
    rng = torch.Generator(setting.devices.device).manual_seed(seed_for(seed, "degradation", position.total, rank))
    fresh = mixed(make_examples(batch, live.rule, setting.making, rng), live.rule.augment.of("mix"), rng)
    examples = live.pool.exchange(fresh, torch.Generator().manual_seed(seed_for(seed, "pool", position.total, rank)))
    objective = live.objective.ramped(ramp_factors(stage.ramps, place)) if stage.ramps else live.objective
    scene = Scene(objective, setting.devices, position.total + 1, batch.names)
    values = train_step(live.players, stage, scene, examples)
    if networks.average is not None and stage.ema is not None:
        update_average(networks.average, networks.generator.module, stage.ema)
    return values


def _advanced(progress: Progress, live: LiveStage, epoch_before: int) -> Progress:
    position = progress.position
    step = position.step + 1
    epoch = epoch_before + ceil(step / live.calendar.steps_per_epoch)
    return replace(progress, position=Position(position.stage, step, position.total + 1), epoch=epoch)


def _log(setting: Setting, live: LiveStage, progress: Progress, values: Values, clock: Clock) -> dict[str, float]:
    names = list(values)
    means = setting.devices.mean(torch.stack([values[name].float() for name in names])).tolist()
    figures = dict(zip(names, means, strict=True)) | {"images_per_s": clock.rate()}
    for warning in live.watch.rows(figures):
        setting.listener.note(f"step {progress.position.total}: {warning}")
    logged = {name: value for name, value in figures.items() if name not in (CONTRAST, TINT)}
    _write(setting, live, progress, "train", logged)
    return logged


def _validate_safely(setting: Setting, networks: Networks, live: LiveStage, progress: Progress) -> Progress:
    """Validate; when that fails, save first what was trained."""
    try:
        return _validate(setting, networks, live, progress)
    except Exception:
        if setting.devices.is_main:
            keep_checkpoint(setting, live, networks, progress)
        raise


def _validate(setting: Setting, networks: Networks, live: LiveStage, progress: Progress) -> Progress:
    """Score the generator; only the main process writes what comes of it."""
    plays = networks.discriminator.module if networks.discriminator and live.plan.adversarial else None
    figures = setting.validator.losses(networks.result, plays, live.objective, live.rule, live.plan.stage.batch)
    model = Model(networks.result, setting.plan.generator, setting.plan.recipe.scale)
    scores, rows = setting.validator.scores(model)
    _write(setting, live, progress, "val", figures | scores)
    if setting.devices.is_main:
        setting.listener.note(_summary(live, progress, scores))
        progress = keep_best(setting, live, networks, progress, figures | scores)
        keep_pictures(setting, progress, rows)
        if progress.ended:
            waited = f"{live.plan.stage.patience} validations without a better {live.plan.stage.patience_on}"
            setting.listener.note(f"stage '{live.plan.stage.name}' ends after step {progress.position.total}: {waited}")
    return setting.devices.agree(lambda: progress)


def _write(setting: Setting, live: LiveStage, progress: Progress, split: str, figures: dict[str, float]) -> None:
    if not setting.devices.is_main:
        return
    rates = {f"lr{'' if name == 'generator' else '/' + name}": player.rate for name, player in live.named_players().items()}
    row: dict[str, Any] = {"step": progress.position.total, "epoch": progress.epoch, "stage": live.plan.stage.name, "split": split}
    setting.log.write(row | rates | figures | {"memory_mb": round(peak_memory_mb(setting.devices.device), 1)})


def _summary(live: LiveStage, progress: Progress, scores: dict[str, float]) -> str:
    shown = ", ".join(f"{name} {value:.4g}" for name, value in scores.items() if not name.endswith("/std"))
    return f"validation after step {progress.position.total} ({live.plan.stage.name}): {shown}"


def _save_if_due(setting: Setting, networks: Networks, live: LiveStage, progress: Progress, request: Request) -> None:
    stop = request.signal
    if setting.devices.is_main and (stop or progress.ended or live.calendar.due(live.calendar.checkpoint, progress.position.step)):
        keep_checkpoint(setting, live, networks, progress)
    if stop:
        folder = setting.folder.path
        raise InterruptedRunError(
            f"stopped after step {progress.position.total}; everything is saved in {folder}",
            signal=stop,
            hint=f"srkit train --resume --out {shlex.quote(str(folder))}",
        )
