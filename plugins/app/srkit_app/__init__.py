"""Announces the command `srkit app`."""

from collections.abc import Callable

from srkit_core.hooks import hookimpl
from srkit_core.specs import CommandSpec


def _load() -> Callable[..., None]:
    from srkit_app.command import app_command

    return app_command


@hookimpl
def srkit_components() -> list[CommandSpec]:
    """Announce `srkit app`."""
    return [
        CommandSpec(
            name="app",
            load=_load,
            summary="Open a local page to upscale pictures in.",
            example="srkit app --open",
            interface=1,
        )
    ]
