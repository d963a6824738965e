"""Which optimizers does the installed torch have, and which options do they take?

Read from the source of `torch.optim`, without importing it: what torch brings is known here by
itself, and a slip of the pen in a recipe is told in a fraction of a second.
"""

import ast
import difflib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from srkit_core.errors import OptionError
from srkit_core.optimizer_config import OptimizerConfig

UNSUITABLE: Final = ("Optimizer", "LBFGS", "SparseAdam", "Muon")
"""The base class, and those that want a closure, sparse gradients, or matrices alone: convolutions
have four dimensions.
"""

_GIVEN = ("self", "params", "lr")
"""What an optimizer gets from srkit, and not as an option."""


def check_optimizer(optimizer: OptimizerConfig, *, others: Sequence[str] = ()) -> None:
    """Raise OptionError when `torch.optim` has no such class or the class no such option.

    `others` are names beside those of torch, for hints. Where torch is not installed nothing is
    known, and nothing can train.
    """
    known = optimizer_names()
    if not known:
        return
    if optimizer.name in UNSUITABLE:
        fact = f"torch's {optimizer.name} cannot train networks of convolutions here"
        hint = "--set optimizer.name=AdamW, or another of torch.optim"
        raise OptionError(fact, component="torch.optim", option=optimizer.name, hint=hint)
    if optimizer.name not in known:
        raise _unknown("optimizer", optimizer.name, (*others, *known), "torch.optim")
    options = optimizer_options(optimizer.name)
    for name in optimizer.options:
        if options is not None and name not in options:
            raise _unknown("option", name, options, optimizer.name)


def optimizer_names() -> tuple[str, ...]:
    """Return the classes of `torch.optim` that train a network here, sorted; none without torch."""
    return tuple(sorted(name for name in _homes() if name not in UNSUITABLE))


@cache
def optimizer_options(name: str) -> tuple[str, ...] | None:
    """Return the options of a class beside the learning rate, in the order of its signature.

    None where they cannot be read, because the class inherits them or torch has none of that name
    or is not installed; torch refuses a wrong one.
    """
    home = _homes().get(name)
    for node in _source(home).body if home else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            names = tuple(_parameters(node))
            return tuple(one for one in names if one not in _GIVEN) if names else None
    return None


@cache
def _homes() -> dict[str, str]:
    """Return the modules of `torch.optim` that define its classes, by the name of the class."""
    if find_spec("torch") is None:
        return {}
    return {
        alias.name: node.module
        for node in _source("torch.optim").body
        if isinstance(node, ast.ImportFrom) and node.module and node.module != "torch.optim"
        for alias in node.names
        if alias.name[0].isupper()
    }


def _source(module: str) -> ast.Module:
    torch = find_spec("torch")
    folders = list(torch.submodule_search_locations or ()) if torch else []
    path = Path(folders[0], *module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def _parameters(node: ast.ClassDef) -> Iterator[str]:
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            yield from (one.arg for one in (*inner.args.args, *inner.args.kwonlyargs))


def _unknown(what: str, name: str, known: Sequence[str], where: str) -> OptionError:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"one of: {', '.join(known)}"
    return OptionError(f"{where} has no {what} '{name}'", component=where, option=name, hint=hint)
