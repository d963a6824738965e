"""What happens in one training step?"""

from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_core.data.examples import Examples
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


def train_step(players: Players, stage: Stage, scene: Scene, examples: Examples) -> Values:
    """Train on one batch; returns the values of the step's columns."""
    with scene.devices.autocast():
        sr = players.generator.call(examples.lr)
    if players.discriminator is None:
        return _alone(players.generator, scene, sr, examples)
    turns = _generator_first if stage.order == "generator-first" else _discriminator_first
    return turns(players.generator, players.discriminator, scene, sr, examples, stage.d_steps)


def _alone(generator: Player, scene: Scene, sr: Tensor, examples: Examples) -> Values:
    loss = scene.objective.generator(sr, examples.target)
    values = _finite(report(loss), scene.step)
    generator.accumulate(loss.total)
    _update(scene, generator=generator)
    return values


def _generator_first(generator: Player, discriminator: Player, scene: Scene, sr: Tensor, examples: Examples, d_steps: int) -> Values:
    """Let the generator move, then the discriminator.

    The discriminator does not change between the two turns, so one pass over real and one over fake pictures serve
    both; only its further updates look again.
    """
    with scene.devices.autocast():
        real, fake = judge(discriminator.call, examples.hr), judge(discriminator.call, sr)
    loss, against = scene.objective.generator(sr, examples.target, real, fake), scene.objective.discriminator(real, fake)
    values = _finite(report(loss, against, real, fake), scene.step)
    generator.accumulate(loss.total, keep_graph=True)
    discriminator.accumulate(against)
    _update(scene, generator=generator, discriminator=discriminator)
    for _ in range(d_steps - 1):
        _discriminator_turn(discriminator, scene, sr, examples.hr)
    return values


def _discriminator_first(generator: Player, discriminator: Player, scene: Scene, sr: Tensor, examples: Examples, d_steps: int) -> Values:
    """Let the discriminator move, then the generator, which D(real) and D(fake) are evaluated again for."""
    against = [_discriminator_turn(discriminator, scene, sr, examples.hr) for _ in range(d_steps)][-1]
    with scene.devices.autocast():
        with torch.no_grad():
            real = judge(discriminator.call, examples.hr)
        fake = judge(discriminator.call, sr)
    loss = scene.objective.generator(sr, examples.target, real, fake)
    values = _finite(report(loss, against, real, fake), scene.step)
    generator.accumulate(loss.total)
    _update(scene, generator=generator)
    return values


def _discriminator_turn(discriminator: Player, scene: Scene, sr: Tensor, hr: Tensor) -> Tensor:
    """Train the discriminator on pictures that stay as they are; returns its loss before the update."""
    with scene.devices.autocast():
        real, fake = judge(discriminator.call, hr), judge(discriminator.call, sr.detach())
    against = scene.objective.discriminator(real, fake)
    _finite({"loss/discriminator": against}, scene.step)
    discriminator.accumulate(against)
    _update(scene, discriminator=discriminator)
    return against


def report(loss: GeneratorLoss, against: Tensor | None = None, real: Maps = (), fake: Maps = ()) -> Values:
    """Return the values of a step under the names of their columns, detached."""
    values = {f"loss/{label}": value.detach() for label, value in loss.terms.items()} | {"loss/total": loss.total.detach()}
    if real:
        values |= {"d_real": confidence(real), "d_fake": confidence(fake)}
    return values if against is None else values | {"loss/discriminator": against.detach()}


def _update(scene: Scene, **players: Player) -> None:
    """Take one optimiser step each, after all of their gradients are known to be finite."""
    _finite({f"gradient/{name}": player.gradient_norm() for name, player in players.items()}, scene.step)
    for player in players.values():
        player.update()


def _finite(values: Values, step: int) -> Values:
    """Stop before an update would put a non-finite number into the weights."""
    if torch.stack([value.detach().float() for value in values.values()]).isfinite().all():
        return values
    name, value = next((name, value) for name, value in values.items() if not value.isfinite())
    raise DivergedError(
        f"{name} became {value.item()} at step {step}; the weights before it are kept",
        step=step,
        term=name,
        hint="a new run with a smaller rate, from what was learnt: --init RUN/weights/last.safetensors --set lr=1e-5 --out NEW",
    )
