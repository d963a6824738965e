"""Which networks does an object hold, wherever it keeps them?"""

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any, Final

from torch import Tensor, nn

_DEEPEST: Final = 6
_NO_HOLDERS: Final = (Tensor, str, bytes, type, ModuleType)


def networks_within(built: Any) -> list[nn.Module]:
    """Return the modules that an object is or reaches: attributes, lists, closures, partials."""
    return list(dict.fromkeys(_found(built, _DEEPEST, set())))


def _found(value: Any, depth: int, seen: set[int]) -> Iterator[nn.Module]:
    if depth == 0 or id(value) in seen or isinstance(value, _NO_HOLDERS):
        return
    seen.add(id(value))
    if isinstance(value, nn.Module):
        yield value
    for inner in _parts(value):
        yield from _found(inner, depth - 1, seen)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    cells = getattr(value, "__closure__", None) or ()
    owner = getattr(value, "__self__", None)
    own = getattr(value, "__dict__", None) or {}
    contents = [cell.cell_contents for cell in cells if _is_filled(cell)]
    return [*contents, *own.values(), *([] if owner is None else [owner])]


def _is_filled(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
