"""Where are the files that travel with srkit, in a wheel and in a checkout alike?"""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_WHEEL = _PACKAGE / "_bundled"


def bundled(relative: str) -> Path:
    """Return the path of a file named as in the repository.

    A wheel holds the same tree below `_bundled`.
    """
    root = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent
    return root / relative
