"""How does one network learn?"""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from srkit_core.errors import OptionError
from srkit_core.learning import Optimiser

_UNSUITABLE = (Optimizer, torch.optim.LBFGS, torch.optim.SparseAdam)
"""The base class, one that wants a closure, and one that wants sparse gradients."""


@dataclass(frozen=True)
class Player:
    """A network with its optimiser: `network` holds the weights, `call` is what is called (the
    same, or its DDP face).
    """

    network: nn.Module
    call: nn.Module
    optimiser: Optimizer
    scaler: GradScaler
    base_rate: float

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What it learns."""
        return [parameter for parameter in self.network.parameters() if parameter.requires_grad]

    def accumulate(self, loss: Tensor, *, keep_graph: bool = False) -> None:
        """Add the gradients of a loss to this network's parameters, and to no others'."""
        torch.autograd.backward(
            self.scaler.scale(loss), inputs=self.parameters, retain_graph=keep_graph
        )

    def gradient_norm(self) -> Tensor:
        """Return the norm of all gradients together, once before each update: fp16's are brought
        back to their size first.
        """
        self.scaler.unscale_(self.optimiser)
        return torch.nn.utils.get_total_norm(
            [one.grad for one in self.parameters if one.grad is not None]
        )

    def update(self, clip: float | None, norm: Tensor) -> None:
        """Take one optimiser step and clear the gradients, scaled down to the norm `clip` where
        theirs is larger.
        """
        if clip is not None:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, clip, norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad(set_to_none=True)

    def set_rate(self, factor: float) -> None:
        """Set the learning rate of the next step to a factor of its own rate."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.base_rate * factor

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimiser.param_groups[0]["lr"])


def build_player(
    network: nn.Module, call: nn.Module, optimiser: Optimiser, stage_rate: float, scaler: GradScaler
) -> Player:
    """Give a network an optimiser, at its own rate or that of the stage."""
    rate = optimiser.lr or stage_rate
    return Player(network, call, build_optimiser(optimiser, network, rate), scaler, rate)


def check_optimiser(optimiser: Optimiser) -> None:
    """Raise OptionError when `torch.optim` has no such class or the class no such option."""
    cls = _optimiser_class(optimiser.name)
    known = [
        name for name in inspect.signature(cls).parameters if name not in ("self", "params", "lr")
    ]
    for name in optimiser.options:
        if name not in known:
            raise _unknown("option", name, known, optimiser.name)


def build_optimiser(optimiser: Optimiser, network: nn.Module, rate: float) -> Optimizer:
    """Build an optimiser over what a network learns.

    The fused implementation is used where the class has one.
    """
    check_optimiser(optimiser)
    cls = _optimiser_class(optimiser.name)
    decided = optimiser.options.keys() & {"fused", "foreach", "differentiable"}
    faster = {"fused": True} if "fused" in inspect.signature(cls).parameters and not decided else {}
    try:
        return cls(
            [p for p in network.parameters() if p.requires_grad],
            lr=rate,
            **_options(faster | optimiser.options),
        )
    except (TypeError, ValueError, RuntimeError) as error:
        raise OptionError(
            f"optimiser {optimiser.name}: {error}",
            component=optimiser.name,
            option="",
            hint="srkit recipes --schema",
        ) from error


def _options(written: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }


def _optimiser_class(name: str) -> Callable[..., Optimizer]:
    known = [
        key
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, Optimizer) and value not in _UNSUITABLE
    ]
    if name not in known:
        raise _unknown("optimiser", name, known, "torch.optim")
    cls: Callable[..., Optimizer] = getattr(torch.optim, name)
    return cls


def _unknown(what: str, name: str, known: list[str], where: str) -> OptionError:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = (
        f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(sorted(known)[:12])}"
    )
    return OptionError(f"{where} has no {what} '{name}'", component=where, option=name, hint=hint)
