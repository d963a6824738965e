"""What happens in one training step?"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final

import torch
from torch import Tensor, nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.finite_check import CheckAtOnce, FiniteCheck
from srkit_core.engine.gan_monitor import CONTRAST, TINT, contrast_and_tint
from srkit_core.engine.objective import Values, column_values, discriminator_values
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer
from srkit_core.engine.step_turn import StepContext, StepTurn, StepTurns

AT_ONCE: Final = CheckAtOnce()


def turns_of(pair: NetworkPair, context: StepContext, examples: Examples) -> Iterator[StepTurn]:
    """Compute the turns of a step as its stage asks for them, in `stage.accumulate` microbatches.

    Nothing here reads from the device.
    """
    microbatches = microbatches_of(examples, context.stage.accumulate)
    if pair.discriminator is None:
        return _generator_alone(pair.generator, context, microbatches)
    if not context.trains_generator:
        return _discriminator_alone(pair.generator, pair.discriminator, context, microbatches)
    first = context.stage.order == "generator-first"
    turns = _generator_first if first else _discriminator_first
    return turns(pair.generator, pair.discriminator, context, microbatches)


def train_step(
    pair: NetworkPair,
    context: StepContext,
    examples: Examples,
    turns: StepTurns = turns_of,
    check: FiniteCheck = AT_ONCE,
) -> Values:
    """Train on one batch.

    Returns the values of the step's columns, means over the microbatches.
    """
    values: Values = {}
    for turn in turns(pair, context, examples):
        check.look(turn, context, examples)
        turn.update()
        values |= turn.values if turn.shown else {}
    return values


def microbatches_of(examples: Examples, count: int) -> list[Examples]:
    """Return a batch in equal parts, in its order."""
    if count == 1:
        return [examples]
    pieces = zip(
        *(one.chunk(count) for one in (examples.lr, examples.hr, examples.target)), strict=True
    )
    return [Examples(*piece) for piece in pieces]


def _one_by_one(
    microbatches: Sequence[Examples], *networks: NetworkWithOptimizer
) -> Iterator[Examples]:
    """Yield the microbatches in which networks learn; processes average their gradients once, with
    the last.
    """
    for microbatch in microbatches[:-1]:
        with ExitStack() as alone:
            for network in networks:
                alone.enter_context(network.without_averaging())
            yield microbatch
    yield microbatches[-1]


def _generator_alone(
    generator: NetworkWithOptimizer, context: StepContext, microbatches: Sequence[Examples]
) -> Iterator[StepTurn]:
    values = []
    for microbatch in _one_by_one(microbatches, generator):
        sr = _upscaled(generator, context, microbatch)
        loss = context.objective.generator(sr, microbatch)
        values.append(column_values(loss) | contrast_and_tint(sr, microbatch.target))
        generator.accumulate(loss.total / len(microbatches))
    yield _turn(context, values, generator=generator)


def _discriminator_alone(
    generator: NetworkWithOptimizer,
    discriminator: NetworkWithOptimizer,
    context: StepContext,
    microbatches: Sequence[Examples],
) -> Iterator[StepTurn]:
    """Let the discriminator move, and leave everything of the generator as it is: its weights, its
    optimizer, and the statistics of its batch normalisation, though it computes with those of the
    batch, as it does when it learns.

    It is passed without a graph and its losses are not computed. What the discriminator says is
    from before its first update, whoever's turn is first in other steps.
    """
    with buffers_kept(generator.module):
        sr_images = [_upscaled(generator, context, one, graph=False) for one in microbatches]
    for number in range(context.stage.d_steps):
        shown = number == 0
        yield _discriminator_turn(discriminator, context, microbatches, sr_images, shown=shown)


@contextmanager
def buffers_kept(network: nn.Module) -> Iterator[None]:
    """Put back, bit for bit, what a pass of a network changes in it beside its parameters."""
    before = [(buffer, buffer.clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in before:
                buffer.copy_(value)


def _generator_first(
    generator: NetworkWithOptimizer,
    discriminator: NetworkWithOptimizer,
    context: StepContext,
    microbatches: Sequence[Examples],
) -> Iterator[StepTurn]:
    """Let the generator move, then the discriminator.

    The discriminator does not change between the two turns, so one pass over each kind of real
    pictures and one over fake ones serve both; only its further updates look again.
    """
    values, sr_images = [], []
    for microbatch in _one_by_one(microbatches, generator, discriminator):
        sr = _upscaled(generator, context, microbatch)
        with context.processes.autocast():
            logits = context.objective.logits(discriminator, microbatch, sr)
        g_loss = context.objective.generator(sr, microbatch, logits)
        d_loss = context.objective.discriminator(logits)
        step_values = column_values(g_loss, d_loss, logits)
        values.append(step_values | contrast_and_tint(sr, microbatch.target))
        generator.accumulate(g_loss.total / len(microbatches), keep_graph=True)
        discriminator.accumulate(d_loss / len(microbatches))
        sr_images.append(sr.detach())
    yield _turn(context, values, generator=generator, discriminator=discriminator)
    for _ in range(context.stage.d_steps - 1):
        yield _discriminator_turn(discriminator, context, microbatches, sr_images, shown=False)


def _discriminator_first(
    generator: NetworkWithOptimizer,
    discriminator: NetworkWithOptimizer,
    context: StepContext,
    microbatches: Sequence[Examples],
) -> Iterator[StepTurn]:
    """Let the discriminator move, then the generator, which D(real) and D(fake) are evaluated again
    for. All values are of the discriminator that the generator plays against, the updated one.

    A batch in one microbatch is upscaled once, for both turns; of several the graphs would have to
    be kept, so they are upscaled again.
    """
    if len(microbatches) == 1:
        upscaled = [_upscaled(generator, context, microbatches[0])]
        sr_images = [upscaled[0].detach()]
    else:
        upscaled = []
        sr_images = [_upscaled(generator, context, one, graph=False) for one in microbatches]
    for _ in range(context.stage.d_steps):
        yield _discriminator_turn(discriminator, context, microbatches, sr_images)
    values = []
    for microbatch in _one_by_one(microbatches, generator):
        sr = upscaled[0] if upscaled else _upscaled(generator, context, microbatch)
        with context.processes.autocast():
            logits = context.objective.logits(discriminator, microbatch, sr, learns=False)
        g_loss = context.objective.generator(sr, microbatch, logits)
        with torch.no_grad():
            d_loss = context.objective.discriminator(logits)
        step_values = column_values(g_loss, d_loss, logits)
        values.append(step_values | contrast_and_tint(sr, microbatch.target))
        generator.accumulate(g_loss.total / len(microbatches))
    yield _turn(context, values, generator=generator)


def _discriminator_turn(
    discriminator: NetworkWithOptimizer,
    context: StepContext,
    microbatches: Sequence[Examples],
    sr_images: Sequence[Tensor],
    *,
    shown: bool = True,
) -> StepTurn:
    """Learn from SR images that stay as they are; its values are what the discriminator says before
    its update.
    """
    values = []
    learning = _one_by_one(microbatches, discriminator)
    for microbatch, sr in zip(learning, sr_images, strict=True):
        with context.processes.autocast():
            logits = context.objective.logits(discriminator, microbatch, sr)
        d_loss = context.objective.discriminator(logits)
        values.append(discriminator_values(d_loss, logits))
        discriminator.accumulate(d_loss / len(microbatches))
    return _turn(context, values, shown=shown, discriminator=discriminator)


def _upscaled(
    generator: NetworkWithOptimizer,
    context: StepContext,
    microbatch: Examples,
    *,
    graph: bool = True,
) -> Tensor:
    with context.processes.autocast(), torch.set_grad_enabled(graph):
        sr: Tensor = generator(microbatch.lr)
    return sr


def _mean(values: Sequence[Values]) -> Values:
    if len(values) == 1:
        return values[0]
    return {name: torch.stack([one[name].float() for one in values]).mean() for name in values[0]}


def _turn(
    context: StepContext,
    values: Sequence[Values],
    *,
    shown: bool = True,
    **networks: NetworkWithOptimizer,
) -> StepTurn:
    """Return a turn of networks that have their gradients, and what its microbatches say of it.

    Under fp16 a gradient may overflow now and then: its scaler leaves out that step and scales
    less, so that norms guard nothing there.
    """
    norms = {f"gradient/{name}": one.gradient_norm() for name, one in networks.items()}
    means = _mean(values)
    scaled = any(one.scaler.is_enabled() for one in networks.values())
    guards = tuple(name for name in means if name not in (CONTRAST, TINT))
    guards += () if scaled else tuple(norms)
    updates = partial(_update, networks.values(), norms.values(), context.stage.clip)
    return StepTurn(means | norms, guards, updates, shown)


def _update(
    networks: Iterable[NetworkWithOptimizer], norms: Iterable[Tensor], clip: float | None
) -> None:
    for one, norm in zip(networks, norms, strict=True):
        one.update(clip, norm)
