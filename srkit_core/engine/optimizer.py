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
from srkit_core.learning import OptimizerConfig

_UNSUITABLE = (Optimizer, torch.optim.LBFGS, torch.optim.SparseAdam)
"""The base class, one that wants a closure, and one that wants sparse gradients."""


@dataclass(frozen=True)
class NetworkWithOptimizer:
    """A network with its optimizer: `network` holds the weights, `call` is what is called (the
    same, or its DDP face).
    """

    network: nn.Module
    call: nn.Module
    optimizer: Optimizer
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
        self.scaler.unscale_(self.optimizer)
        return torch.nn.utils.get_total_norm(
            [one.grad for one in self.parameters if one.grad is not None]
        )

    def update(self, clip: float | None, norm: Tensor) -> None:
        """Take one optimizer step and clear the gradients, scaled down to the norm `clip` where
        theirs is larger.
        """
        if clip is not None:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, clip, norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)

    def set_rate(self, factor: float) -> None:
        """Set the learning rate of the next step to a factor of its own rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.base_rate * factor

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimizer.param_groups[0]["lr"])


def with_optimizer(
    network: nn.Module,
    call: nn.Module,
    optimizer: OptimizerConfig,
    stage_rate: float,
    scaler: GradScaler,
) -> NetworkWithOptimizer:
    """Give a network an optimizer, at its own rate or that of the stage."""
    rate = optimizer.lr or stage_rate
    return NetworkWithOptimizer(
        network, call, build_optimizer(optimizer, network, rate), scaler, rate
    )


def check_optimizer(optimizer: OptimizerConfig) -> None:
    """Raise OptionError when `torch.optim` has no such class or the class no such option."""
    cls = _optimizer_class(optimizer.name)
    known = [
        name for name in inspect.signature(cls).parameters if name not in ("self", "params", "lr")
    ]
    for name in optimizer.options:
        if name not in known:
            raise _unknown("option", name, known, optimizer.name)


def build_optimizer(optimizer: OptimizerConfig, network: nn.Module, rate: float) -> Optimizer:
    """Build an optimizer over what a network learns.

    The fused implementation is used where the class has one.
    """
    check_optimizer(optimizer)
    cls = _optimizer_class(optimizer.name)
    decided = optimizer.options.keys() & {"fused", "foreach", "differentiable"}
    faster = {"fused": True} if "fused" in inspect.signature(cls).parameters and not decided else {}
    try:
        return cls(
            [p for p in network.parameters() if p.requires_grad],
            lr=rate,
            **_options(faster | optimizer.options),
        )
    except (TypeError, ValueError, RuntimeError) as error:
        raise OptionError(
            f"optimizer {optimizer.name}: {error}",
            component=optimizer.name,
            option="",
            hint="srkit recipes --schema",
        ) from error


def _options(written: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }


def _optimizer_class(name: str) -> Callable[..., Optimizer]:
    known = [
        key
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, Optimizer) and value not in _UNSUITABLE
    ]
    if name not in known:
        raise _unknown("optimizer", name, known, "torch.optim")
    cls: Callable[..., Optimizer] = getattr(torch.optim, name)
    return cls


def _unknown(what: str, name: str, known: list[str], where: str) -> OptionError:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = (
        f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(sorted(known)[:12])}"
    )
    return OptionError(f"{where} has no {what} '{name}'", component=where, option=name, hint=hint)
