"""On which port of this machine can the page be?"""

import socket
from typing import Final

from srkit_core.errors import RecipeError

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 7860
"""The one that Gradio's pages have."""


def bound_socket(port: int | None = None) -> socket.socket:
    """Return a socket bound to a port of this machine alone: 7860 or, where that is taken, one that
    is free.

    Raises RecipeError where the `port` that a person named is taken or not allowed.
    """
    try:
        return _bound(USUAL_PORT if port is None else port)
    except OSError as error:
        if port is None:
            return _bound(0)
        reason = error.strerror or str(error)
        fact = f"the page cannot be on port {port}: {reason.lower()}"
        raise RecipeError(fact, hint="srkit app, which takes a free one") from None


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen()  # else two that wait for the same port would both be bound to it
    except OSError:
        made.close()
        raise
    return made
