"""Is everything that goes wrong with `weights get` one clear sentence, and is it gone on with?"""

import errno
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from srkit_core import transfer
from srkit_core.cli.app import run
from srkit_core.cli.progress import ProgressView
from srkit_core.errors import WeightsError
from srkit_core.models.locate_weights import locate_weights
from srkit_core.specs import Home, WeightsFile, WeightsSpec

CONTENT = bytes(range(256)) * 6000
PAGE = b"\n<!DOCTYPE html><html><body>Sign in</body></html>"


class Server(BaseHTTPRequestHandler):
    """Sends `content`, and the rest of it where that is asked for."""

    def do_GET(self):
        content, asked = self.server.content, self.headers.get("Range")
        self.server.asked.append(asked)
        start = int(asked[6:].rstrip("-")) if asked else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch, installed):
    """A server, whose file is announced as `net`."""
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.content, made.asked = CONTENT, []
    made.url = f"http://127.0.0.1:{made.server_port}/w.pth"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = WeightsFile(sha256=digest, size=len(CONTENT), sources=(Home(made.url),))
    installed(WeightsSpec(name="net", files=(file,), licence="MIT", summary="s", source="s"))
    yield made
    made.shutdown()
    made.server_close()


def left(tmp_path):
    files = (one for one in (tmp_path / "cache").rglob("*") if one.is_file())
    return {one.name: one.stat().st_size for one in files if not one.name.endswith(".lock")}


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (CONTENT[::-1], "what arrived has the sha256 "),
        (PAGE, "a page of the web arrived, and no file"),
    ],
)
def test_what_is_not_the_file_is_named_and_not_kept(server, tmp_path, capsys, content, fact):
    server.content = content
    assert run(["weights", "get", "net"]) == 4
    said = capsys.readouterr().err
    assert f"  {server.url}: {fact}" in said
    assert "try: srkit weights add net FILE" in said
    assert left(tmp_path) == {}


def test_a_page_at_an_address_is_not_taken_for_weights(server, registry, tmp_path):
    server.content = PAGE
    with pytest.raises(WeightsError, match=f"cannot fetch {server.url}: a page of the web"):
        locate_weights(server.url, registry)
    assert left(tmp_path) == {}


def test_no_network_is_said_with_the_ways_on(server, tmp_path, capsys):
    server.shutdown()
    server.server_close()
    assert run(["weights", "get", "net"]) == 4
    said = capsys.readouterr().err
    assert f"  {server.url}: Connection refused" in said
    assert "SRKIT_WEIGHTS=FOLDER that holds it" in said


def test_a_full_disk_is_said_once_and_nothing_else_is_tried(server, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "_append", full)
    assert run(["weights", "get", "net"]) == 4
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert "SRKIT_CACHE=FOLDER" in said
    assert len(server.asked) == 1


def test_what_ctrl_c_stopped_is_gone_on_with(server, tmp_path, monkeypatch, capsys):
    def stop(view, name, done, total):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(ProgressView, "on_download", stop)
        assert run(["weights", "get", "net"]) == 130
    ((name, size),) = left(tmp_path).items()
    assert name.endswith(".part")
    assert 0 < size < len(CONTENT)
    assert "Traceback" not in capsys.readouterr().err
    assert run(["weights", "get", "net"]) == 0
    assert server.asked == [None, f"bytes={size}-"]
    assert list(left(tmp_path).values()) == [len(CONTENT)]
