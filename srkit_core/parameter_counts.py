"""How many parameters has a network that was counted before on this machine?

Counting takes torch and the whole network; what was counted once is remembered in srkit's cache, by
the options, the version and the source of every component in it.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from srkit_core.binding import BoundComponent
from srkit_core.pretrained import cache_folder


def counts_of(networks: Sequence[BoundComponent]) -> list[int | None]:
    """Return how many parameters networks learn; None where there is no torch to count them with.

    Torch is not imported here: what was never counted is counted in a process of its own. Raises
    PluginError where a network cannot be built.
    """
    known = [known_count(network) for network in networks]
    if None not in known:
        return known
    if "torch" in sys.modules:
        return [_count(network) for network in networks]
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return list(pool.map(_count, networks))
        except (ImportError, BrokenProcessPool):
            return known


def known_count(bound: BoundComponent) -> int | None:
    """Return how many parameters a network learns, None when it was never counted as it is now."""
    with suppress(OSError, ValueError):
        path = count_file(bound)
        return int(path.read_text(encoding="utf-8")) if path else None
    return None


def count_file(bound: BoundComponent) -> Path | None:
    """Return the file that remembers a count, None for a network whose source is in no file."""
    try:
        sources = [_source(one) for one in bound.with_nested()]
    except (OSError, TypeError):
        return None
    known = [bound.component.kind, str(bound.expression), dict(bound.context), sources]
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()
    return cache_folder() / "parameters" / f"{bound.component.name}-{digest[:16]}"


def _count(network: BoundComponent) -> int:
    from srkit_core.models.parameters import counted

    return counted(network)


def _source(bound: BoundComponent) -> list[str]:
    """Return what tells one state of a component's code from another."""
    component = bound.component
    folder = Path(inspect.getfile(inspect.unwrap(component.spec.factory))).parent
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content.update(path.read_bytes())
    return [component.full_name, component.version, content.hexdigest()]
