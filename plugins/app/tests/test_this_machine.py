"""Is a request that another site's page makes, or that was meant for another machine, refused?"""

import asyncio

import pytest

from srkit_app.this_machine import ThisMachineOnly


def answered(headers, kind="http"):
    said = []

    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})

    async def send(message):
        said.append(message)

    scope = {"type": kind, "headers": [(a.encode(), b.encode()) for a, b in headers.items()]}
    asyncio.run(ThisMachineOnly(page)(scope, None, send))
    return said


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:7860"},
        {"host": "localhost:7860", "origin": "http://localhost:7860"},
    ],
)
def test_its_own_page_is_answered_and_may_load_nothing_else(headers):
    (start,) = answered(headers)
    told = dict(start["headers"])
    assert start["status"] == 200
    assert told[b"x-own"] == b"1"
    assert told[b"content-security-policy"].startswith(b"default-src 'self';")
    assert b"http" not in told[b"content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {},
        {"host": "127.0.0.1:7860", "origin": "http://evil.example"},
        {"host": "127.0.0.1:7860", "origin": "http://127.0.0.1:8000"},
        {"host": "127.0.0.1:7860", "origin": "null"},
    ],
)
def test_others_are_refused(headers):
    assert answered(headers)[0]["status"] == 403
    assert answered(headers, "websocket")[0]["type"] == "websocket.close"
