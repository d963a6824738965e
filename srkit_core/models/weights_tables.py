"""Which of the tables in a file holds the weights to take?

Training programs keep several: the weights as they stand, their moving average (EMA), those of a
discriminator, the optimizer's. A table is known by what is in it, whatever it is called; the
average goes before the weights as they stand, and a person's word before both.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from srkit_core.errors import WeightsError
from srkit_core.models.weights_file import Tensors
from srkit_core.specs import LayoutSpec

WRAPPERS: Final = (
    "params",
    "state_dict",
    "model_state_dict",
    "generator_state_dict",
    "generator",
    "net_g",
    "netG",
    "G",
    "model",
    "module",
)
"""Usual names of the table of a generator, in the order to take them where several are there."""

_AVERAGE: Final = frozenset(
    {"average", "averaged", "averages", "averaging", "avg", "gs", "moving", "polyak", "shadow"}
    | {"slow", "smooth", "smoothed", "swa", "teacher"}
)
_NOT_EMA: Final = frozenset({"cinema", "schema"})
_AS_THEY_STAND: Final = frozenset(
    {"backup", "before", "collected", "current", "live", "no", "non", "not", "online", "raw"}
    | {"student", "without"}
)
_OPTIMIZERS: Final = frozenset(
    {"exp", "grad", "gradient", "gradients", "grads", "optim", "optimizer", "optimizers", "sq"}
)
_OTHERS: Final[Mapping[str, frozenset[str]]] = {
    "generator": _OPTIMIZERS | {"critic", "d", "disc", "discriminator", "netd"},
    "discriminator": _OPTIMIZERS | {"g", "gen", "generator", "netg"},
}
"""Words in the names of tables, in lower case; a word with `ema` at an end is of an average too."""

_BUFFERS: Final = (".running_mean", ".running_var", ".num_batches_tracked")
_SWAPPED: Final = "ema_state_dict.steps"
"""What a checkpoint of mmengine holds: it saves the average as `state_dict`, and the weights as
they stand as `ema_state_dict` (the note in the docstring of its EMAHook).
"""
_SHOWN: Final = 6


@dataclass(frozen=True)
class WeightsTable:
    """The tensors of one network in a file: under which key, in which layout, and whether they
    are a moving average.
    """

    key: str
    layout: LayoutSpec
    tensors: Tensors
    average: bool = False

    @property
    def name(self) -> str:
        """The key as people are told it."""
        return self.key or "the top of the file"


@dataclass(frozen=True)
class ChosenTable:
    """The table that is taken, and the keys of what else is in the file."""

    table: WeightsTable
    others: tuple[str, ...]

    def notes(self) -> tuple[str, ...]:
        """Say what was taken, where there was something to choose from."""
        if not self.others:
            return ()
        average = ", the moving average" if self.table.average else ""
        more = len(self.others) - _SHOWN
        others = ", ".join(self.others[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return (f"weights taken: {self.table.name}{average}; also in the file: {others}",)


def choose_table(
    path: Path, arrays: Tensors, layout_of: Mapping[str, LayoutSpec], key: str | None = None
) -> ChosenTable | None:
    """Return the table to take, of those whose keys `layout_of` holds, by its `key` where one is
    given; None where there is none.

    Raises WeightsError when there is no such key, and when several could be meant.
    """
    tables = find_tables(arrays, layout_of)
    if key is not None:
        wanted = _keyed(path, arrays, tables, key)
    else:
        wanted = [table for table in tables if not _words(table.key) & _others(table)]
    if not wanted:
        return None
    best = min(map(_order, wanted))
    first, *more = [table for table in wanted if _order(table) == best]
    if any(not _same(first, table) for table in more):
        keys = [table.key for table in (first, *more)]
        words = f"{shlex.quote(str(path))} --key {shlex.quote(keys[0])}"
        raise WeightsError(
            f"{path} holds several {first.layout.network_kind}s: {', '.join(keys)}",
            hint=f"choose one: srkit weights import {words} --out NEW.safetensors",
            path=path,
        )
    return ChosenTable(first, _other_keys(arrays, tables, first))


def _others(table: WeightsTable) -> frozenset[str]:
    return _OTHERS[table.layout.network_kind]


def find_tables(arrays: Tensors, layout_of: Mapping[str, LayoutSpec]) -> list[WeightsTable]:
    """Return the tables of a file under the keys that are known to be of a layout, and moving
    averages whose tensors have other names or none.
    """
    swapped = _SWAPPED in arrays
    tables = [
        WeightsTable(key, layout, _within(arrays, key, layout_of), _is_average(key, swapped))
        for key, layout in layout_of.items()
    ]
    whole = [_completed(table, tables) for table in map(_without_backup, tables)]
    return [*_renamed_averages(arrays, whole, layout_of)]


def _within(arrays: Tensors, key: str, keys: Iterable[str]) -> dict[str, torch.Tensor]:
    """Return the tensors of a table under their own names, without those of tables within it."""
    start = f"{key}." if key else ""
    inner = tuple(f"{one}." for one in keys if one != key and one.startswith(start))
    return {
        name.removeprefix(start): value
        for name, value in arrays.items()
        if name.startswith(start) and not (inner and name.startswith(inner))
    }


def _words(key: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", key)}


def _is_average(key: str, swapped: bool = False) -> bool:
    if swapped:
        return key.partition(".")[0] == "state_dict"
    words = _words(key)
    ema = {word for word in words if word.startswith("ema") or word.endswith("ema")}
    return bool(words & _AVERAGE or ema - _NOT_EMA) and not _stands(key)


def _stands(key: str) -> bool:
    """Whether a name says that its weights are not averaged."""
    words = _words(key)
    return bool(words & _AS_THEY_STAND) or any(
        word.startswith(("no", "raw")) and word.endswith("ema") for word in words
    )


def _order(table: WeightsTable) -> tuple[int, int]:
    """Return where a table stands: averages, then weights, then what is said to be raw, then what
    is called an average and belongs to another network; within each, the usual names first.
    """
    swapped = table.key.startswith("ema_state_dict")
    place = 1
    if table.average:
        place = 0
    elif _stands(table.key) or swapped:
        place = 2
    elif _is_average(table.key):
        place = 3
    usual = [WRAPPERS.index(part) for part in table.key.split(".") if part in WRAPPERS]
    return place, -1 if not table.key else min(usual, default=len(WRAPPERS))


def _completed(table: WeightsTable, tables: Sequence[WeightsTable]) -> WeightsTable:
    """Give an average the buffers that only the weights as they stand have (an average is often of
    parameters alone); a table that differs from all of these is another network and no average.
    """
    raw = [one for one in tables if not one.average and one.layout == table.layout]
    if not table.average or not raw:
        return table
    alike = next((one for one in raw if _fits(table.tensors, one.tensors)), None)
    if alike is None:
        return replace(table, average=False)
    buffers = {
        name: value
        for name, value in alike.tensors.items()
        if name.endswith(_BUFFERS) and name not in table.tensors
    }
    return replace(table, tensors={**buffers, **table.tensors})


def _fits(some: Tensors, whole: Tensors) -> bool:
    """Whether tensors have names and shapes of others."""
    return all(name in whole and whole[name].shape == value.shape for name, value in some.items())


def _without_backup(table: WeightsTable) -> WeightsTable:
    """Leave out what mmcv keeps beside the average in one table: the weights as they stand, each
    under `ema_` and its name with underscores.
    """
    names = {f"ema_{name.replace('.', '_')}" for name in table.tensors}
    backup = names & table.tensors.keys()
    if not backup:
        return table
    kept = {name: value for name, value in table.tensors.items() if name not in backup}
    return replace(table, tensors=kept, average=True)


def _renamed_averages(
    arrays: Tensors, tables: Sequence[WeightsTable], keys: Iterable[str]
) -> Iterator[WeightsTable]:
    """Yield the tables, and averages whose tensors have no dots in their names (LitEma) or stand in
    a list in the order of the parameters (torch-ema, diffusers).
    """
    known = tuple(f"{key}." for key in keys if key and _is_average(key))
    groups: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in arrays.items():
        head, _, tail = name.rpartition(".")
        if head and _is_average(head) and not (known and name.startswith(known)):
            groups.setdefault(head, {})[tail] = value
    taken: set[str] = set()
    found = []
    for head, group in groups.items():
        for table in (one for one in tables if not one.average):
            named = _named_as(group, table)
            if named:
                tensors = {**table.tensors, **named}
                found.append(WeightsTable(head, table.layout, tensors, average=True))
                taken |= {f"{head}.{tail}" for tail in group}
                break
    for table in (*tables, *found):
        start = f"{table.key}." if table.key else ""
        kept = {n: v for n, v in table.tensors.items() if f"{start}{n}" not in taken}
        yield replace(table, tensors=kept)


def _named_as(group: Tensors, table: WeightsTable) -> dict[str, torch.Tensor]:
    """Return tensors under the names of a table's parameters; none unless all of them fit."""
    names = [name for name in table.tensors if not name.endswith(_BUFFERS)]
    if all(tail.isdigit() for tail in group):
        ordered = [group[tail] for tail in sorted(group, key=int)]
        named = dict(zip(names, ordered, strict=len(names) == len(ordered)))
        return named if len(ordered) == len(names) and _fits(named, table.tensors) else {}
    parts = table.key.split(".")
    for start in ["", *(".".join(parts[at:]) for at in range(len(parts)))]:
        squashed = {_squashed(f"{start}{name}"): name for name in names}
        renamed = ((squashed.get(_squashed(tail)), value) for tail, value in group.items())
        named = {name: value for name, value in renamed if name is not None}
        if len(named) == len(names) and _fits(named, table.tensors):
            return named
    return {}


