"""How does a plugin speak to srkit?"""

from collections.abc import Iterable

import pluggy

from srkit_core.specs import ComponentSpec, WeightsSpec

PROJECT = "srkit"
ENTRY_POINT_GROUP = "srkit.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def srkit_components() -> Iterable[ComponentSpec | WeightsSpec]:
    """Announce components and weights; called once, must not import torch."""
    return ()
