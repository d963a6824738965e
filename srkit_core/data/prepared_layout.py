"""By which names does `srkit prepare` lay out its folder, and training find its way there?"""

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
