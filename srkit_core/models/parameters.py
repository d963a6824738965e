"""How many numbers does a network learn, and in which of its layers?"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.errors import SrkitError
from srkit_core.io.atomic import write_text
from srkit_core.models.build import build, count_parameters
from srkit_core.parameter_counts import count_file, known_count


@dataclass(frozen=True)
class LayerParameters:
    """A module with parameters of its own: its path, its class, and the shapes of what it learns,
    by their names.
    """

    path: str
    module: str
    shapes: dict[str, tuple[int, ...]]
    parameters: int


def layers_of(built: Any) -> Iterator[LayerParameters]:
    """Yield the layers of a component that learn something, in the order in which they were made.

    A parameter that several layers share counts in the first, so that they sum to the whole.
    """
    seen = set[int]()
    for path, module in built.named_modules() if isinstance(built, nn.Module) else ():
        own = {
            name: parameter
            for name, parameter in module.named_parameters(recurse=False)
            if parameter.requires_grad and id(parameter) not in seen
        }
        seen |= set(map(id, own.values()))
        if own:
            shapes = {name: tuple(parameter.shape) for name, parameter in own.items()}
            count = sum(parameter.numel() for parameter in own.values())
            yield LayerParameters(path or "(the network)", type(module).__name__, shapes, count)


def counted(bound: BoundComponent) -> int:
    """Return how many parameters a network learns: as remembered, or by building it once.

    Raises PluginError where it cannot be built.
    """
    known = known_count(bound)
    if known is not None:
        return known
    count = count_parameters(build(bound))
    path = count_file(bound)
    if path:
        with suppress(SrkitError):  # a cache that cannot be written
            write_text(path, str(count))
    return count
