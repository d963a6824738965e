"""What is one stage while it trains, and what can be done with it?

The loop decides when a stage steps, logs, validates and saves; here is what each of these is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from pathlib import Path

import torch

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.data.dataset import Batch, CropDataset
from srkit_core.data.examples import make_examples, mixed
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.patches import CropRule
from srkit_core.engine.bicubic_scores import bicubic_scores
from srkit_core.engine.checkpoints.checkpoint import Progress, State, read_state
from srkit_core.engine.checkpoints.checkpoint_policy import (
    keep_best,
    keep_checkpoint,
    keep_milestone,
    keep_pictures,
    run_card,
    run_discriminator_card,
)
from srkit_core.engine.checkpoints.pool_states import leave_pool, pool_state, restore_pool
from srkit_core.engine.ema import update_average
from srkit_core.engine.finite_check import FiniteCheck, finite_check
from srkit_core.engine.gan_monitor import GanMonitor
from srkit_core.engine.intervals import StageIntervals
from srkit_core.engine.logs.forecast import Forecast
from srkit_core.engine.logs.logger import Figures, Throughput, log_step, log_validation
from srkit_core.engine.logs.running_means import RunningMeans
from srkit_core.engine.memory_hint import less_memory_hint
from srkit_core.engine.networks import Networks, TrainableNetwork
from srkit_core.engine.objective import Objective, Values, build_objective
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, with_optimizer
from srkit_core.engine.pool import Pool
from srkit_core.engine.run_context import RunContext, crop_rule
from srkit_core.engine.scoring_precision import scoring_model, with_scoring_precision
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.step_graphs import turns_on
from srkit_core.engine.step_turn import StepContext, StepTurns
from srkit_core.engine.train_step import AT_ONCE, train_step, turns_of
from srkit_core.engine.validation_watch import watch_scores
from srkit_core.interfaces import StepPosition
from srkit_core.models.model import Model
from srkit_core.models.weights_file import fill
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import StagePlan
from srkit_core.run_folder import DISCRIMINATOR
from srkit_core.schedule import ramp_factors
from srkit_core.schedule_binding import rate_factor
from srkit_core.specs import GeneratorSpec


@dataclass
class StageRun:
    """A stage that trains: its networks, losses and optimizers, and how far it is.

    `resting` is a discriminator that takes no part here, with the optimizer of an earlier stage
    that a later one goes on with.
    """

    context: RunContext
    networks: Networks
    number: int
    progress: Progress
    rule: CropRule
    objective: Objective
    pair: NetworkPair
    pool: Pool
    turns: StepTurns = turns_of
    check: FiniteCheck = AT_ONCE
    resting: NetworkWithOptimizer | None = None
    monitor: GanMonitor = field(default_factory=GanMonitor)
    throughput: Throughput = field(default_factory=Throughput)
    means: RunningMeans = field(default_factory=RunningMeans)
    forecast: Forecast = field(default_factory=Forecast)

    @property
    def plan(self) -> StagePlan:
        """The stage with its losses and augmentations bound."""
        return self.context.plan.stages[self.number]

    @property
    def intervals(self) -> StageIntervals:
        """When what is due in it."""
        return self.context.intervals[self.number]

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.context.device

    @property
    def model(self) -> Model:
        """The generator as it is validated and saved."""
        generator = self.context.plan.generator
        return Model(self.networks.result, generator, self.context.recipe.scale)

    @property
    def learners(self) -> dict[str, NetworkWithOptimizer]:
        """What takes part and what rests, by role."""
        rests = {} if self.resting is None else {DISCRIMINATOR: self.resting}
        return self.pair.by_name() | rests

    def batches(self) -> Iterator[Batch]:
        """Yield the batches that are left, from the place in the sequence where the stage is; none
        where its patience ran out before.
        """
        if self.progress.ended:
            return iter(())
        processes, position = self.context.processes, self.progress.position
        indices = batch_indices(
            position.samples,
            self.intervals.length - position.step,
            self.plan.stage.batch,
            rank=processes.rank,
            world=processes.world,
        )
        samples = CropDataset(self.context.data.training, self.rule)
        pin = processes.backend.feeds
        return training_batches(samples, indices, workers=self.context.workers, pin=pin)

    def step(self, batch: Batch) -> Examples:
        """Train on a batch, and move the average; afterwards the stage is a step further.

        Returns the examples it learnt from.
        """
        examples = self._examples(batch)
        self.means.add(self._train(examples, batch.names))
        self.throughput.count(self.plan.stage.batch)
        self.progress = self._advanced()
        return examples

    def log(self, examples: Examples | None = None) -> Figures:
        """Log the steps since the last row, with the metrics of the last examples where the recipe
        asks for them.
        """
        scores = Figures()
        if examples is not None and self.context.recipe.validation.on_training:
            scores = self.context.validator.batch_scores(self.model, examples)
        return log_step(self, scores)

    def validate(self) -> None:
        """Score the generator, and keep what is best; only the main process writes what comes of
        it.
        """
        self.check.settle()
        context, networks = self.context, self.networks
        context.processes.share_buffers(networks.result)
        losses = self._validation_losses()
        self.progress = with_scoring_precision(self)
        model, speed = scoring_model(self), Throughput()
        scores, rows = context.validator.scores(model, watch_scores(self))
        speed.count(context.validator.pictures)
        self.progress = replace(self.progress, baseline=bicubic_scores(self))
        context.curves.compare_with(self.progress.baseline.get("figures", {}))
        log_validation(self, losses, scores, speed)
        context.processes.agree(partial(keep_pictures, self, rows))
        self.progress = context.processes.agree(partial(keep_best, self, losses, scores))
        context.curves.refresh()

    def share_state(self) -> None:
        """Give the main process what it saves of all processes: of the log's means and pools."""
        self.check.settle()
        processes, total = self.context.processes, self.progress.position.total
        self.means.share(processes)
        if self.plan.stage.pool and processes.world > 1:
            self.finish_writing()  # which takes what was left for the checkpoint before
            leave_pool(self.pool, self.context.folder.checkpoint(total), processes)

    def save(self) -> None:
        """Begin to write a checkpoint, once the one before is written."""
        self.share_state()
        self.context.processes.agree(partial(keep_checkpoint, self))

    def finish_writing(self) -> None:
        """Wait until the last checkpoint is written; what that raised, every process raises."""
        self.context.processes.agree(self.context.writer.finish)

    def save_milestone(self) -> None:
        """Keep the weights as they are, for good."""
        self.check.settle()
        self.context.processes.agree(partial(keep_milestone, self))

    def states(self) -> dict[str, State]:
        """Return what a resumed run needs of it, by the names of the files."""
        networks = self.networks.by_name().items()
        cards = dict.fromkeys(("generator", "ema"), run_card(self).to_metadata())
        if self.networks.discriminator:
            cards[DISCRIMINATOR] = run_discriminator_card(self).to_metadata()
        states = {
            name: State(network.state_dict(), metadata=cards.get(name, {}))
            for name, network in networks
        }
        optimizers = self.learners.items()
        states |= {f"{name}-optimizer": network.state() for name, network in optimizers}
        states |= {"means": self.means.state()} if self.means else {}
        pool = pool_state(self.pool, self.context.processes)
        return states | ({"pool": pool} if len(self.pool) else {})

    def restore(self, folder: Path) -> None:
        """Go on from what a checkpoint holds of it."""
        for name, network in self.networks.by_name().items():
            fill(network, read_state(folder, name).tensors, folder)
        for name, one in self.learners.items():
            state = read_state(folder, f"{name}-optimizer")
            if one is self.resting and not state.values:
                fact = f"the checkpoint holds no optimizer of the {name}, which begins anew"
                self.context.callbacks.on_note(f"{fact} with the stage that uses it next")
            else:
                one.restore(state)
        self.means.restore(read_state(folder, "means"))
        processes, callbacks = self.context.processes, self.context.callbacks
        restore_pool(self.pool, folder, self.plan.stage.name, processes, callbacks)
        if self.progress.position.step:  # a validation that is owed tells the rates of its step
            self._set_rates(self._step_position(ago=1))

    def oom_hint(self) -> str:
        """Return what to try when it does not fit into memory."""
        spec = self.context.plan.generator.spec(GeneratorSpec)
        recomputes = bool(spec.body) and not self.context.options.recompute
        world, again = self.context.processes.world, self._again()
        return less_memory_hint(self.plan.stage, world, again, recomputes=recomputes)

    def lost_worker_hint(self) -> str:
        """Return what to try when a process that loads pictures was lost."""
        workers = self.context.workers // 2
        return (
            f"{self._again()} --workers {workers} goes on with fewer, if the system had no memory "
            "left for it"
        )

    def _again(self) -> str:
        """Return what goes on with the run; one without a step leaves nothing to go on with."""
        begun = self.progress.position.total > 0
        return self.context.folder.resumes() if begun else "the same command with"

    def _examples(self, batch: Batch) -> Examples:
        seed, total = self.context.recipe.seed, self.progress.position.total
        rank = self.context.processes.rank
        number = seed_for(seed, "degradation", total, rank)
        rng = torch.Generator(self.device).manual_seed(number)
        made = make_examples(batch, self.rule, self.context.lr_maker, rng)
        fresh = mixed(made, self.rule.augment, rng)
        pool_rng = torch.Generator().manual_seed(seed_for(seed, "pool", total, rank))
        return self.pool.exchange(fresh, pool_rng)

    def _train(self, examples: Examples, pictures: tuple[str, ...]) -> Values:
        context, stage, position = self.context, self.plan.stage, self._step_position()
        self._set_rates(position)
        processes, total = context.processes, position.run_step
        processes.seed(seed_for(context.recipe.seed, "networks", total, processes.rank))
        factors = ramp_factors(stage.ramps, position)
        objective = self.objective.ramped(factors) if factors else self.objective
        learns = self.intervals.trains_generator(position.step + 1)
        step = StepContext(stage, objective, processes, total + 1, pictures, learns)
        values = train_step(self.pair, step, examples, self.turns, self.check)
        self.check.settle(before=step.step)
        if learns and self.networks.average is not None and stage.ema is not None:
            update_average(self.networks.average, self.networks.generator.module, stage.ema)
        return values

    def _set_rates(self, position: StepPosition) -> None:
        factor = rate_factor(self.plan.schedule, self.intervals.lr_warmup, position)
        for network in self.pair.by_name().values():
            network.set_rate(factor)

    def _step_position(self, ago: int = 0) -> StepPosition:
        """Return where the next step is, or the one of so many steps ago."""
        context, position = self.context, self.progress.position
        step = position.step - ago
        return StepPosition(
            step,
            self.intervals.length,
            position.total - ago,
            sum(one.length for one in context.intervals),
            self.intervals.steps_per_epoch,
            tuple(one for one in self.progress.validations if one.step <= step),
            context.plan.validation.higher_is_better,
        )

    def _advanced(self) -> Progress:
        """Return the progress after a step; an epoch begins with its first step, from 1."""
        position, per_epoch = self.progress.position, self.intervals.steps_per_epoch
        before, after = (ceil(step / per_epoch) for step in (position.step, position.step + 1))
        further = replace(
            position,
            step=position.step + 1,
            total=position.total + 1,
            samples=position.samples + self.plan.stage.batch,
        )
        epoch = self.progress.epoch + after - before
        return replace(self.progress, position=further, epoch=epoch)

    def _validation_losses(self) -> Figures:
        networks, adversarial = self.networks, self.plan.adversarial
        judge = networks.discriminator.module if adversarial and networks.discriminator else None
        losses, batch = self.context.validator.losses, self.plan.stage.batch
        return losses(networks.result, judge, self.objective, self.rule, batch)


