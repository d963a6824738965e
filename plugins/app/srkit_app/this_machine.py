"""Who may talk to the page, and whom may the page talk to?"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Send = Callable[[Scope], Awaitable[None]]
Receive = Callable[[], Awaitable[Scope]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOSTS: Final = (b"127.0.0.1", b"localhost")
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
"""The page may load from this server and from itself alone."""
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class ThisMachineOnly:
    """Answers requests that were meant for this machine, from pages of this server alone: other
    sites that a browser has open can neither ask for anything here nor send anything.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if not _is_meant(dict(scope["headers"])):
            return await _refuse(scope, send)

        async def send_guarded(message: Scope) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        return await self._app(scope, receive, send_guarded)


def _is_meant(headers: dict[bytes, bytes]) -> bool:
    host, origin = headers.get(b"host", b""), headers.get(b"origin")
    if urlsplit(b"//" + host).hostname not in _HOSTS:
        return False
    return origin is None or urlsplit(origin).netloc == host


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    said = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": said})
    await send({"type": "http.response.body", "body": b"this page is for this machine only\n"})
