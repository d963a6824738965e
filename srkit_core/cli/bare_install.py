"""What does a person hear who has installed srkit without plugins?"""

from importlib.metadata import entry_points
from typing import Final

from srkit_core.hooks import ENTRY_POINT_GROUP
from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.plugin_loading import distribution_of

ALL_PLUGINS: Final = "pip install 'srkit[all]'"
"""The command that brings every plugin of srkit's own."""


def bare_note() -> str:
    """Return what srkit can and cannot do where no plugin is installed; empty where one is."""
    points = entry_points(group=ENTRY_POINT_GROUP)
    if {distribution_of(point)[0] for point in points} != {OWN_DISTRIBUTION}:
        return ""
    return (
        "note: srkit is installed without plugins: it prepares, degrades, scores and enlarges by "
        "interpolation, and trains networks that plugins bring; "
        f"{ALL_PLUGINS} brings srkit's own, srkit list --all shows them"
    )
