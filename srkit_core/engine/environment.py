"""With what was this run made?"""

import hashlib
import platform
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from srkit_core.data.bundled_photographs import count_bundled
from srkit_core.data.picture_digest import digest_of_sets
from srkit_core.engine.run_context import RunContext
from srkit_core.errors import SrkitError
from srkit_core.models.locate_weights import (
    LocatedWeights,
    locate_discriminator,
    locate_weights,
)
from srkit_core.models.weights_file import versions
from srkit_core.registry import Registry

_GIT_SECONDS = 5


def describe(context: RunContext) -> dict[str, Any]:
    """Return what environment.json holds: versions, machine, command lines, git state, data,
    weights, arguments.
    """
    processes = context.processes
    return {
        "id": uuid.uuid4().hex,
        "versions": versions(context.registry),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": str(processes.device),
        "precision": processes.precision,
        "processes": processes.world,
        "loader": {"processes": context.workers, "cpus": context.cpus},
        "seed": context.recipe.seed,
        "commands": [sys.argv],
        "git": _git_state(),
        **_described_data(context),
        "init": _described_init(context.options.init, context.registry, locate_weights),
        "init_disc": _described_init(
            context.options.init_disc, context.registry, locate_discriminator
        ),
        "weights": [
            {"name": one.spec.name, "path": str(one.path), "sha256": one.file.sha256}
            for one in context.pretrained
        ],
        "arguments": context.options.arguments(),
    }


def _described_data(context: RunContext) -> dict[str, Any]:
    data, pictures = context.data, context.data.pictures
    return {
        "data": {
            "source": context.options.arguments()["data"],
            "pictures": len(pictures.pictures),
            "bundled_photographs": count_bundled(one.path for one in pictures.pictures),
            "crops": data.crops,
            "fingerprint": pictures.fingerprint(),
        },
        "validation": [picture.name for held in data.validation.values() for picture in held],
        "test": [picture.name for picture in data.test],
        "held_out": [list(one) for one in data.held_out],
        "judges": {"val": data.judges, "test": digest_of_sets({"": data.test})},
        "skipped": [{"path": str(one.path), "reason": one.reason} for one in data.skipped],
    }


def _described_init(
    init: str | Path | None,
    registry: Registry,
    locate: Callable[[str | Path, Registry], LocatedWeights | None],
) -> dict[str, str | None] | None:
    if init is None:
        return None
    try:
        located = locate(init, registry)
    except SrkitError:  # gone since: a resumed run no longer needs its initial weights
        located = None
    file = located.path if located else Path(init)
    return {"path": str(init), "file": str(file), "sha256": _digest(file)}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Say in what two environments differ that may change figures: software, machine, pictures and
    weights.
    """
    old, new = (_facts(one) for one in (before, now))
    for fact in dict.fromkeys([*old, *new]):
        if old.get(fact) != new.get(fact):
            yield f"{fact} {old.get(fact, 'not there')} then, {new.get(fact, 'not there')} now"


def _facts(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what figures depend on, by the words in which a person is told."""
    data, git = environment["data"], environment.get("git") or {}
    facts = dict(environment.get("versions", {}))
    facts |= {
        name: environment.get(name) for name in ("python", "device", "precision", "processes")
    }
    facts |= {
        "pictures": f"{data.get('pictures')} ({str(data.get('fingerprint'))[:8]})",
        "commit": str(git.get("commit"))[:8],
    }
    weights = {one["name"]: one["sha256"][:8] for one in environment.get("weights", [])}
    words = {"init": "initial weights", "init_disc": "the discriminator's initial weights"}
    initial = {said: environment.get(name) for name, said in words.items()}
    digests = {said: str(one["sha256"])[:8] for said, one in initial.items() if one}
    return facts | weights | digests


def _digest(path: Path) -> str | None:
    """Return the digest of a file, None when it has gone since (a resumed run no longer needs its
    initial weights).
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_state() -> dict[str, str | bool] | None:
    """Return commit and cleanliness of the folder the run was started in, or None outside a
    repository.
    """
    commit = _git("rev-parse", "HEAD")
    return (
        None if commit is None else {"commit": commit, "clean": _git("status", "--porcelain") == ""}
    )


def _git(*words: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", *words],
            cwd=Path.cwd(),
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
