"""Which checks does anything that is trained pass?"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from srkit_core.testing.checks import check
from srkit_core.testing.component_contract import ComponentContract

_SHIFT = 0.01
"""Added to weights as noise, so that a layer that starts at zero hides nothing behind it."""


class NetworkContract(ComponentContract, ABC):
    """Checks of generators and discriminators. Subclass the contract of a kind, not this."""

    @abstractmethod
    def sample(self) -> Tensor:
        """Return a batch of two pictures that the network accepts."""

    def network(self) -> nn.Module | None:
        """Build the network; None stands for something that learns nothing."""
        built = self.build()
        return (
            built
            if isinstance(built, nn.Module) and any(True for _ in built.parameters())
            else None
        )

    @check("seed")
    def test_two_builds_under_one_seed_are_equal(self) -> None:
        """Initial weights come from torch's global random state and nothing else."""
        first, second = self.network(), self.network()
        if first is None or second is None:
            return
        different = [
            name
            for name, value in first.state_dict().items()
            if not torch.equal(value, second.state_dict()[name])
        ]
        assert not different, f"built twice under one seed, these tensors differ: {different}"

    @check("gradient")
    def test_gradient_reaches_every_parameter(self) -> None:
        """A parameter without a gradient is dead weight, and stops a run on several processes."""
        network = self.network()
        if network is None:
            return
        _backward(network, network.train()(self.sample()))
        unreached = [
            name
            for name, value in network.named_parameters()
            if value.requires_grad and value.grad is None
        ]
        assert not unreached, f"these parameters take no part in the output: {unreached}"
        _backward(network, _shaken(network).eval()(self.sample()))
        dead = [
            name
            for name, value in network.named_parameters()
            if value.requires_grad and not _is_alive(value.grad)
        ]
        assert not dead, f"these parameters get a gradient that is zero or not finite: {dead}"

    @check("file")
    def test_its_state_survives_a_weights_file(self) -> None:
        """Weights are stored as safetensors, which takes tensors of their own memory only.

        The output must come back.
        """
        network = self.network()
        if network is None:
            return
        file = safetensors.torch.save(
            {name: value.contiguous() for name, value in _shaken(network).state_dict().items()}
        )
        other = self.build()
        other.load_state_dict(safetensors.torch.load(file))
        same = all(
            map(
                torch.equal,
                outputs(network.eval(), self.sample()),
                outputs(other.eval(), self.sample()),
            )
        )
        assert same, (
            "the state dict, stored and loaded, gives another output: something that matters is "
            "not in it"
        )

    @check("dtype")
    def test_mixed_precision_trains(self) -> None:
        """Under autocast to bfloat16, gradients are finite."""
        network = self.network()
        if network is None:
            return
        with torch.autocast("cpu", torch.bfloat16):
            made = network.train()(self.sample())
        _backward(network, made)
        wrong = [name for name, value in network.named_parameters() if not _is_finite(value.grad)]
        assert not wrong, (
            f"under autocast to bfloat16 the gradient of these parameters is not finite: {wrong}"
        )

    @check("dtype")
    def test_memory_layout_changes_nothing(self) -> None:
        """Crops arrive as channels_last, and so are the weights of convolutions."""
        plain, last = self.build(), self.build()
        if isinstance(last, nn.Module):
            plain, last = plain.eval(), last.eval().to(memory_format=torch.channels_last)
        batch = self.sample()
        pairs = zip(
            outputs(plain, batch),
            outputs(last, batch.contiguous(memory_format=torch.channels_last)),
            strict=True,
        )
        assert all(torch.allclose(one, other, rtol=1e-3, atol=1e-4) for one, other in pairs), (
            "channels_last input gives another output"
        )

    @check("inputs")
    def test_the_input_is_left_alone(self) -> None:
        """The caller still needs its pictures."""
        batch = self.sample()
        outputs(self.build(), batch)
        assert torch.equal(batch, self.sample()), "the network changes its input in place"


def outputs(network: Any, batch: Tensor) -> tuple[Tensor, ...]:
    """Return what a network makes of a batch, as a tuple also when it is one tensor."""
    with torch.no_grad():
        made: Tensor | tuple[Tensor, ...] = network(batch)
    return made if isinstance(made, tuple) else (made,)


def _backward(network: nn.Module, made: Tensor | tuple[Tensor, ...]) -> None:
    network.zero_grad(set_to_none=True)
    maps: Iterable[Tensor] = made if isinstance(made, tuple) else (made,)
    torch.autograd.backward([one.square().mean() + one.mean() for one in maps])


def _shaken(network: nn.Module) -> nn.Module:
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn(value.shape, generator=rng), alpha=_SHIFT)
    return network


def _is_finite(gradient: Tensor | None) -> bool:
    return gradient is None or bool(gradient.isfinite().all())


def _is_alive(gradient: Tensor | None) -> bool:
    return gradient is not None and _is_finite(gradient) and bool(gradient.any())
