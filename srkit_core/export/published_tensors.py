"""Which tensors does a file hold that another project opens as the same network?"""

from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_core.errors import IncompatibleError
from srkit_core.models.component_errors import component_errors
from srkit_core.models.model import Model
from srkit_core.models.table_reading import network_of
from srkit_core.registry import Installed, Registry
from srkit_core.specs import LayoutSpec


@dataclass(frozen=True)
class PublishedTensors:
    """The tensors of a model, float32 on the CPU, under the names of the project that `layout` is
    of.
    """

    layout: LayoutSpec
    tensors: dict[str, Tensor]


def published_tensors(model: Model, registry: Registry) -> PublishedTensors:
    """Return the tensors of a model under the names of the first layout of its generator that
    writes; its options become those which that project takes for granted.

    Raises IncompatibleError that says why no other project opens it, and that ONNX does.
    """
    writing = [one for one in registry.installed(LayoutSpec) if _writes(one, model, registry)]
    reasons = []
    for home in writing:
        try:
            return PublishedTensors(home.spec, _written(home, model))
        except ValueError as reason:
            reasons.append(str(reason))
    raise IncompatibleError(
        f"no other tool opens this {model.bound.component.name} as weights: "
        + ("; ".join(reasons) or "no layout that is installed writes its tensors"),
        hint="srkit export MODEL --to onnx --out NEW.onnx, which many tools run",
    )


def _writes(home: Installed[LayoutSpec], model: Model, registry: Registry) -> bool:
    spec, component = home.spec, model.bound.component
    if spec.write is None or spec.generator.rpartition("/")[2] != component.name:
        return False
    return registry.find("generator", network_of(spec, registry)).full_name == component.full_name


def _written(home: Installed[LayoutSpec], model: Model) -> dict[str, Tensor]:
    """Return the tensors of a file; raises ValueError where the project has no such network."""
    own = {name: _plain(value) for name, value in model.network.state_dict().items()}
    write = home.spec.write
    if write is None:
        raise ValueError(f"{home.full_name} writes no files")
    refusal = None
    with component_errors(home.full_name, f"wrote the tensors of {model.bound.expression}"):
        try:
            written = dict(write(model.bound.arguments, own))
        except ValueError as reason:
            refusal = reason
    if refusal is not None:
        raise refusal
    return {name: _plain(value) for name, value in written.items()}


def _plain(tensor: Tensor) -> Tensor:
    """Return a tensor of its own memory on the CPU, as files hold it."""
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
