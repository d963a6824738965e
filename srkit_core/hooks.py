"""How does a plugin speak to srkit?"""

from collections.abc import Iterable

import pluggy

from srkit_core.specs import AnnouncedSpec

PROJECT = "srkit"
ENTRY_POINT_GROUP = "srkit.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def srkit_components() -> Iterable[AnnouncedSpec]:
    """Announce components, and whatever else srkit_core.specs has a class for.

    Called once, must not import torch.
    """
    return ()
