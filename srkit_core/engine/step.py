"""What happens in one training step?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from srkit_core.data.examples import Examples, split
from srkit_core.engine.devices import Devices
from srkit_core.engine.health import look_at
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
    """What a step takes place in: the stage's losses, where it computes, its number and its
    pictures' names, for errors.
    """

    objective: Objective
    devices: Devices
    step: int
    names: tuple[str, ...] = ()


def train_step(players: Players, stage: Stage, scene: Scene, examples: Examples) -> Values:
    """Train on one batch, in `stage.accumulate` parts.

    Returns the values of the step's columns, means over the parts.
    """
    parts = split(examples, stage.accumulate)
    if players.discriminator is None:
        return _alone(players.generator, stage, scene, parts)
    turns = _generator_first if stage.order == "generator-first" else _discriminator_first
    return turns(players.generator, players.discriminator, stage, scene, parts)


def _alone(generator: Player, stage: Stage, scene: Scene, parts: Sequence[Examples]) -> Values:
    told = []
    for part in parts:
        sr = _upscaled(generator, scene, part)
        loss = scene.objective.generator(sr, part.target)
        told.append(_finite(report(loss), scene) | look_at(sr, part.target))
        generator.accumulate(loss.total / len(parts))
    return _mean(told) | _update(stage, scene, generator=generator)


def _generator_first(
    generator: Player, discriminator: Player, stage: Stage, scene: Scene, parts: Sequence[Examples]
) -> Values:
    """Let the generator move, then the discriminator.

    The discriminator does not change between the two turns, so one pass over real and one over fake
    pictures serve both; only its further updates look again.
    """
    told, made = [], []
    for part in parts:
        sr = _upscaled(generator, scene, part)
        with scene.devices.autocast():
            real, fake = judge(discriminator.call, part.hr), judge(discriminator.call, sr)
        loss, against = (
            scene.objective.generator(sr, part.target, real, fake),
            scene.objective.discriminator(real, fake),
        )
        told.append(_finite(report(loss, against, real, fake), scene) | look_at(sr, part.target))
        generator.accumulate(loss.total / len(parts), keep_graph=True)
        discriminator.accumulate(against / len(parts))
        made.append(sr.detach())
    norms = _update(stage, scene, generator=generator, discriminator=discriminator)
    for _ in range(stage.d_steps - 1):
        _discriminator_turn(discriminator, stage, scene, parts, made)
    return _mean(told) | norms


def _discriminator_first(
    generator: Player, discriminator: Player, stage: Stage, scene: Scene, parts: Sequence[Examples]
) -> Values:
    """Let the discriminator move, then the generator, which D(real) and D(fake) are evaluated again
    for.

    A batch in one part is upscaled once, for both turns; of several parts the graphs would have to
    be kept, so they are upscaled again.
    """
    whole = _upscaled(generator, scene, parts[0]) if len(parts) == 1 else None
    made = (
        [whole.detach()]
        if whole is not None
        else [_upscaled(generator, scene, part, graph=False) for part in parts]
    )
    against, norm = [
        _discriminator_turn(discriminator, stage, scene, parts, made) for _ in range(stage.d_steps)
    ][-1]
    told = []
    for part in parts:
        sr = _upscaled(generator, scene, part) if whole is None else whole
        with scene.devices.autocast():
            with torch.no_grad():
                real = judge(discriminator.call, part.hr)
            fake = judge(discriminator.call, sr)
        loss = scene.objective.generator(sr, part.target, real, fake)
        told.append(_finite(report(loss, against, real, fake), scene) | look_at(sr, part.target))
        generator.accumulate(loss.total / len(parts))
    return _mean(told) | _update(stage, scene, generator=generator) | norm


def _discriminator_turn(
    discriminator: Player,
    stage: Stage,
    scene: Scene,
    parts: Sequence[Examples],
    made: Sequence[Tensor],
) -> tuple[Tensor, Values]:
    """Train on pictures that stay as they are.

    Returns the discriminator's loss before the update and the norm of its gradients.
    """
    losses = []
    for part, sr in zip(parts, made, strict=True):
        with scene.devices.autocast():
            real, fake = judge(discriminator.call, part.hr), judge(discriminator.call, sr)
        against = scene.objective.discriminator(real, fake)
        _finite({"loss/discriminator": against}, scene)
        discriminator.accumulate(against / len(parts))
        losses.append(against.detach())
    return torch.stack(losses).mean(), _update(stage, scene, discriminator=discriminator)


def _upscaled(generator: Player, scene: Scene, part: Examples, *, graph: bool = True) -> Tensor:
    with scene.devices.autocast(), torch.set_grad_enabled(graph):
        sr: Tensor = generator.call(part.lr)
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


def _update(stage: Stage, scene: Scene, **players: Player) -> Values:
    """Take one optimiser step each, after all of their gradients are known to be finite.

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


def _finite(values: Values, scene: Scene) -> Values:
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
