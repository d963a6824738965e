"""How does a plan become live modules?"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from srkit_core.binding import BoundComponent, BoundExtension
from srkit_core.chain import DegradationPlan
from srkit_core.errors import PluginError, SrkitError
from srkit_core.interfaces import TracedDegradation
from srkit_core.models.build_limits import MOST, NetworkSize, building
from srkit_core.models.chain_of_steps import ChainOfSteps, ChainStep
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
    return ChainOfSteps(
        [
            ChainStep(build(one.bound), one.bound.component.full_name, one.probability)
            for one in plan.steps
        ]
    )


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
