"""With what was this run made?"""

import hashlib
import platform
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from srkit_core.engine.run_data import RunData
from srkit_core.engine.run_options import RunOptions
from srkit_core.engine.stage_run import RunContext
from srkit_core.models.weights_file import versions
from srkit_core.registry import Registry

_GIT_SECONDS = 5


def describe(
    registry: Registry, setting: RunContext, pictures: RunData, where: RunOptions
) -> dict[str, Any]:
    """Return what environment.json holds: versions, machine, command lines, git state, data,
    weights, arguments.
    """
    devices, source = setting.devices, pictures.source
    return {
        "id": uuid.uuid4().hex,
        "versions": versions(registry),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": str(devices.device),
        "precision": devices.precision,
        "processes": devices.world,
        "seed": setting.plan.recipe.seed,
        "commands": [sys.argv],
        "git": _git_state(),
        "data": {
            "place": where.arguments()["data"],
            "pictures": len(source.pictures),
            "fingerprint": source.fingerprint(),
        },
        "validation": [picture.name for held in pictures.validation.values() for picture in held],
        "test": [picture.name for picture in pictures.test],
        "skipped": [{"path": str(one.path), "reason": one.reason} for one in pictures.skipped],
        "init": None
        if where.init is None
        else {"path": str(where.init), "sha256": _digest(where.init)},
        "weights": [
            {"name": one.spec.name, "path": str(one.path), "sha256": one.file.sha256}
            for one in setting.networks
        ],
        "arguments": where.arguments(),
    }


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
    init = environment.get("init")
    return facts | weights | ({"initial weights": str(init["sha256"])[:8]} if init else {})


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
