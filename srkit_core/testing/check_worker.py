"""Tries checks in this process, and tells each as a line of JSON.

A component may end its process, hang, or print: so another process asks for the checks, reads what
is told, and goes on without this one. Asked on standard input for what is of some distributions, or
for things by kind and full name.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from srkit_core.registry import Registry, discover
from srkit_core.testing.run_checks import Something, checks_for, run_checks

ToldLine = dict[str, Any]


def answer(
    registry: Registry, *, distribution: str = "", names: Iterable[Sequence[str]] = ()
) -> Iterator[ToldLine]:
    """Yield what is told: what will be tried, then of each thing its checks and what they find."""
    wanted = {tuple(name) for name in names}
    chosen = [
        one
        for one in (*registry.components, *registry.others)
        if one.distribution == distribution or (one.spec.kind, one.full_name) in wanted
    ]
    yield {
        "chosen": [[one.spec.kind, one.full_name] for one in chosen],
        "problems": [
            {"plugin": one.plugin, "distribution": one.distribution, "error": one.error}
            for one in registry.problems
        ],
        "versions": checked_with(),
    }
    for one in chosen:
        yield from _tried(one, registry)
    yield {"end": len(chosen)}


def checked_with() -> dict[str, str]:
    """Return the versions of what checks are run with."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python, "torch": version("torch"), "srkit": version("srkit")}


def _tried(one: Something, registry: Registry) -> Iterator[ToldLine]:
    spec = one.spec
    checks = [list(check) for check in checks_for(one)]
    yield {
        "begins": {"kind": spec.kind, "name": one.name, "distribution": one.distribution},
        "checks": checks,
    }
    for result in run_checks(one, registry):
        yield {"result": asdict(result)}


def serve() -> None:
    """Answer what standard input asks for, on standard output, which nobody else writes to."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in answer(discover(), **json.load(sys.stdin)):
        own.write(json.dumps(line) + "\n")
        own.flush()


if __name__ == "__main__":
    serve()
