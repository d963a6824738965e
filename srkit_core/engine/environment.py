"""With what was this run made?"""

import hashlib
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from srkit_core.engine.pictures import Pictures
from srkit_core.engine.stage import Setting
from srkit_core.engine.where import Where
from srkit_core.parts.weights import versions
from srkit_core.registry import Registry

_GIT_SECONDS = 5


def describe(registry: Registry, setting: Setting, pictures: Pictures, where: Where) -> dict[str, Any]:
    """Return what environment.json holds: versions, machine, command lines, git state, data, weights, arguments."""
    devices, source = setting.devices, pictures.source
    return {
        "versions": versions(registry),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": str(devices.device),
        "precision": devices.precision,
        "processes": devices.world,
        "commands": [sys.argv],
        "git": _git_state(),
        "data": {"place": where.arguments()["data"], "pictures": len(source.pictures), "fingerprint": source.fingerprint()},
        "validation": [picture.name for held in pictures.validation.values() for picture in held],
        "test": [picture.name for picture in pictures.test],
        "skipped": [{"path": str(one.path), "reason": one.reason} for one in source.skipped],
        "init": None if where.init is None else {"path": str(where.init), "sha256": _digest(where.init)},
        "weights": [{"name": one.spec.name, "path": str(one.path), "sha256": one.file.sha256} for one in setting.networks],
        "arguments": where.arguments(),
    }


def _digest(path: Path) -> str | None:
    """Return the digest of a file, None when it has gone since (a resumed run no longer needs its initial weights)."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_state() -> dict[str, str | bool] | None:
    """Return commit and cleanliness of the folder the run was started in, or None outside a repository."""
    commit = _git("rev-parse", "HEAD")
    return None if commit is None else {"commit": commit, "clean": _git("status", "--porcelain") == ""}


def _git(*words: str) -> str | None:
    try:
        result = subprocess.run(["git", *words], cwd=Path.cwd(), capture_output=True, text=True, timeout=_GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
