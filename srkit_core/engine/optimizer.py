"""How does one network learn?"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import NoneType
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from srkit_core.devices import backend_of
from srkit_core.engine.checkpoints.checkpoint import State
from srkit_core.engine.networks import TrainableNetwork
from srkit_core.errors import OptionError, PluginError
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.optimizer_binding import BoundOptimizer


@dataclass(frozen=True)
class NetworkWithOptimizer:
    """A network with its optimizer: `module` holds the weights, `call` is what is called (the same,
    or its DDP face). `owner` is the full name of its component, `optimizer_owner` that of a
    plugin's optimizer.
    """

    module: nn.Module
    call: nn.Module
    optimizer: Optimizer
    scaler: GradScaler
    base_rate: float
    owner: str = ""
    optimizer_owner: str = ""

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

    def without_averaging(self) -> AbstractContextManager[None]:
        """Return a context in which gradients are added up in this process alone: DDP averages them
        with those of the next backward pass outside.
        """
        context: AbstractContextManager[None] = getattr(self.call, "no_sync", nullcontext)()
        return context

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
        with component_errors(self.optimizer_owner, "took a step"):
            self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)

    def set_rate(self, factor: float) -> None:
        """Set the learning rate of the next step to a factor of its own rate."""
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(self.base_rate * factor)
            else:
                group["lr"] = self.base_rate * factor

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def state(self) -> State:
        """Return what optimizer and scaler remember: tensors as `<parameter>.<name>`.

        Raises PluginError where the optimizer remembers what no checkpoint holds.
        """
        flat = _remembered(self.optimizer)
        for name, value in flat.items():
            if not isinstance(value, (Tensor, int, float, str, NoneType)):
                fault = f"remembers '{name}', a {type(value).__name__}"
                raise PluginError(
                    f"optimizer '{self.optimizer_owner or type(self.optimizer).__name__}' {fault}",
                    hint="an optimizer remembers tensors, numbers and texts",
                )
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
    bound: BoundOptimizer,
    stage_rate: float,
    scaler: GradScaler,
) -> NetworkWithOptimizer:
    """Give a network an optimizer, at its own rate or that of the stage."""
    rate = bound.lr or stage_rate
    optimizer = build_optimizer(bound, network.module, rate)
    return NetworkWithOptimizer(
        network.module, network.call, optimizer, scaler, rate, network.owner, bound.owner
    )


def build_optimizer(bound: BoundOptimizer, module: nn.Module, rate: float) -> Optimizer:
    """Build an optimizer over what a network learns.

    Raises OptionError where a class of torch refuses its options, PluginError where a plugin's
    cannot be made.
    """
    parameters = [one for one in module.parameters() if one.requires_grad]
    if bound.factory is None:
        return _of_torch(bound, parameters, rate)
    with component_errors(bound.owner, "was made"):
        made = bound.factory(**bound.options)(parameters, rate)
        if not isinstance(made, Optimizer):
            raise TypeError(f"it is a {type(made).__name__}, not a torch.optim.Optimizer")
    return made


def _of_torch(bound: BoundOptimizer, parameters: Sequence[nn.Parameter], rate: float) -> Optimizer:
    """Build an optimizer of torch; the fused implementation is used where the class has one, and on
    a GPU it counts its steps there, where its rate lies too.
    """
    cls: Callable[..., Optimizer] = getattr(torch.optim, bound.name)
    known = inspect.signature(cls).parameters
    decided = bound.options.keys() & {"fused", "foreach", "differentiable"}
    options = {"fused": True} if "fused" in known and not decided else {}
    device = parameters[0].device if parameters else torch.device("cpu")
    if "capturable" in known and backend_of(device).captures:
        options["capturable"] = True
    options |= bound.options
    lr = torch.tensor(rate, device=device) if options.get("capturable") else rate
    try:
        return cls(parameters, lr=lr, **_options(options))
    except (TypeError, ValueError, RuntimeError) as error:
        raise OptionError(
            f"optimizer {bound.name}: {error}",
            component=bound.name,
            option="",
            hint="srkit recipes --schema",
        ) from error


def _remembered(optimizer: Optimizer) -> dict[str, Any]:
    """Return what differs from how the optimizer was made: of each parameter as `<number>.<name>`,
    of each group, where some optimizers count, as `group.<number>.<name>`.
    """
    state = optimizer.state_dict()
    groups = {
        f"group.{number}.{name}": value
        for number, group in enumerate(state["param_groups"])
        for name, value in group.items()
        if name not in ("params", "lr") and _differs(value, optimizer.defaults.get(name))
    }
    return groups | {
        f"{number}.{name}": value
        for number, values in state["state"].items()
        for name, value in values.items()
    }


def _differs(value: Any, before: Any) -> bool:
    return isinstance(value, Tensor) or (value is not before and value != before)


def restore_optimizer(
    optimizer: Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]
) -> None:
    """Put back what an optimizer remembered, by `<parameter>.<name>`."""
    places = [
        (parameter, group) for group in optimizer.param_groups for parameter in group["params"]
    ]
    for key, value in {**tensors, **numbers}.items():
        number, _, name = key.partition(".")
        if number == "group":
            _restore_group(optimizer, name, value)
            continue
        parameter, group = places[int(number)]
        restored = _like(value, parameter, group) if isinstance(value, Tensor) else value
        optimizer.state[parameter][name] = restored


def _restore_group(optimizer: Optimizer, key: str, value: Any) -> None:
    number, _, name = key.partition(".")
    group = optimizer.param_groups[int(number)]
    there = isinstance(value, Tensor) and isinstance(group.get(name), Tensor)
    group[name] = value.to(group[name].device) if there else value


def _like(saved: Tensor, parameter: Tensor, group: Mapping[str, Any]) -> Tensor:
    """Give a tensor the strides of its parameter: fused optimizers walk raw storage, and files are
    stored contiguous. A number, such as the count of steps, lies where torch would have begun it:
    beside the parameter where kernels read it, else on the host.
    """
    if saved.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=saved.dtype, requires_grad=False).copy_(saved)
    on_host = saved.dim() == 0 and not (group.get("fused") or group.get("capturable"))
    return saved.to("cpu" if on_host else parameter.device)


def _options(written: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
