"""What does `srkit app` do?"""

import webbrowser
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from srkit_app.ports import bound_socket
from srkit_core.errors import IncompatibleError

Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="The port of the page (default: 7860, or a free one)."),
]
OpenFlag = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]


def app_command(port: Port = None, open_page: OpenFlag = False) -> None:
    """Serve a page to upscale pictures in, on this machine only, until Ctrl-C.

    Pictures and results stay in a temporary folder that goes with it; nothing is sent anywhere.
    """
    if find_spec("gradio") is None:
        fact = "the page needs gradio, which is not installed"
        raise IncompatibleError(fact, hint="pip install srkit-app, in an environment of its own")
    with (
        bound_socket(port) as listening,
        TemporaryDirectory(prefix="srkit-app-", ignore_cleanup_errors=True) as folder,
    ):
        from srkit_app.server import serve_page

        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"

        def ready() -> None:
            typer.echo(f"srkit app: {address} (Ctrl-C ends it)")
            if open_page:
                webbrowser.open(address)

        with suppress(KeyboardInterrupt):  # how a server is ended
            serve_page(listening, Path(folder), ready)
        typer.echo("srkit app: ended")
