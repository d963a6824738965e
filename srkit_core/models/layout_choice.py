"""Which layout does each table of a file have, where several layouts recognise it?

What is found by names alone may be anybody's: a layout whose marks match everything must not take
the files of another. So where several match, the one whose network holds every tensor is taken.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from srkit_core.downloads import sha256
from srkit_core.errors import WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.models.build import build_network
from srkit_core.models.table_keys import keys_of
from srkit_core.models.table_reading import bind_network, network_of, read_table
from srkit_core.models.weights_file import Tensors
from srkit_core.models.weights_tables import WeightsTable, find_tables
from srkit_core.registry import Registry
from srkit_core.specs import LayoutSpec

LayoutsByKey: TypeAlias = dict[str, list[LayoutSpec]]


@dataclass(frozen=True)
class Fit:
    """The network that a layout makes of a table, and the names of its tensors there."""

    network: Call
    scale: int
    names: frozenset[str]


def choose_layouts(
    path: Path, arrays: Tensors, layouts: Sequence[LayoutSpec], registry: Registry
) -> Mapping[str, LayoutSpec]:
    """Return the layout of every key of a file under which there are weights.

    Layouts that read whole tables are asked where none of the others holds every tensor. Raises
    WeightsError where several do.
    """
    by_marks = _by_marks(path, arrays, [one for one in layouts if not one.reads], registry)
    readers = [one for one in layouts if one.reads]
    if not readers or _holds_all(path, arrays, by_marks, registry):
        return by_marks
    read = {key: found[0] for key, found in _candidates(arrays, readers).items()}
    return read if not by_marks or _holds_all(path, arrays, read, registry) else by_marks


def _holds_all(
    path: Path, arrays: Tensors, layout_of: Mapping[str, LayoutSpec], registry: Registry
) -> bool:
    """Whether every tensor of a table finds its place in a network."""
    return any(fit_of(path, table, registry) for table in find_tables(arrays, layout_of))


def _by_marks(
    path: Path, arrays: Tensors, layouts: Sequence[LayoutSpec], registry: Registry
) -> Mapping[str, LayoutSpec]:
    """Return the layout of every key whose marks are there.

    Of several layouts that recognise a key, those of the generator are taken that known weights
    name for this file, then the one whose network holds every tensor; where none does, the one
    with most marks, to say what is wrong. Raises WeightsError that names them when several do.
    """
    recognising = [layout for layout in layouts if keys_of(layout, arrays)]
    if len(recognising) > 1:
        recognising = _published(path, recognising, registry) or recognising
    candidates = _candidates(arrays, recognising)
    if len(recognising) < 2:
        return {key: found[0] for key, found in candidates.items()}
    fits = {layout: _fits(path, arrays, layout, candidates, registry) for layout in recognising}
    fitting = [layout for layout in recognising if fits[layout]]
    asking = max(recognising, key=lambda layout: len(layout.marks))
    contested = _candidates(arrays, fitting or [asking])
    taken = partial(_taken, path, fits, registry)
    return {key: taken(key, found) for key, found in contested.items()}


def _candidates(arrays: Tensors, layouts: Sequence[LayoutSpec]) -> LayoutsByKey:
    found: LayoutsByKey = {}
    for layout in layouts:
        for key in keys_of(layout, arrays):
            found.setdefault(key, []).append(layout)
    return found


def _published(path: Path, layouts: Sequence[LayoutSpec], registry: Registry) -> list[LayoutSpec]:
    """Return the layouts of the generator that known weights name for a file."""
    digest = sha256(path)
    named = {
        parse_call(spec.generator).name.rpartition("/")[2]
        for spec in registry.weights
        if spec.generator and any(file.sha256 == digest for file in spec.files)
    }
    return [layout for layout in layouts if layout.generator in named]


def _fits(
    path: Path, arrays: Tensors, layout: LayoutSpec, candidates: LayoutsByKey, registry: Registry
) -> dict[str, Fit]:
    """Return what a layout makes of each table whose tensors all find their places."""
    keys = {key: layout for key, found in candidates.items() if layout in found}
    tables = find_tables(arrays, keys)
    found = {table.key: fit_of(path, table, registry) for table in tables}
    return {key: fit for key, fit in found.items() if fit}


def fit_of(path: Path, table: WeightsTable, registry: Registry) -> Fit | None:
    """Return the network of a table that holds every tensor; None where there is none."""
    try:
        reading = read_table(path, table)
        options = {**reading.usual, **reading.stored, **reading.shown}
        call = Call(network_of(table.layout, registry), tuple(sorted(options.items())))
        bound = bind_network(registry, table.layout.network_kind, call, reading.context)
        network = build_network(bound) if reading.network is None else reading.network
        own = network.state_dict()
    except Exception:  # a layout may answer anything about a file that is another's
        return None
    shapes = {name: tuple(value.shape) for name, value in reading.tensors.items()}
    if shapes != {name: tuple(value.shape) for name, value in own.items()}:
        return None
    return Fit(bound.expression, reading.context["scale"], frozenset(shapes))


def _taken(
    path: Path,
    fits: Mapping[LayoutSpec, Mapping[str, Fit]],
    registry: Registry,
    key: str,
    layouts: list[LayoutSpec],
) -> LayoutSpec:
    best = [layout for layout in layouts if key in fits[layout]] or layouts[:1]
    if len(best) > 1 and len({fits[layout][key] for layout in best}) > 1:
        raise _ambiguous(path, best, registry)
    return best[0]


def _ambiguous(path: Path, layouts: Sequence[LayoutSpec], registry: Registry) -> WeightsError:
    installed = registry.installed(LayoutSpec)
    names = " and ".join(
        next(one.full_name for one in installed if one.spec is layout) for layout in layouts
    )
    flag = "--gen" if layouts[0].generator else "--kind discriminator --disc"
    words = f"{shlex.quote(str(path))} {flag} {network_of(layouts[0], registry)}"
    kind, command = layouts[0].network_kind, f"srkit weights import {words}"
    return WeightsError(
        f"{path} is of several layouts alike: {names}",
        hint=f"say which {kind}: {command} --out NEW.safetensors",
        path=path,
    )
