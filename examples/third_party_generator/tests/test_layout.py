"""Does an older file become the generator it was, options and all?"""

from srkit_core.testing import LayoutContract

_THEIRS = {"first": "stem", "last": "to_rgb"}
_INSIDE = {"expand": "expand", "depthwise": "spatial", "reduce": "project"}


class TestOlderFiles(LayoutContract):
    """What srkit expects of every layout."""

    layout = "mini-lab"
    expression = "mini(features=8, blocks=2)"

    def foreign_name(self, name: str) -> str:
        """Return what the older code called a tensor."""
        if name.startswith("body."):
            _, number, part, what = name.split(".")
            return f"stages.{number}.{_INSIDE[part]}.{what}"
        part, what = name.split(".")
        return f"{_THEIRS[part]}.{what}"


class TestOlderFilesOfScaleThree(TestOlderFiles):
    """A file of another scale and depth."""

    expression = "mini(features=4, blocks=1)"
    scale = 3
