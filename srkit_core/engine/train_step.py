"""What happens in one training step?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from srkit_core.data.examples import Examples, microbatches_of
from srkit_core.engine.gan_monitor import contrast_and_tint
from srkit_core.engine.machine.processes import Devices
from srkit_core.engine.objective import (
    GeneratorLoss,
    Maps,
    Objective,
    Values,
    confidence,
    logits_of,
)
from srkit_core.engine.optimizer import NetworkWithOptimizer
from srkit_core.errors import DivergedError
from srkit_core.recipe import Stage


@dataclass(frozen=True)
class NetworkPair:
    """Who takes part: the discriminator is None in a stage without an adversarial loss."""

    generator: NetworkWithOptimizer
    discriminator: NetworkWithOptimizer | None


@dataclass(frozen=True)
class StepContext:
    """What a step takes place in: the stage's losses, where it computes, its number and its
    pictures' names, for errors.
    """

    objective: Objective
    devices: Devices
    step: int
    names: tuple[str, ...] = ()


def train_step(
    players: NetworkPair, stage: Stage, scene: StepContext, examples: Examples
) -> Values:
    """Train on one batch, in `stage.accumulate` parts.

    Returns the values of the step's columns, means over the parts.
    """
    microbatches = microbatches_of(examples, stage.accumulate)
    if players.discriminator is None:
        return _alone(players.generator, stage, scene, microbatches)
    turns = _generator_first if stage.order == "generator-first" else _discriminator_first
    return turns(players.generator, players.discriminator, stage, scene, microbatches)


def _alone(
    generator: NetworkWithOptimizer,
    stage: Stage,
    scene: StepContext,
    microbatches: Sequence[Examples],
) -> Values:
    told = []
    for microbatch in microbatches:
        sr = _upscaled(generator, scene, microbatch)
        loss = scene.objective.generator(sr, microbatch.target)
        told.append(_finite(report(loss), scene) | contrast_and_tint(sr, microbatch.target))
        generator.accumulate(loss.total / len(microbatches))
    return _mean(told) | _update(stage, scene, generator=generator)


def _generator_first(
    generator: NetworkWithOptimizer,
    discriminator: NetworkWithOptimizer,
    stage: Stage,
    scene: StepContext,
    microbatches: Sequence[Examples],
) -> Values:
    """Let the generator move, then the discriminator.

    The discriminator does not change between the two turns, so one pass over real and one over fake
    pictures serve both; only its further updates look again.
    """
    told, made = [], []
    for microbatch in microbatches:
        sr = _upscaled(generator, scene, microbatch)
        with scene.devices.autocast():
            real, fake = (
                logits_of(discriminator.call, microbatch.hr),
                logits_of(discriminator.call, sr),
            )
        loss, against = (
            scene.objective.generator(sr, microbatch.target, real, fake),
            scene.objective.discriminator(real, fake),
        )
        told.append(
            _finite(report(loss, against, real, fake), scene)
            | contrast_and_tint(sr, microbatch.target)
        )
        generator.accumulate(loss.total / len(microbatches), keep_graph=True)
        discriminator.accumulate(against / len(microbatches))
        made.append(sr.detach())
    norms = _update(stage, scene, generator=generator, discriminator=discriminator)
    for _ in range(stage.d_steps - 1):
        _discriminator_turn(discriminator, stage, scene, microbatches, made)
    return _mean(told) | norms


def _discriminator_first(
    generator: NetworkWithOptimizer,
    discriminator: NetworkWithOptimizer,
    stage: Stage,
    scene: StepContext,
    microbatches: Sequence[Examples],
) -> Values:
    """Let the discriminator move, then the generator, which D(real) and D(fake) are evaluated again
    for.

    A batch in one part is upscaled once, for both turns; of several parts the graphs would have to
    be kept, so they are upscaled again.
    """
    whole = _upscaled(generator, scene, microbatches[0]) if len(microbatches) == 1 else None
    made = (
        [whole.detach()]
        if whole is not None
        else [_upscaled(generator, scene, microbatch, graph=False) for microbatch in microbatches]
    )
    against, norm = [
        _discriminator_turn(discriminator, stage, scene, microbatches, made)
        for _ in range(stage.d_steps)
    ][-1]
    told = []
    for microbatch in microbatches:
        sr = _upscaled(generator, scene, microbatch) if whole is None else whole
        with scene.devices.autocast():
            with torch.no_grad():
                real = logits_of(discriminator.call, microbatch.hr)
            fake = logits_of(discriminator.call, sr)
        loss = scene.objective.generator(sr, microbatch.target, real, fake)
        told.append(
            _finite(report(loss, against, real, fake), scene)
            | contrast_and_tint(sr, microbatch.target)
        )
        generator.accumulate(loss.total / len(microbatches))
    return _mean(told) | _update(stage, scene, generator=generator) | norm


def _discriminator_turn(
    discriminator: NetworkWithOptimizer,
    stage: Stage,
    scene: StepContext,
    microbatches: Sequence[Examples],
    made: Sequence[Tensor],
) -> tuple[Tensor, Values]:
    """Train on pictures that stay as they are.

    Returns the discriminator's loss before the update and the norm of its gradients.
    """
    losses = []
    for microbatch, sr in zip(microbatches, made, strict=True):
        with scene.devices.autocast():
            real, fake = (
                logits_of(discriminator.call, microbatch.hr),
                logits_of(discriminator.call, sr),
            )
        against = scene.objective.discriminator(real, fake)
        _finite({"loss/discriminator": against}, scene)
        discriminator.accumulate(against / len(microbatches))
        losses.append(against.detach())
    return torch.stack(losses).mean(), _update(stage, scene, discriminator=discriminator)


def _upscaled(
    generator: NetworkWithOptimizer, scene: StepContext, microbatch: Examples, *, graph: bool = True
) -> Tensor:
    with scene.devices.autocast(), torch.set_grad_enabled(graph):
        sr: Tensor = generator.call(microbatch.lr)
    return sr


def _mean(told: Sequence[Values]) -> Values:
    return (
        {name: torch.stack([one[name].float() for one in told]).mean() for name in told[0]}
        if len(told) > 1
        else told[0]
    )


def report(
    loss: GeneratorLoss, against: Tensor | None = None, real: Maps = (), fake: Maps = ()
) -> Values:
    """Return the values of a step under the names of their columns, detached."""
    values = {f"loss/{label}": value.detach() for label, value in loss.terms.items()} | {
        "loss/total": loss.total.detach()
    }
    if real:
        said, of_fake = confidence(real), confidence(fake)
        values |= {"d_real": said, "d_fake": of_fake, "d_gap": said - of_fake}
    return values if against is None else values | {"loss/discriminator": against.detach()}


def _update(stage: Stage, scene: StepContext, **players: NetworkWithOptimizer) -> Values:
    """Take one optimizer step each, after all of their gradients are known to be finite.

    Returns their norms.

    Under fp16 a gradient may overflow now and then: its scaler leaves out that step and scales
    less.
    """
    norms = {f"gradient/{name}": player.gradient_norm() for name, player in players.items()}
    if not any(player.scaler.is_enabled() for player in players.values()):
        _finite(norms, scene)
    for name, player in players.items():
        player.update(stage.clip, norms[f"gradient/{name}"])
    return norms


def _finite(values: Values, scene: StepContext) -> Values:
    """Stop before an update would put a non-finite number into the weights.

    What one process finds, all of them know.
    """
    shared = scene.devices.mean(torch.stack([value.detach().float() for value in values.values()]))
    if shared.isfinite().all():
        return values
    name, value = next(
        (name, value)
        for name, value in zip(values, shared.tolist(), strict=True)
        if not isfinite(value)
    )
    shown = ", ".join(dict.fromkeys(scene.devices.collect(scene.names)))
    raise DivergedError(
        f"{name} became {value} at step {scene.step}{f' on {shown}' if shown else ''}; the "
        "weights before it are kept",
        step=scene.step,
        term=name,
        hint="a new run with a smaller rate, from what was learnt: --init "
        "RUN/weights/last.safetensors --set lr=1e-5 --out NEW",
    )
