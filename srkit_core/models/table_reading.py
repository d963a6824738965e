"""What does a layout make of a table: which generator, of which options, with which tensors?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srkit_core.errors import AmbiguousError, WeightsError
from srkit_core.models.weights_file import Tensors
from srkit_core.models.weights_tables import WeightsTable
from srkit_core.registry import Registry
from srkit_core.specs import LayoutSpec


@dataclass(frozen=True)
class TableReading:
    """A table under the generator's own names, and the options that its shapes show, that its
    numbers say and that files of such shapes have.
    """

    tensors: Tensors
    scale: int
    shown: Mapping[str, Any]
    stored: Mapping[str, Any]
    usual: Mapping[str, Any]


def read_table(path: Path, table: WeightsTable) -> TableReading:
    """Rename the tensors of a table and ask its layout for the options.

    Raises WeightsError, naming the layout, when two tensors get one name and when the layout fails.
    """
    layout = table.layout
    try:
        tensors = _renamed(path, table)
        shapes = {name: tuple(value.shape) for name, value in tensors.items()}
        shown = dict(layout.options(shapes))
        scale = int(shown.pop("scale"))
        stored, usual = dict(layout.numbers(table.tensors)), dict(layout.usual(shapes))
    except WeightsError:
        raise
    except Exception as error:  # a layout is a plugin's, and a file anybody's
        raise WeightsError(
            f"{path} looks like {layout.name}, but {layout.generator} cannot be made of it: "
            f"{_reason(error)}",
            hint="copy or download it again",
            path=path,
        ) from error
    return TableReading(tensors, scale, shown, stored, usual)


def new_name(layout: LayoutSpec, name: str) -> str:
    """Return what the generator calls a tensor of a file; nothing where it is dropped."""
    for pattern, replacement in layout.renames:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, replacement, name)
    return name


def generator_of(layout: LayoutSpec, registry: Registry) -> str:
    """Return the name of the generator of a layout; where several distributions have one of that
    name, that of the distribution that announces the layout.
    """
    try:
        registry.find("generator", layout.generator)
    except AmbiguousError as error:
        homes = [one.distribution for one in registry.installed(LayoutSpec) if one.spec is layout]
        own = [f"{home}/{layout.generator}" for home in homes]
        return next((name for name in own if name in error.candidates), layout.generator)
    return layout.generator


def _renamed(path: Path, table: WeightsTable) -> Tensors:
    tensors, origin = dict[str, Any](), dict[str, str]()
    for name, value in table.tensors.items():
        new = new_name(table.layout, name)
        if new in tensors:
            raise WeightsError(
                f"{path} looks like {table.layout.name}, in which {origin[new]} and {name} are "
                f"both {new}",
                hint="is the file of that layout? srkit weights import --gen GENERATOR says which",
                path=path,
            )
        if new:
            tensors[new], origin[new] = value, name
    return tensors


def _reason(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    known = isinstance(error, (KeyError, ValueError, IndexError, ZeroDivisionError))
    return first if known and first else f"{type(error).__name__}: {first}"
