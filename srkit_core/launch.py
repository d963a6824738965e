"""Was this process started as one of several for one run?

What a launcher such as torchrun says in environment variables is believed as a whole or not at all:
clusters and other programs leave single ones behind.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

_NUMBERS: Final = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT")
_VARIABLES: Final = (*_NUMBERS, "MASTER_ADDR")
_OF_OTHERS: Final = (
    "ACCELERATE_",
    "FSDP_",
    "OMPI_COMM_WORLD_",
    "PMI_",
    "MV2_COMM_WORLD_",
    "MPI_LOCAL",
)
"""How further variables begin that Accelerate would read, and a run decides by itself."""
_MOST_PORTS: Final = 2**16


@dataclass(frozen=True)
class Launch:
    """The place of a process among `world` that were started for one run, from 0."""

    rank: int
    local_rank: int
    world: int


def launch() -> Launch | None:
    """Return this process's place among several; None when it is alone."""
    found = _whole_set()
    return found if found and found.world > 1 else None


def leftovers() -> str:
    """Return a line about variables of a launcher that are not believed, "" when there are none."""
    there = [name for name in _VARIABLES if name in os.environ]
    if not there or _whole_set():
        return ""
    shown = ", ".join(f"{name}={os.environ[name][:40]!r}" for name in there)
    missing = ", ".join(name for name in _VARIABLES if not os.environ.get(name))
    why = f"without {missing}" if missing else "which do not fit each other"
    return f"ignored, as no launcher sets it like this: {shown} {why}; this is one process alone"


@contextmanager
def believed(place: Launch | None) -> Iterator[None]:
    """Hide from libraries what is not believed, and what a run decides by itself."""
    hidden = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_OF_OTHERS)
        or (place is None and name in (*_VARIABLES, "LOCAL_WORLD_SIZE"))
    }
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


def _whole_set() -> Launch | None:
    numbers = {name: _number(os.environ.get(name, "")) for name in _NUMBERS}
    rank, local, world, port = (numbers[name] for name in _NUMBERS)
    if rank is None or local is None or world is None or port is None:
        return None
    here = _number(os.environ.get("LOCAL_WORLD_SIZE", str(world)))
    fit = here is not None and rank < world and local < here <= world and 0 < port < _MOST_PORTS
    return Launch(rank, local, world) if fit and os.environ.get("MASTER_ADDR") else None


def _number(text: str) -> int | None:
    """Return a plain number from 0, None of any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
