"""How does a plan become live modules?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from srkit_core.binding import BoundComponent, BoundExtension
from srkit_core.chain import DegradationPlan
from srkit_core.errors import PluginError, SrkitError
from srkit_core.interfaces import Degradation, Draws, TracedDegradation, add_draws
from srkit_core.models.build_limits import MOST, NetworkSize, building
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.options import KIND_OF_MAKER, options_of
from srkit_core.registry import Installed


def build(bound: BoundComponent, *, seed: int = 0, most: NetworkSize = MOST) -> Any:
    """Call a component's factory, nested components first, under its own seed.

    Torch's global state is left alone.

    Raises PluginError, naming the plugin, when the factory fails, and IncompatibleError where it
    would be larger than `most`.
    """
    with _seeded(seed), building(str(bound.expression), most):
        return _construct(bound)


def build_network(bound: BoundComponent, *, seed: int = 0, most: NetworkSize = MOST) -> nn.Module:
    """Build a generator or discriminator; a component that is no `nn.Module` is wrapped in one."""
    network = build(bound, seed=seed, most=most)
    return network if isinstance(network, nn.Module) else _Plain(network)


def to_device(network: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to a device, its convolutions to channels_last, the layout in which crops
    arrive (and the faster).
    """
    return network.to(device).to(memory_format=torch.channels_last)


def build_degradation(plan: DegradationPlan) -> TracedDegradation:
    """Build a chain of degradations as one: (B, 3, sH, sW) -> (B, 3, H, W)."""
    steps = [
        (_traced(build(step.bound), step.bound.component.full_name), step.probability)
        for step in plan.steps
    ]
    return _ChainOfSteps(steps)


def count_parameters(built: Any) -> int:
    """Return how many numbers a component learns; 0 for what is no `nn.Module`."""
    return (
        sum(one.numel() for one in built.parameters() if one.requires_grad)
        if isinstance(built, nn.Module)
        else 0
    )


class _Plain(nn.Module):
    """Gives a callable the face of a module."""

    def __init__(self, call: Any) -> None:
        super().__init__()
        self._call = call

    def forward(self, *pictures: Tensor) -> Tensor:
        result: Tensor = self._call(*pictures)
        return result


_Traced: TypeAlias = Callable[..., tuple[Tensor, Draws]]


class _ChainOfSteps:
    """Applies steps from left to right, each to every picture with its probability."""

    def __init__(self, steps: list[tuple[_Traced, float]]) -> None:
        self._steps = steps

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        return self.traced(hr, rng=rng)[0]

    def traced(self, hr: Tensor, /, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        """Return LR, and what those of the steps that tell it drew for each picture."""
        draws: Draws = [{} for _ in range(len(hr))]
        for step, probability in self._steps:
            if probability == 1:
                hr, drawn = step(hr, rng=rng)
            else:
                hr, drawn = _sometimes(step, probability, hr, rng)
            for taken, new in zip(draws, drawn, strict=True):
                add_draws(taken, new)
        return hr, draws


def _traced(degradation: Degradation, owner: str) -> _Traced:
    """Return a call that also tells what was drawn, which many steps do not, and whose errors name
    the component.
    """
    traced = degradation.traced if isinstance(degradation, TracedDegradation) else None

    def call(pictures: Tensor, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        with component_errors(owner, f"degraded {shape_of(pictures)}"):
            if traced is not None:
                return traced(pictures, rng=rng)
            return degradation(pictures, rng=rng), [{} for _ in range(len(pictures))]

    return call


def _sometimes(
    step: _Traced, probability: float, pictures: Tensor, rng: torch.Generator
) -> tuple[Tensor, Draws]:
    chosen = torch.rand(len(pictures), generator=rng, device=pictures.device) < probability
    if not chosen.any():
        return pictures, [{} for _ in range(len(pictures))]
    changed = pictures.clone()
    changed[chosen], some = step(pictures[chosen], rng=rng)
    drawn = iter(some)
    return changed, [next(drawn) if one else {} for one in chosen.tolist()]


def build_extension(bound: BoundExtension) -> Any:
    """Call the factory of what was announced beside components, such as a callback.

    Torch's global state is left alone. Raises PluginError, naming the plugin, when it fails.
    """
    installed = bound.installed
    with _seeded(0):
        return _called(installed, bound.options, {}, str(installed.name))


def _construct(bound: BoundComponent) -> Any:
    return _called(bound.component, bound.options, bound.context, str(bound.expression))


def _called(
    installed: Installed[Any], bound: Mapping[str, Any], context: Mapping[str, int], written: str
) -> Any:
    factory = installed.spec.factory
    options = {one.name: _live(bound[one.name], one.annotation) for one in options_of(factory)}
    try:
        return factory(**options, **context)
    except SrkitError:
        raise
    except Exception as error:
        raise PluginError(
            f"{installed.full_name} failed to build '{written}': {type(error).__name__}: {error}",
            hint=f"srkit show {installed.name}",
        ) from error


def _live(value: Any, annotation: Any) -> Any:
    if isinstance(value, BoundComponent):
        return partial(_construct, value) if annotation in KIND_OF_MAKER else _construct(value)
    return tuple(_live(one, annotation) for one in value) if isinstance(value, tuple) else value


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
