"""How is the page served?"""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, StreamingResponse

from srkit_app.rows import RESULTS
from srkit_app.session import Workshop
from srkit_app.this_machine import ThisMachineOnly
from srkit_app.zip_stream import zip_stream
from srkit_core import discover

_LARGEST_FILE: Final = "2gb"
_WAIT: Final = 2
"""Seconds that open pages are given when the server ends."""


def serve_page(listening: socket.socket, folder: Path, ready: Callable[[], object]) -> None:
    """Serve the page on a socket until a signal comes; `ready` is called once before.

    Raises KeyboardInterrupt for SIGINT, after the server has ended.
    """
    import uvicorn

    application = make_application(folder)
    settings = uvicorn.Config(
        ThisMachineOnly(application),
        log_level="warning",
        timeout_graceful_shutdown=_WAIT,
        lifespan="on",
    )
    ready()
    uvicorn.Server(settings).run(sockets=[listening])


def make_application(folder: Path) -> FastAPI:
    """Return the server of the page, whose files are in a folder."""
    uploads, results = folder / "uploads", folder / "results"
    for one in (uploads, results):
        one.mkdir()
    _settle(uploads)
    import gradio as gr

    from srkit_app.page import CSS, THEME, Page

    workshop = Workshop(results, discover())
    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_results(application, workshop)
    gr.mount_gradio_app(
        application,
        Page(workshop).blocks,
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[str(results)],
        max_file_size=_LARGEST_FILE,
        ssr_mode=False,
        mcp_server=False,
        theme=THEME,
        css=CSS,
    )
    return application


def _settle(uploads: Path) -> None:
    """Say to Gradio, before it is imported, where files are and that nobody is to be told."""
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _add_results(application: FastAPI, workshop: Workshop) -> None:
    """Let results be fetched as the files that they are."""

    @application.get(RESULTS + "/{batch}.zip")
    def every(batch: str) -> StreamingResponse:
        files = workshop.results(batch)
        if not files:
            raise HTTPException(404)
        named = {"content-disposition": 'attachment; filename="srkit.zip"'}
        return StreamingResponse(zip_stream(files), media_type="application/zip", headers=named)

    @application.get(RESULTS + "/{batch}/{name}")
    def one(batch: str, name: str) -> FileResponse:
        file = workshop.result(batch, name)
        if file is None:
            raise HTTPException(404)
        return FileResponse(file, filename=name)
