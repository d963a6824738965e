"""What does a person hear who has installed srkit without plugins?"""

import os
from typing import Final

from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.registry import LIMIT_VARIABLE, Registry

ALL_PLUGINS: Final = "pip install 'srkit[all]'"
"""The command that brings every plugin of srkit's own."""


def bare_note(registry: Registry) -> str:
    """Return what srkit can and cannot do where no plugin is installed; empty where one is, or
    where somebody asked for some of them only.
    """
    found = {one.distribution for one in registry.components}
    found |= {one.distribution for one in registry.problems}
    if found != {OWN_DISTRIBUTION} or LIMIT_VARIABLE in os.environ:
        return ""
    return (
        "note: srkit is installed without plugins: it prepares, degrades, scores and enlarges by "
        "interpolation, and trains networks that plugins bring; "
        f"{ALL_PLUGINS} brings srkit's own, srkit list --all shows them"
    )
