"""What happens in one training step?"""

from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_core.engine.devices import Devices
from srkit_core.engine.objective import GeneratorLoss, Maps, Objective, Values, confidence, judge
from srkit_core.engine.player import Player
from srkit_core.errors import DivergedError
from srkit_core.recipe import Stage


@dataclass(frozen=True)
class Players:
    """Who takes part: the discriminator is None in a stage without an adversarial loss."""

    generator: Player
    discriminator: Player | None


@dataclass(frozen=True)
class Scene:
    """What a step takes place in: the stage's losses, where it computes, and its number, for errors."""

    objective: Objective
    devices: Devices
    step: int


def train_step(players: Players, stage: Stage, scene: Scene, lr: Tensor, hr: Tensor) -> Values:
    """Train on one batch, (B, 3, H, W) and (B, 3, scale*H, scale*W); returns the values of the step's columns."""
    with scene.devices.autocast():
        sr = players.generator.call(lr)
    if players.discriminator is None:
        return _alone(players.generator, scene, sr, hr)
    turns = _generator_first if stage.order == "generator-first" else _discriminator_first
    return turns(players.generator, players.discriminator, scene, sr, hr, stage.d_steps)


def _alone(generator: Player, scene: Scene, sr: Tensor, hr: Tensor) -> Values:
    loss = scene.objective.generator(sr, hr)
    values = _finite(report(loss), scene.step)
    generator.accumulate(loss.total)
    generator.update()
    return values


def _generator_first(generator: Player, discriminator: Player, scene: Scene, sr: Tensor, hr: Tensor, d_steps: int) -> Values:
    """Let the generator move, then the discriminator.

    The discriminator does not change between the two turns, so one pass over real and one over fake pictures serve
    both; only its further updates look again.
    """
    with scene.devices.autocast():
        real, fake = judge(discriminator.call, hr), judge(discriminator.call, sr)
    loss, against = scene.objective.generator(sr, hr, real, fake), scene.objective.discriminator(real, fake)
    values = _finite(report(loss, against, real, fake), scene.step)
    generator.accumulate(loss.total, keep_graph=True)
    discriminator.accumulate(against)
    generator.update()
    discriminator.update()
    for _ in range(d_steps - 1):
        _discriminator_turn(discriminator, scene, sr, hr)
    return values


def _discriminator_first(generator: Player, discriminator: Player, scene: Scene, sr: Tensor, hr: Tensor, d_steps: int) -> Values:
    """Let the discriminator move, then the generator, which D(real) and D(fake) are evaluated again for."""
    against = [_discriminator_turn(discriminator, scene, sr, hr) for _ in range(d_steps)][-1]
    with scene.devices.autocast():
        with torch.no_grad():
            real = judge(discriminator.call, hr)
        fake = judge(discriminator.call, sr)
    loss = scene.objective.generator(sr, hr, real, fake)
    values = _finite(report(loss, against, real, fake), scene.step)
    generator.accumulate(loss.total)
    generator.update()
    return values


def _discriminator_turn(discriminator: Player, scene: Scene, sr: Tensor, hr: Tensor) -> Tensor:
    """Train the discriminator on pictures that stay as they are; returns its loss before the update."""
    with scene.devices.autocast():
        real, fake = judge(discriminator.call, hr), judge(discriminator.call, sr.detach())
    against = scene.objective.discriminator(real, fake)
    _finite({"loss/discriminator": against}, scene.step)
    discriminator.accumulate(against)
    discriminator.update()
    return against


def report(loss: GeneratorLoss, against: Tensor | None = None, real: Maps = (), fake: Maps = ()) -> Values:
    """Return the values of a step under the names of their columns, detached."""
    values = {f"loss/{label}": value.detach() for label, value in loss.terms.items()} | {"loss/total": loss.total.detach()}
    if real:
        values |= {"d_real": confidence(real), "d_fake": confidence(fake)}
    return values if against is None else values | {"loss/discriminator": against.detach()}


def _finite(values: Values, step: int) -> Values:
    """Stop before an update would put a non-finite number into the weights."""
    for name, value in values.items():
        if not torch.isfinite(value.detach()):
            raise DivergedError(
                f"{name} became {value.item()} at step {step}; the weights before it are kept",
                step=step,
                term=name,
                hint="a smaller rate (--set lr=1e-5) or --precision fp32, with --resume",
            )
    return values
