"""How does a plugin speak to srkit?"""

from collections.abc import Iterable

import pluggy

from srkit_core.specs import Announced

PROJECT = "srkit"
ENTRY_POINT_GROUP = "srkit.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def srkit_components() -> Iterable[Announced]:
    """Announce components, pretrained weights and layouts of files.

    Called once, must not import torch.
    """
    return ()
