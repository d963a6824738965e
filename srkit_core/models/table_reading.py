"""What does a layout make of a table: which network, of which options, with which tensors?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from srkit_core.binding import BoundComponent, bind
from srkit_core.errors import AmbiguousError, WeightsError
from srkit_core.expressions import Call
from srkit_core.models.weights_file import Tensors
from srkit_core.models.weights_tables import WeightsTable
from srkit_core.plan import bind_generator
from srkit_core.registry import Registry
from srkit_core.specs import Kind, LayoutSpec

USUAL_CONTEXT: Final[Mapping[str, int]] = {"scale": 4, "patch": 128}
"""What a discriminator is built for where its file does not say."""


@dataclass(frozen=True)
class TableReading:
    """A table under the network's own names, what it is built for (`scale`, and of a discriminator
    `patch`), and the options that its shapes show, that its numbers say and that files of such
    shapes have; `network` holds these tensors already, where a library made one to read them.
    """

    tensors: Tensors
    context: Mapping[str, int]
    shown: Mapping[str, Any]
    stored: Mapping[str, Any]
    usual: Mapping[str, Any]
    network: Any = None


def read_table(path: Path, table: WeightsTable) -> TableReading:
    """Rename the tensors of a table and ask its layout for the options, or have it read whole.

    Raises WeightsError, naming the layout, when two tensors get one name and when the layout fails.
    """
    layout = table.layout
    try:
        if layout.reads is not None:
            read = layout.reads(table.tensors)
            own = _renamed(path, replace(table, tensors=read.tensors))
            shown, context = dict(read.options), {"scale": read.scale}
            return TableReading(own, context, shown, {}, {}, read.network)
        tensors = _renamed(path, table)
        shapes = {name: tuple(value.shape) for name, value in tensors.items()}
        shown = dict(layout.options(shapes))
        context = _context(layout, shown)
        stored, usual = dict(layout.numbers(table.tensors)), dict(layout.usual(shapes))
    except WeightsError as error:
        if error.path is not None:
            raise
        raise WeightsError(f"{path} {error.message}", hint=error.hint, path=path) from error
    except Exception as error:  # a layout is a plugin's, and a file anybody's
        raise WeightsError(
            f"{path} looks like {layout.name}, but {layout.network} cannot be made of it: "
            f"{_reason(error)}",
            hint="copy or download it again",
            path=path,
        ) from error
    return TableReading(tensors, context, shown, stored, usual)


def bind_network(
    registry: Registry, kind: Kind, call: Call, context: Mapping[str, int]
) -> BoundComponent:
    """Bind the network of a table, a generator for its scale or a discriminator for its patch."""
    if kind == "generator":
        return bind_generator(registry, call, context["scale"])
    return bind(registry, kind, call, context)


def _context(layout: LayoutSpec, shown: dict[str, Any]) -> dict[str, int]:
    """Take what a network is built for out of what the shapes of a file show."""
    if layout.generator:
        return {"scale": int(shown.pop("scale"))}
    return {name: int(shown.pop(name, usual)) for name, usual in USUAL_CONTEXT.items()}


def new_name(layout: LayoutSpec, name: str) -> str:
    """Return what the generator calls a tensor of a file; nothing where it is dropped."""
    for pattern, replacement in layout.renames:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, replacement, name)
    return name


def network_of(layout: LayoutSpec, registry: Registry) -> str:
    """Return the name of the network of a layout; where several distributions have one of that
    name, that of the distribution that announces the layout.
    """
    try:
        registry.find(layout.network_kind, layout.network)
    except AmbiguousError as error:
        homes = [one.distribution for one in registry.installed(LayoutSpec) if one.spec is layout]
        own = [f"{home}/{layout.network}" for home in homes]
        return next((name for name in own if name in error.candidates), layout.network)
    return layout.network


def flag_of(layout: LayoutSpec) -> str:
    """Return the flags of `weights import` that say which network a file is of."""
    if layout.generator:
        return "--gen GENERATOR"
    return "--kind discriminator --disc DISCRIMINATOR"


def _renamed(path: Path, table: WeightsTable) -> Tensors:
    tensors, origin = dict[str, Any](), dict[str, str]()
    for name, value in table.tensors.items():
        new = new_name(table.layout, name)
        if new in tensors:
            raise WeightsError(
                f"{path} looks like {table.layout.name}, in which {origin[new]} and {name} are "
                f"both {new}",
                hint=f"is the file of that layout? srkit weights import {flag_of(table.layout)} "
                "says which",
                path=path,
            )
        if new:
            tensors[new], origin[new] = value, name
    return tensors


def _reason(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    known = isinstance(error, (KeyError, ValueError, IndexError, ZeroDivisionError))
    return first if known and first else f"{type(error).__name__}: {first}"
