"""Which checks does an optimizer pass?"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from srkit_core.engine.optimizer import NetworkWithOptimizer
from srkit_core.errors import PluginError
from srkit_core.specs import OptimizerSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract
from srkit_core.testing.guarded import guarded

_RATES = (1e-1, 1e-2, 1e-3)
_STEPS = 20


class OptimizerContract(ExtensionContract):
    """Checks of an optimizer, on a network of two convolutions that learns the square of a
    distance.

    Attributes:
        expression: its name, with options to try where it has some.
    """

    spec_class = OptimizerSpec

    @check("values")
    def test_it_makes_an_optimizer(self) -> None:
        """The factory returns a function of parameters and their rate that makes one of torch."""
        make, module = self.build(), _network()
        assert callable(make), f"its factory makes a {type(make).__name__}, no function"
        made = make(list(module.parameters()), 0.01)
        assert isinstance(made, Optimizer), (
            f"it makes a {type(made).__name__}, which is no torch.optim.Optimizer"
        )
        held = {id(one) for group in made.param_groups for one in group["params"]}
        assert held == {id(one) for one in module.parameters()}, "param_groups lack parameters"
        rates = {group.get("lr") for group in made.param_groups}
        assert rates == {0.01}, f"made with the rate 0.01, its param_groups have lr {rates}"

    @check("gradient")
    def test_steps_lower_a_square(self) -> None:
        """After twenty steps, under one of the rates 0.1, 0.01 and 0.001."""
        found = {rate: self._after_steps(rate) for rate in _RATES}
        assert any(after < before for before, after in found.values()), (
            f"no rate lowers the loss in {_STEPS} steps; by rate, before and after: {found}"
        )

    @check("gradient")
    def test_its_rate_is_that_of_its_groups(self) -> None:
        """A schedule sets `lr` of `param_groups` before each step; at 0 nothing moves."""
        network = self._network(0.1)
        before = _weights(network.module)
        network.set_rate(0.0)
        _step(network)
        assert _equal(before, _weights(network.module)), "with lr of param_groups at 0 it moves"

    @check("gradient")
    def test_a_weight_without_gradient_stays(self) -> None:
        """Not every part of a network takes part in every step."""
        network = self._network(0.1)
        first, *others = network.parameters
        before = first.detach().clone()
        for one in others:
            one.grad = torch.ones_like(one)
        try:
            network.optimizer.step()
        except Exception as error:  # a plugin may raise anything
            fault = f"{type(error).__name__}: {error}"
            raise AssertionError(f"where a weight has no gradient, it raises {fault}") from error
        assert torch.equal(before, first), "a weight without a gradient moves"

    @check("seed")
    def test_two_of_it_agree(self) -> None:
        """From the same weights and gradients, whatever is drawn elsewhere."""
        first, second = self._network(0.01), self._network(0.01)
        with guarded(seed=1):
            _steps(first, 3)
        with guarded(seed=2):
            _steps(second, 3)
        assert _equal(_weights(first.module), _weights(second.module)), (
            "two of it, from the same weights, are apart after three steps"
        )

    @check("file")
    def test_what_it_remembers_can_be_kept(self) -> None:
        """Tensors, numbers and texts, in `state` and `param_groups`."""
        network = self._network(0.01)
        _steps(network, 2)
        try:
            network.state()
        except PluginError as error:
            raise AssertionError(f"a checkpoint cannot keep it: {error.message}") from None

    @check("file")
    def test_it_goes_on_where_it_stopped(self) -> None:
        """Two steps, and two of another one with what it remembered, are four steps, bit by bit."""
        whole, parts, later = (self._network(0.01) for _ in range(3))
        _steps(whole, 4)
        _steps(parts, 2)
        try:
            state = parts.state()
        except PluginError:
            raise NotTriedError("a checkpoint cannot keep what it remembers") from None
        later.module.load_state_dict(parts.module.state_dict())
        later.restore(state)
        _steps(later, 2)
        assert _equal(_weights(whole.module), _weights(later.module)), (
            "put back into another one, what it remembered leads elsewhere: is all of it in state "
            "and param_groups?"
        )

    def _network(self, rate: float) -> NetworkWithOptimizer:
        module = _network()
        make: Any = self.build()
        made = make(list(module.parameters()), rate) if callable(make) else None
        if not isinstance(made, Optimizer):
            raise NotTriedError("it is no optimizer")
        scaler = GradScaler("cpu", enabled=False)
        return NetworkWithOptimizer(
            module, module, made, scaler, rate, optimizer_owner=self.spec_under_test.name
        )

    def _after_steps(self, rate: float) -> tuple[float, float]:
        network = self._network(rate)
        before = _loss(network.module).item()
        _steps(network, _STEPS)
        return before, _loss(network.module).item()


def _network() -> nn.Module:
    with guarded():
        return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1))


def _loss(module: nn.Module) -> Tensor:
    batch = torch.linspace(0, 1, 3 * 8 * 8).view(1, 3, 8, 8)
    made: Tensor = module(batch)
    return (made - 1).square().mean()


def _step(network: NetworkWithOptimizer) -> None:
    network.accumulate(_loss(network.module))
    network.optimizer.step()
    network.optimizer.zero_grad(set_to_none=True)


def _steps(network: NetworkWithOptimizer, count: int) -> None:
    for _ in range(count):
        _step(network)


def _weights(module: nn.Module) -> list[Tensor]:
    return [one.detach().clone() for one in module.parameters()]


def _equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(*both) for both in zip(one, other, strict=True))
