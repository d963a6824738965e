"""How does one network learn?"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from srkit_core.engine.checkpoints.checkpoint import State
from srkit_core.engine.networks import TrainableNetwork
from srkit_core.errors import OptionError
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.optimizer_config import OptimizerConfig
from srkit_core.torch_optimizers import check_optimizer


@dataclass(frozen=True)
class NetworkWithOptimizer:
    """A network with its optimizer: `module` holds the weights, `call` is what is called (the same,
    or its DDP face). `owner` is the full name of its component.
    """

    module: nn.Module
    call: nn.Module
    optimizer: Optimizer
    scaler: GradScaler
    base_rate: float
    owner: str = ""

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What it learns."""
        return [one for one in self.module.parameters() if one.requires_grad]

    def __call__(self, images: Tensor) -> Any:
        """Call the network; raises PluginError, naming its component, when that fails."""
        with component_errors(self.owner, f"was trained on {shape_of(images)}"):
            return self.call(images)

    def accumulate(self, loss: Tensor, *, keep_graph: bool = False) -> None:
        """Add the gradients of a loss to this network's parameters, and to no others'."""
        scaled = self.scaler.scale(loss)
        torch.autograd.backward(scaled, inputs=self.parameters, retain_graph=keep_graph)

    def gradient_norm(self) -> Tensor:
        """Return the norm of all gradients together, once before each update: fp16's are brought
        back to their size first.
        """
        self.scaler.unscale_(self.optimizer)
        gradients = [one.grad for one in self.parameters if one.grad is not None]
        return torch.nn.utils.get_total_norm(gradients)

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

    def state(self) -> State:
        """Return what optimizer and scaler remember: tensors as `<parameter>.<name>`."""
        saved = self.optimizer.state_dict()["state"]
        flat = {
            f"{number}.{name}": value
            for number, values in saved.items()
            for name, value in values.items()
        }
        tensors = {name: value for name, value in flat.items() if isinstance(value, Tensor)}
        numbers = {name: value for name, value in flat.items() if name not in tensors}
        return State(tensors, {"optimizer": numbers, "scaler": self.scaler.state_dict()})

    def restore(self, state: State) -> None:
        """Remember what `state` returned."""
        restore_optimizer(self.optimizer, state.tensors, state.values["optimizer"])
        if state.values["scaler"]:
            self.scaler.load_state_dict(dict(state.values["scaler"]))


@dataclass(frozen=True)
class NetworkPair:
    """What takes part in a step; no discriminator in a stage without an adversarial loss."""

    generator: NetworkWithOptimizer
    discriminator: NetworkWithOptimizer | None

    def by_name(self) -> dict[str, NetworkWithOptimizer]:
        """What takes part, by role."""
        named = {"generator": self.generator, "discriminator": self.discriminator}
        return {name: network for name, network in named.items() if network is not None}


def with_optimizer(
    network: TrainableNetwork,
    config: OptimizerConfig,
    stage_rate: float,
    scaler: GradScaler,
) -> NetworkWithOptimizer:
    """Give a network an optimizer, at its own rate or that of the stage."""
    rate = config.lr or stage_rate
    optimizer = build_optimizer(config, network.module, rate)
    return NetworkWithOptimizer(
        network.module, network.call, optimizer, scaler, rate, network.owner
    )


def build_optimizer(config: OptimizerConfig, module: nn.Module, rate: float) -> Optimizer:
    """Build an optimizer over what a network learns; the fused implementation is used where the
    class has one.
    """
    check_optimizer(config)
    cls: Callable[..., Optimizer] = getattr(torch.optim, config.name)
    decided = config.options.keys() & {"fused", "foreach", "differentiable"}
    fused = "fused" in inspect.signature(cls).parameters and not decided
    options = ({"fused": True} if fused else {}) | config.options
    try:
        return cls(
            [one for one in module.parameters() if one.requires_grad], lr=rate, **_options(options)
        )
    except (TypeError, ValueError, RuntimeError) as error:
        raise OptionError(
            f"optimizer {config.name}: {error}",
            component=config.name,
            option="",
            hint="srkit recipes --schema",
        ) from error


def restore_optimizer(
    optimizer: Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]
) -> None:
    """Put back what an optimizer remembered, by `<parameter>.<name>`."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for key, value in {**tensors, **numbers}.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        restored = _like(value, parameter) if isinstance(value, Tensor) else value
        optimizer.state[parameter][name] = restored


def _like(saved: Tensor, parameter: Tensor) -> Tensor:
    """Give a tensor the strides of its parameter: fused optimizers walk raw storage, and files are
    stored contiguous.
    """
    if saved.shape != parameter.shape:
        return saved.to(parameter.device)
    return torch.empty_like(parameter, dtype=saved.dtype, requires_grad=False).copy_(saved)


def _options(written: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