def _squashed(name: str) -> str:
    return re.sub(r"[._]", "", name)


def _same(one: WeightsTable, other: WeightsTable) -> bool:
    return one.tensors.keys() == other.tensors.keys() and all(
        torch.equal(value, other.tensors[name]) for name, value in one.tensors.items()
    )


def _keyed(
    path: Path, arrays: Tensors, tables: Sequence[WeightsTable], key: str
) -> list[WeightsTable]:
    """Return the tables that a key means: that of the name, those below it, those with it in their
    names, the first that are there.
    """
    for meant in (
        [table for table in tables if table.key == key],
        [table for table in tables if table.key.startswith(f"{key}.")],
        [table for table in tables if f".{key}." in f".{table.key}."],
    ):
        if meant:
            return meant
    known = [table.key for table in tables if table.key]
    heads = [] if tables else _heads(arrays)
    there = ", ".join((known or heads)[:_SHOWN]) or "only the weights themselves"
    holds = any(f".{key}." in f".{name}." for name in arrays)
    fact = f"holds no generator under '{key}'" if holds else f"has no key '{key}'"
    raise WeightsError(
        f"{path} {fact}; there are {there}",
        hint=f"--key {shlex.quote(known[0])}" if known else "leave out --key",
        path=path,
    )


def _heads(names: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys(name.partition(".")[0] for name in names))


def _other_keys(
    arrays: Tensors, tables: Sequence[WeightsTable], chosen: WeightsTable
) -> tuple[str, ...]:
    """Return the keys of the other tables, and the first parts of what belongs to none."""
    others = [table.name for table in tables if table.key != chosen.key]
    start = tuple(f"{table.key}." for table in tables if table.key)
    loose = [name for name in arrays if not (start and name.startswith(start))]
    heads = [] if any(not table.key for table in tables) else _heads(dict.fromkeys(loose))
    return (*others, *(head for head in heads if head not in others))
