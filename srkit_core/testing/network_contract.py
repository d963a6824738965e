"""Which network do checks of a generator or discriminator try, and how is it called?"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from srkit_core.errors import SrkitError
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.component_under_test import SEED
from srkit_core.testing.surroundings import kept
from srkit_core.testing.torch_surroundings import OF_TORCH

OTHER_SEED = SEED + 1
"""What a second network is built under whose weights are then those of the first."""
SHIFT = 0.01
"""Added to weights as noise, so that a layer that starts at zero hides nothing behind it."""

MadeMaps: TypeAlias = tuple[Tensor, ...]


class NetworkChecks(ComponentContract, ABC):
    """What checks of generators and discriminators are given. Subclass the contract of a kind, not
    this.
    """

    @abstractmethod
    def sample(self) -> Tensor:
        """Return a batch of two pictures that the network accepts."""

    def answers(self, built: Any) -> MadeMaps:
        """Return what it makes of a sample in eval and in training mode."""
        evaluated = outputs(in_eval_mode(built), self.sample())
        if not isinstance(built, nn.Module):
            return evaluated
        return (*evaluated, *outputs(built.train(), self.sample()))

    def network(self, seed: int = SEED) -> nn.Module | None:
        """Build the network; None stands for something that learns nothing."""
        built = self.build(seed=seed)
        return (
            built
            if isinstance(built, nn.Module) and any(True for _ in built.parameters())
            else None
        )


def call(network: Any, batch: Tensor) -> MadeMaps:
    """Return what a network makes of a batch, as a tuple also when it is one tensor.

    Raises AssertionError that says on which pictures it fails.
    """
    with kept(OF_TORCH), told(f"called on pictures {tuple(batch.shape)} of {batch.dtype}"):
        return maps_of(network(batch))


def outputs(network: Any, batch: Tensor) -> MadeMaps:
    """Return what a network makes of a batch without gradients, as `call` does."""
    with torch.no_grad():
        return call(network, batch)


def maps_of(made: Any) -> MadeMaps:
    """Return the tensors that a network made, whatever it put them in."""
    if isinstance(made, Tensor):
        return (made,)
    inner = made.values() if isinstance(made, dict) else made
    return tuple(tensor for one in inner for tensor in maps_of(one))


@contextmanager
def told(what: str) -> Iterator[None]:
    """Let an error of a component be a failure that says what was tried."""
    try:
        yield
    except (AssertionError, SrkitError):
        raise
    except Exception as error:  # a component may raise anything
        first = str(error).partition("\n")[0]
        raise AssertionError(f"{what}, it raises {type(error).__name__}: {first}") from error


def backward(network: nn.Module, made: MadeMaps) -> None:
    """Set the gradients of a scalar of all maps, which no parameter leaves alone."""
    network.zero_grad(set_to_none=True)
    with told("asked for gradients"):
        torch.autograd.backward([one.square().mean() + one.mean() for one in made])


def in_double(network: nn.Module, batch: Tensor) -> nn.Module | None:
    """Return the network in float64, None where it cannot be: another check tells of types."""
    try:
        double = network.double()
        made = outputs(double, batch.double())
    except AssertionError:
        return None
    return double if all(one.dtype == torch.float64 for one in made) else None


def step(network: nn.Module, loss: Tensor, rate: float) -> None:
    """Move every parameter by `rate` down the slope of a loss: torch's optimizers take seconds to
    import.
    """
    network.zero_grad(set_to_none=True)
    with told("asked for gradients"):
        torch.autograd.backward(loss)
    with torch.no_grad():
        for value in network.parameters():
            if value.grad is not None:
                value.sub_(value.grad.sign(), alpha=rate)


def shaken(network: nn.Module, strength: float = SHIFT, seed: int = 0) -> nn.Module:
    """Add noise to every parameter, in place, and return the network."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn(value.shape, generator=rng).to(value.dtype), alpha=strength)
    return network


def equal(first: MadeMaps, second: MadeMaps) -> bool:
    """Whether two networks made the same, bit for bit."""
    return len(first) == len(second) and all(map(torch.equal, first, second))


def near(first: MadeMaps, second: MadeMaps, *, rtol: float = 1e-3, atol: float = 1e-4) -> bool:
    """Whether two networks made the same but for rounding."""
    return len(first) == len(second) and all(
        one.shape == other.shape and torch.allclose(one, other, rtol=rtol, atol=atol)
        for one, other in zip(first, second, strict=True)
    )


def in_eval_mode(network: Any) -> Any:
    """Return a network in eval mode, or what is none as it is."""
    return network.eval() if isinstance(network, nn.Module) else network
