"""Is this network far larger than anything that could be meant, before memory is taken for it?"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, Final, TypeAlias

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from srkit_core.errors import IncompatibleError

NetworkSize: TypeAlias = tuple[int, int]
"""How many numbers, and how many tensors, a network has."""

MOST: Final[NetworkSize] = (2**31, 10_000)
"""What a network may have: many times those of the largest that are published."""

_MAKERS: Final = frozenset(("empty", "zeros", "ones", "full", "rand", "randn", "eye"))
"""Functions of torch that take memory for a size."""


@contextmanager
def building(what: str, most: NetworkSize = MOST) -> Iterator[None]:
    """Refuse, while a network is built, to take memory for more than `most`.

    Raises IncompatibleError that names `what` is built.
    """
    limit = _Limit(what, most)
    handle = register_module_parameter_registration_hook(limit.count)
    try:
        with limit:
            yield
    finally:
        handle.remove()


class _Limit(TorchFunctionMode):
    """Counts what a network takes, and ends it where that is too much."""

    def __init__(self, what: str, most: NetworkSize) -> None:
        super().__init__()
        self._what = what if len(what) <= 200 else f"{what[:200]}..."
        self._most, self._most_tensors = most
        self._numbers, self._tensors = 0, 0

    def count(self, module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        """Take a parameter that a layer has got into account."""
        if parameter is not None and not torch.nn.parameter.is_lazy(parameter):
            self._numbers += parameter.numel()
        self._tensors += 1
        if self._tensors > self._most_tensors:
            raise self._too_large(f"more than {self._most_tensors:,} tensors")
        self._check(self._numbers)

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Look at the size of a tensor before it is made."""
        if getattr(func, "__name__", "") in _MAKERS:
            sizes = args[0] if args and isinstance(args[0], (tuple, list)) else args
            self._check(prod(one for one in sizes if type(one) is int))
        return func(*args, **(kwargs or {}))

    def _check(self, numbers: int) -> None:
        if numbers > self._most:
            raise self._too_large(f"more than {self._most:,} numbers")

    def _too_large(self, fact: str) -> IncompatibleError:
        return IncompatibleError(
            f"'{self._what}' has {fact}, which is more than it can be meant to have here",
            hint="smaller options, such as fewer blocks or features",
        )
