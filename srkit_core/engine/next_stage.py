"""How does a stage go on from the one before?"""

from dataclasses import replace
from typing import Any, Final

from torch.optim import Optimizer

from srkit_core.engine.checkpoints.checkpoint import UNCOUNTED, Position, Progress
from srkit_core.engine.networks import Networks, begin_discriminator, with_average
from srkit_core.engine.run_context import RunContext
from srkit_core.engine.stage_run import StageRun, open_stage_run
from srkit_core.models.weights_file import fill, read_tensors
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.run_folder import DISCRIMINATOR

_START: Final = {"generator": "start_from", DISCRIMINATOR: "discriminator_from"}
"""Which field of a stage says where the weights of a network come from."""


def open_next_stage(run: StageRun) -> StageRun:
    """Build the stage after one that is over.

    The generator starts from its last weights, their moving average or its best ones; optimizers
    and the pool go on where they can.
    """
    context, number = run.context, run.number + 1
    networks = _started(run, context.plan.stages[number].stage.start_from)
    after = open_stage_run(context, networks, number, _further(run.progress, number))
    _go_on_with_optimizers(after, run)
    if after.rule.patch == run.rule.patch:
        after.pool.go_on_from(run.pool)
    return after


def with_counted_samples(context: RunContext, progress: Progress) -> Progress:
    """Return the progress of a checkpoint with its samples, counted from the steps where a srkit
    wrote it that did not.

    Of stages whose patience ran out the longest possible ones are taken, the first ones first.
    """
    position = progress.position
    if position.samples != UNCOUNTED:
        return progress
    batches = [stage.stage.batch for stage in context.plan.stages]
    left, samples = position.total - position.step, position.step * batches[position.stage]
    for batch, intervals in zip(batches[: position.stage], context.intervals, strict=False):
        steps = min(left, intervals.length)
        left, samples = left - steps, samples + steps * batch
    return replace(progress, position=replace(position, samples=samples))


def _further(before: Progress, number: int) -> Progress:
    position = Position(number, 0, before.position.total, before.position.samples)
    begun = replace(before, position=position, best={}, judged={}, validations=())
    return replace(begun, waited=0, ended=False, owed=False, scored_in="")


def _started(run: StageRun, start_from: str) -> Networks:
    """Return the networks of the next stage, with the weights that they start from."""
    before = run.networks
    if start_from == "ema" and before.average is not None:
        before.generator.module.load_state_dict(before.average.state_dict())
    networks = with_average(before, run.context.plan.stages[run.number + 1])
    begin_discriminator(run.context.plan, networks, run.number + 1)
    if start_from.startswith("best-"):
        path = run.context.folder.weights(start_from, run.plan.stage.name)
        for network in (networks.generator.module, networks.average):
            if network is not None:
                fill(network, read_tensors(path), path)
    return networks


def _go_on_with_optimizers(after: StageRun, before: StageRun) -> None:
    """Let each optimizer remember what it did before, and say where it cannot."""
    stage, earlier = after.plan.stage, before.learners
    if after.resting is not None:
        after.resting.restore(earlier[DISCRIMINATOR].state())
    if stage.optimizer_from == "fresh":
        return
    for role, now in after.pair.by_name().items():
        if role not in earlier:
            continue
        if reason := _why_fresh(role, before, after):
            fact = f"stage '{stage.name}' begins with a fresh optimizer of the {role}"
            after.context.callbacks.on_note(f"{fact}: {reason}")
        else:
            now.restore(earlier[role].state())


def _why_fresh(role: str, before: StageRun, after: StageRun) -> str:
    """Say why an optimizer cannot go on; nothing where it can."""
    start_from = getattr(after.plan.stage, _START[role])
    if start_from != "last":
        return f"the one before belongs to the last weights, and {_START[role]} is {start_from}"
    rests = before.context.plan.rests(before.number) if role == DISCRIMINATOR else None
    bound = [one.optimizers[role] for one in (rests or before.plan, after.plan)]
    built = [run.learners[role].optimizer for run in (before, after)]
    same = _kind(bound[0], built[0]) == _kind(bound[1], built[1])
    return "" if same else f"it is {bound[1]}, and was {bound[0]}"


def _kind(bound: BoundOptimizer, built: Optimizer) -> tuple[object, dict[str, Any]]:
    """Return which optimizer it is, with every option but its rate: a class of torch says itself
    what those are that nobody wrote.
    """
    if bound.owner:
        return bound.owner, dict(bound.options)
    return type(built), {name: value for name, value in built.defaults.items() if name != "lr"}