def open_stage_run(
    context: RunContext, networks: Networks, number: int, progress: Progress
) -> StageRun:
    """Build what a stage needs: its losses, and an optimizer for each network that takes part, or
    rests until a later stage.
    """
    stage, processes = context.plan.stages[number], context.processes
    generator = _optimized(context, stage, networks.generator, stage.generator_optimizer)
    rests, discriminator = context.plan.rests(number), None
    used = rests or stage
    if used.adversarial and networks.discriminator:
        bound = used.discriminator_optimizer
        discriminator = _optimized(context, used, networks.discriminator, bound)
    return StageRun(
        context=context,
        networks=networks,
        number=number,
        progress=progress,
        rule=crop_rule(context.plan, number),
        objective=build_objective(
            stage, processes.device, processes.gather, processes.loss_autocast
        ),
        pair=NetworkPair(generator, None if rests else discriminator),
        pool=Pool(stage.stage.pool),
        turns=turns_on(processes, context.callbacks.on_note),
        check=finite_check(processes),
        resting=discriminator if rests else None,
    )


def _optimized(
    context: RunContext, stage: StagePlan, network: TrainableNetwork, bound: BoundOptimizer
) -> NetworkWithOptimizer:
    return with_optimizer(network, bound, stage.stage.lr, context.processes.scaler())
