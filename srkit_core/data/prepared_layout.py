"""By which names does `srkit prepare` lay out its folder, and training find its way there?"""

import json
from pathlib import Path
from typing import Final

MANIFEST: Final = "manifest.json"
"""What was prepared; a folder without it is unfinished."""
VERSION: Final = 1
"""The version of the manifest."""
SKIPPED: Final = "skipped.json"
"""What was left out, and why."""
SHARDS: Final = "shards"
"""The folder of the packed pictures; files lie in the two folders of their layout."""
WORK_FOLDER: Final = ".prepare"
"""Where `srkit prepare` keeps what it needs to go on."""
OPTIONS: Final = "options.json"
"""In there, with what the folder was prepared."""
LABELS: Final = "labels.json"
"""In there, what the manifest says beside pixels: split, licence, duplicates."""
RECORDS: Final = "records"
"""In there, the folder of a small file for each input file."""


def written_folders(folder: Path) -> tuple[str, ...]:
    """Return the folders that pixels are written into, as the options say; none where they cannot
    be read.
    """
    try:
        words = json.loads((folder / WORK_FOLDER / OPTIONS).read_bytes())
        return tuple(words["layout"].split(",")) if words["format"] == "files" else (SHARDS,)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ()
