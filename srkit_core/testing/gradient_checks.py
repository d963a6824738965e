"""Does every parameter of a network learn, by the gradient that is the slope of its output?"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import (
    MadeMaps,
    NetworkChecks,
    backward,
    call,
    in_double,
    shaken,
    told,
)

_STEP = 1e-5
"""How far weights move to measure a slope, in float64."""
_SHORT, _WAYS = 1e-9, 3
"""The same for a slope of a slope, which jumps where a rectifier bends: the best way of three
crosses no bend.
"""
_LEAST = 1e-6
"""A slope that is not told from none."""
_TOLERANCE = 0.05
"""Of the slope that a random direction has; steps over kinks of rectifiers are far below."""


class GradientChecks(NetworkChecks):
    """Checks of gradients and of calls one after the other in training."""

    @check("gradient")
    def test_gradient_reaches_every_parameter(self) -> None:
        """A parameter without a gradient is dead weight, and stops a run on several processes."""
        network = self.network()
        if network is None:
            return
        backward(network, call(network.train(), self.sample()))
        unreached = [
            name
            for name, value in network.named_parameters()
            if value.requires_grad and value.grad is None
        ]
        assert not unreached, (
            f"these parameters take no part in the output: {unreached}; use them or leave them out"
        )
        backward(network, call(shaken(network).eval(), self.sample()))
        dead = [
            name
            for name, value in network.named_parameters()
            if value.requires_grad and not _is_alive(value.grad)
        ]
        assert not dead, (
            f"these parameters get a gradient that is zero or not finite: {dead}; what is between "
            "them and the output has no slope"
        )

    @check("gradient")
    def test_every_parameter_learns(self) -> None:
        """What shall not be trained is a buffer."""
        network = self.network()
        if network is None:
            return
        frozen = [name for name, value in network.named_parameters() if not value.requires_grad]
        assert not frozen, (
            f"these parameters do not learn, requires_grad is False: {frozen}; register what is "
            "fixed with register_buffer"
        )

    @check("gradient")
    def test_the_gradient_is_the_slope(self) -> None:
        """Of the output in eval mode, along a random direction of the weights, in float64."""
        network = self.network()
        if network is None:
            return
        network = in_double(shaken(network).eval(), self.sample())
        wrong = _wrong_slopes(network, self.sample().double()) if network else []
        assert not wrong, (
            f"the gradient of these parameters is not the slope of the output: {wrong}; is "
            "something detached, or is a backward written by hand wrong?"
        )

    @check("gradient")
    def test_calls_do_not_break_each_other_s_gradients(self) -> None:
        """Two calls before one backward, as for real and fake pictures, and backward after that."""
        network = self.network()
        if network is None:
            return
        network.train()
        with told("called twice, and then asked for the gradients of both"):
            both = (*call(network, self.sample()), *call(network, self.sample().flip(0)))
            backward(network, both)
        with told("called again after backward, and asked for gradients again"):
            backward(network, call(network, self.sample()))

    @check("gradient")
    def test_training_without_gradients_is_training(self) -> None:
        """A call under torch.no_grad makes what a call with gradients makes."""
        for mode in (False, True):
            first, second = self.build(), self.build()
            if not isinstance(first, nn.Module):
                return
            made = []
            for network, graph in ((first, True), (second, False)):
                with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(graph):
                    torch.default_generator.manual_seed(0)
                    made.append(call(network.train(mode), self.sample()))
            assert len(made[0]) == len(made[1]), "under torch.no_grad it makes other maps"
            assert all(map(torch.equal, *made)), (
                "under torch.no_grad it makes another output; look at self.training, never at "
                "torch.is_grad_enabled()"
            )


class SecondGradientChecks(NetworkChecks):
    """Checks of gradients of gradients, for penalties on the slope of a discriminator."""

    @check("gradient")
    def test_a_gradient_penalty_can_be_trained(self) -> None:
        """The slope of the logits for the picture has a gradient for parameters, and a true one."""
        network = self.network()
        if network is None:
            return
        backward(network.train(), (self._penalty(network, self.sample()),))
        gradients = [value.grad for value in network.parameters() if value.grad is not None]
        assert all(bool(one.isfinite().all()) for one in gradients), (
            "a penalty on the slope of the logits has gradients that are not finite"
        )
        double = in_double(network.eval(), self.sample())
        if double is not None:
            batch = self.sample().double()
            error = min(
                _error_of_slope(double, seed, lambda: self._penalty(double, batch))
                for seed in range(_WAYS)
            )
            assert error <= _TOLERANCE, (
                f"the gradient of a penalty on the slope of the logits is off by {error:.0%}; is "
                "something in a backward detached?"
            )

    def _penalty(self, network: nn.Module, batch: Tensor) -> Tensor:
        picture = batch.clone().requires_grad_()
        logits = call(network, picture)
        with told("asked for the gradient of a gradient, as R1 and WGAN-GP are"):
            total = torch.stack([one.sum() for one in logits]).sum()
            (slope,) = torch.autograd.grad(total, picture, create_graph=True)
            penalty = slope.square().sum()
            assert penalty.requires_grad, (
                "a penalty on the slope of the logits moves no parameter; is something detached?"
            )
        return penalty


def _error_of_slope(network: nn.Module, seed: int, number: Callable[[], Tensor]) -> float:
    """Return by how much, as a share, the gradient of a number is not how it moves with weights."""
    rng = torch.Generator().manual_seed(seed)
    values = [value for value in network.parameters() if value.requires_grad]
    found = torch.autograd.grad(number(), values, allow_unused=True)
    gradients = [
        torch.zeros_like(value) if one is None else one
        for value, one in zip(values, found, strict=True)
    ]
    ways = [torch.randn(value.shape, generator=rng).to(value) for value in values]
    ends = []
    for step in (_SHORT, -2 * _SHORT, _SHORT):
        for value, way in zip(values, ways, strict=True):
            value.data.add_(way, alpha=step)
        ends.append(number().item())
    slope: float = (ends[0] - ends[1]) / (2 * _SHORT)
    told_slope: float = sum(
        (one * way).sum().item() for one, way in zip(gradients, ways, strict=True)
    )
    norm: float = sum(one.square().sum().item() for one in gradients) ** 0.5
    return abs(slope - told_slope) / max(abs(slope), norm, _LEAST)


def _wrong_slopes(network: nn.Module, batch: Tensor) -> list[str]:
    """Return the parameters whose gradient does not tell how the output moves with them."""
    rng = torch.Generator().manual_seed(0)
    made = call(network, batch)
    probes = [torch.randn(one.shape, generator=rng).to(one) for one in made]
    network.zero_grad(set_to_none=True)
    with told("asked for gradients"):
        torch.autograd.backward(_probed(made, probes))

    def moved(value: Tensor, direction: Tensor) -> float:
        with torch.no_grad():
            value.add_(direction)
            return _probed(call(network, batch), probes).item()

    wrong = []
    for name, value in network.named_parameters():
        if not value.requires_grad:
            continue
        direction = torch.randn(value.shape, generator=rng).to(value)
        gradient = torch.zeros_like(value) if value.grad is None else value.grad
        was = value.detach().clone()
        high, low = moved(value, _STEP * direction), moved(value, -2 * _STEP * direction)
        value.detach().copy_(was)
        slope, told_slope = (high - low) / (2 * _STEP), (gradient * direction).sum().item()
        size = max(abs(slope), gradient.norm().item(), _LEAST)
        if not abs(slope - told_slope) <= _TOLERANCE * size:  # also what is not a number
            wrong.append(name)
    return wrong


def _probed(made: MadeMaps, probes: list[Tensor]) -> Tensor:
    return torch.stack([(one * probe).sum() for one, probe in zip(made, probes, strict=True)]).sum()


def _is_finite(gradient: Tensor | None) -> bool:
    return gradient is None or bool(gradient.isfinite().all())


def _is_alive(gradient: Tensor | None) -> bool:
    return gradient is not None and _is_finite(gradient) and bool(gradient.any())
