"""Which files is a layout tried on: its own, those of others, and junk?"""

import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import torch
from torch import Tensor

from srkit_core.binding import BoundComponent
from srkit_core.catalogue import catalogue
from srkit_core.errors import SrkitError
from srkit_core.expressions import Call, Value, parse_call
from srkit_core.models.build import build_network
from srkit_core.models.model import Model
from srkit_core.models.table_reading import USUAL_CONTEXT, bind_network, network_of
from srkit_core.options import Option, options_of
from srkit_core.registry import Registry
from srkit_core.specs import DiscriminatorSpec, GeneratorSpec, Kind, LayoutSpec
from srkit_core.testing.inverse_names import BeyondThisError, foreign_names
from srkit_core.testing.samples import pictures

JUNK: Final = (
    ("weight", "bias"),
    ("0.weight", "0.bias", "2.weight", "2.bias"),
    ("conv.weight", "conv.bias", "conv2.weight", "conv2.bias"),
    ("conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "layer4.1.bn2.bias", "fc.weight"),
    ("features.0.weight", "features.28.bias", "classifier.6.weight"),
    ("encoder.layers.0.self_attn.in_proj_weight", "encoder.layers.0.norm1.weight", "head.weight"),
    ("optimizer.state.0.exp_avg", "optimizer.state.0.exp_avg_sq", "step"),
    ("a b", "", "..", "\u00e4\u00f6", "x" * 200),
)
"""Names of tensors of files that no generator of super-resolution is in."""

_SECONDS: Final = 0.1
"""How long a pattern may take for one name that it does not match."""
_SIDE: Final = 24
_PUMPED: Final = ("0", "a", ".", "_", "a.", "0.", "conv.0.", "body.0.")


def no_such_network(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write nothing, as a layout does of a network that its project has not."""
    raise ValueError("it writes no files")


def small_expression(layout: LayoutSpec, registry: Registry) -> str:
    """Return a small network whose file has a layout: the layout's own, or its component's.

    Raises UnknownComponentError when its network is not installed.
    """
    name = network_of(layout, registry)
    spec = registry.find(layout.network_kind, name).spec
    text = layout.small or spec.small or name
    call = parse_call(text)
    return str(Call(name, call.options)) if call.name == spec.name else text


def scales_of(layout: LayoutSpec, registry: Registry) -> tuple[int, ...]:
    """Return the scales that files of a layout are for; of a discriminator's, the usual one."""
    if layout.discriminator:
        return (USUAL_CONTEXT["scale"],)
    spec = registry.find("generator", network_of(layout, registry)).spec
    offered = spec.scales if isinstance(spec, GeneratorSpec) else ()
    return tuple(one for one in offered if one in layout.scales) or offered


def usual_scale(scales: tuple[int, ...]) -> int:
    """Return the scale to try first: 4 where there is one."""
    return 4 if 4 in scales else scales[-1]


def network_tensors(bound: BoundComponent) -> dict[str, Tensor]:
    """Return the tensors of a network, each with values of its own."""
    rng = torch.Generator().manual_seed(0)
    return {
        name: value + 0.01 * torch.randn(value.shape, generator=rng)
        if value.is_floating_point() and not name.endswith("running_var")
        else value.clone()
        for name, value in build_network(bound).state_dict().items()
    }


@torch.no_grad()
def output_of(bound: BoundComponent, tensors: Mapping[str, Tensor], scale: int) -> Tensor:
    """Return what a network makes of a picture: SR, or the logits of all its maps."""
    network = build_network(bound)
    network.load_state_dict(dict(tensors))
    network.eval()
    if bound.component.kind == "generator":
        return Model(network, bound, scale)(pictures(1, _SIDE, _SIDE))
    smallest = bound.amount(bound.spec(DiscriminatorSpec).min_size)
    side = bound.context.get("patch", max(_SIDE, smallest))
    maps = network(pictures(1, side, side))
    return torch.cat([one.flatten() for one in (maps if isinstance(maps, tuple) else (maps,))])


def difference(
    bound: BoundComponent,
    tensors: Mapping[str, Tensor],
    other: BoundComponent,
    others: Mapping[str, Tensor],
    scale: int,
) -> float:
    """Return by how much what two networks make of a picture differs at most."""
    wanted, got = output_of(bound, tensors, scale), output_of(other, others, scale)
    return (wanted - got).abs().max().item()


def foreign_name(layout: LayoutSpec, name: str) -> str | None:
    """Return what a file of a layout calls a tensor; None where no name becomes it."""
    return next(foreign_names(layout, name), None)


def files_of_others(layout: LayoutSpec, registry: Registry) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the files of other layouts, and the tensors of other networks of its kind under their
    own names, each with who it is of.

    A layout of srkit's catalogue is tried on files of the catalogue alone, so that what somebody
    else installs beside it is not held against it.
    """
    listed = {entry.distribution for entry in catalogue()} | {"srkit"}
    home = {one.distribution for one in registry.installed(LayoutSpec) if one.spec is layout}
    for other in registry.installed(LayoutSpec):
        if other.spec is not layout and (other.distribution in listed or not home & listed):
            named = _file_of(other.spec, registry)
            if named:
                yield f"layout {other.full_name}", named
    own, kind = network_of(layout, registry), layout.network_kind
    for component in registry.of_kind(kind):
        spec = component.spec
        if own in (component.name, component.full_name):
            continue
        learns = not isinstance(spec, GeneratorSpec) or spec.trainable
        if learns and (component.distribution in listed or not home & listed):
            call = Call(component.full_name, parse_call(spec.small or spec.name).options)
            scale = usual_scale(spec.scales) if isinstance(spec, GeneratorSpec) else 0
            tensors = _tensors(registry, kind, call, scale)
            if tensors:
                yield f"{kind} {component.full_name}", tensors


def variants(
    bound: BoundComponent, registry: Registry, scale: int
) -> Iterator[tuple[str, BoundComponent]]:
    """Yield a network with one option after the other changed, wherever that changes its
    tensors, and the name of the option.
    """
    written = dict(bound.expression.options)
    shapes = _shapes(build_network(bound).state_dict())
    for option in options_of(bound.component.spec.factory):
        for value in _other_values(option, bound.options[option.name]):
            call = Call(bound.name, tuple({**written, option.name: value}.items()))
            kind = bound.component.kind
            tensors = _tensors(registry, kind, call, scale)
            if tensors and _shapes(tensors) != shapes:
                yield option.name, bind_network(registry, kind, call, built_for(scale))
                break


def slow_name(matches: Any, examples: tuple[str, ...]) -> str | None:
    """Return the shape of a name for which a compiled pattern takes longer than a tenth of a
    second; None where every name is quick.

    Names grow step by step, so that a pattern of exponential time is stopped in time itself.
    """
    for part in (*_PUMPED, *examples):
        for count in (*range(4, 28, 2), 100, 400, 1600):
            begun = time.perf_counter()
            matches(part * count + "!")
            if time.perf_counter() - begun > _SECONDS:
                return f"{part[:20]!r} {count} times"
    return None


def _file_of(layout: LayoutSpec, registry: Registry) -> dict[str, Tensor] | None:
    try:
        call = parse_call(small_expression(layout, registry))
        scale = usual_scale(scales_of(layout, registry))
        tensors = _tensors(registry, layout.network_kind, call, scale)
        names = {name: foreign_name(layout, name) for name in tensors or ()}
    except (SrkitError, BeyondThisError):
        return None  # whose layout that is has a check of its own for it
    return {names[name] or name: value for name, value in (tensors or {}).items()}


def built_for(scale: int) -> dict[str, int]:
    """Return what a network is built for, at a scale (0: the usual one)."""
    return {**USUAL_CONTEXT, **({"scale": scale} if scale else {})}


def _tensors(registry: Registry, kind: Kind, call: Call, scale: int) -> dict[str, Tensor] | None:
    try:
        return network_tensors(bind_network(registry, kind, call, built_for(scale)))
    except Exception:  # what cannot be built has no file
        return None


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in tensors.items()}


def _other_values(option: Option, value: Any) -> list[Value]:
    annotation = option.annotation
    if get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    if get_origin(annotation) is Literal:
        return [one for one in get_args(annotation) if one != value]
    if annotation is bool:
        return [not value]
    if annotation is int and isinstance(value, int):
        return [value + 1, 2 * value]
    return []
