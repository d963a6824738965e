"""How many parameters has a network that was counted before on this machine?

Counting takes torch and the whole network; what was counted once is remembered in srkit's cache, by
the options, the version and the source of every component in it.
"""

import hashlib
import inspect
import json
from contextlib import suppress
from pathlib import Path

from srkit_core.binding import BoundComponent
from srkit_core.errors import WeightsError
from srkit_core.inside import plain_name
from srkit_core.user_cache import cache_folder


def known_count(bound: BoundComponent) -> int | None:
    """Return how many parameters a network learns, None when it was never counted as it is now."""
    with suppress(OSError, ValueError):
        path = count_file(bound)
        return int(path.read_text(encoding="utf-8")) if path else None
    return None


def count_file(bound: BoundComponent) -> Path | None:
    """Return the file that remembers a count, None for a network whose source is in no file, or
    where there is no cache.
    """
    try:
        sources = [_source(one) for one in bound.with_nested()]
        cache = cache_folder()
    except (OSError, TypeError, WeightsError):
        return None
    known = [bound.component.kind, str(bound.expression), dict(bound.context), sources]
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()
    return cache / "parameters" / f"{plain_name(bound.component.name)}-{digest[:16]}"


def _source(bound: BoundComponent) -> list[str]:
    """Return what tells one state of a component's code from another."""
    component = bound.component
    folder = Path(inspect.getfile(inspect.unwrap(component.spec.factory))).parent
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content.update(path.read_bytes())
    return [component.full_name, component.version, content.hexdigest()]
