"""How many parameters have the networks of a recipe?"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from srkit_core.cli.render import print_table

if TYPE_CHECKING:
    from srkit_core.binding import BoundComponent


def print_networks(networks: Sequence["BoundComponent"]) -> list[int | None]:
    """Print networks with all their options and their parameters; returns the parameters."""
    counts = parameters_of(networks)
    rows = [
        [one.component.kind, str(one.expression), "not counted" if count is None else f"{count:,}"]
        for one, count in zip(networks, counts, strict=True)
    ]
    print_table(["network", "with all options", "parameters"], rows)
    return counts


def parameters_of(networks: Sequence["BoundComponent"]) -> list[int | None]:
    """Return how many parameters networks learn; None where there is no torch to count them with.

    Torch is not imported here: what was never counted is counted in a process of its own. Raises
    PluginError where a network cannot be built.
    """
    from srkit_core.parameter_counts import known_count

    known = [known_count(network) for network in networks]
    if None not in known:
        return known
    if "torch" in sys.modules:
        return [_count(network) for network in networks]
    return _counted_elsewhere(networks)


def _counted_elsewhere(networks: Sequence["BoundComponent"]) -> list[int | None]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return list(pool.map(_count, networks))
        except (ImportError, BrokenProcessPool):
            return [None] * len(networks)


def _count(network: "BoundComponent") -> int:
    from srkit_core.models.parameters import counted

    return counted(network)
