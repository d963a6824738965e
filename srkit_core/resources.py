"""Where are the files that travel with srkit, and the folder of the user?"""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_WHEEL = _PACKAGE / "_bundled"


def bundled(relative: str) -> Path:
    """Return the path of a file named as in the repository.

    A wheel holds the same tree below `_bundled`.
    """
    root = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent
    return root / relative


def home_folder() -> Path | None:
    """Return the user's home; None where neither HOME nor the system names one."""
    try:
        return Path.home()
    except RuntimeError:
        return None
