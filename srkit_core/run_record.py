"""What does a run folder say it was made with?"""

import json
from pathlib import Path
from typing import Any, Final

from srkit_core.errors import DataError

ENVIRONMENT: Final = "environment.json"
_SECTIONS = ("arguments", "data", "commands")


def read_environment(folder: Path) -> dict[str, Any] | None:
    """Return environment.json of a run folder; None where there is none, or another program's.

    Raises DataError when the file is damaged.
    """
    path = folder / ENVIRONMENT
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged: {error}",
            hint="delete it, and write --data and --val on the command line",
            path=path,
        ) from None
    ours = isinstance(document, dict) and all(section in document for section in _SECTIONS)
    return document if ours else None
