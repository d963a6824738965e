"""Is a download that breaks off gone on with, in one command and from one to the next?"""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from srkit_core.cli.progress import ProgressView
from srkit_core.downloads import DownloadError, download, download_address
from srkit_core.specs import Home, WeightsFile

CONTENT = bytes(range(256)) * 6000
NEW = CONTENT[::-1]
HALF = len(CONTENT) // 2
KNOWN = WeightsFile(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


class Breaking(BaseHTTPRequestHandler):
    """Closes the connection after `most` bytes, `breaks` times; `ranges` says if it knows them."""

    def do_GET(self):
        self.server.asked.append(self.headers.get("Range"))
        content, start = self.server.content, 0
        asked = self.headers.get("Range") if self.server.ranges else None
        if asked and self.headers.get("If-Range") in (None, self._tag(content)):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.server.tags:
            self.send_header("ETag", self._tag(content))
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        whole = self.server.breaks == 0
        self.wfile.write(content[start:] if whole else content[start : start + self.server.most])
        self.server.breaks -= self.server.breaks > 0

    def _tag(self, content):
        return f'"{hashlib.sha256(content).hexdigest()[:8]}"'

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Breaking)
    made.asked, made.breaks, made.most, made.ranges, made.tags = [], 0, HALF, True, False
    made.content, made.url = CONTENT, f"http://127.0.0.1:{made.server_port}/w.pth"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "net"


def part(target):
    return target.with_name(".net.part")


def fetch(server, target, report=lambda *_: None):
    download(KNOWN, Home(server.url), target, report)


def test_a_connection_that_breaks_is_opened_again_for_the_rest(server, target):
    server.breaks, server.most, told = 3, 400_000, []
    fetch(server, target, lambda *one: told.append(one))
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, *(f"bytes={400_000 * times}-" for times in (1, 2, 3))]
    assert [total for _, total in told] == [len(CONTENT)] * len(told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not part(target).exists()


def test_the_next_command_goes_on_where_one_broke_off(server, target):
    part(target).parent.mkdir()
    part(target).write_bytes(CONTENT[:1000])
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]


def test_what_has_arrived_stays_when_nothing_more_comes(server, target):
    server.breaks, server.most = 9, 0
    part(target).parent.mkdir()
    part(target).write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match=r"the connection broke after 1 kB of 1\.5 MB"):
        fetch(server, target)
    assert part(target).read_bytes() == CONTENT[:1000]
    assert not target.exists()


def test_a_server_without_ranges_sends_all_again(server, target):
    server.ranges, server.breaks = False, 1
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={HALF}-"]


def test_a_server_without_ranges_that_always_breaks_is_given_up(server, target):
    server.ranges, server.breaks = False, 9
    with pytest.raises(DownloadError, match="the connection broke after 768 kB of"):
        fetch(server, target)
    assert len(server.asked) == 2


@pytest.mark.parametrize("beginning", [b"x" * 1000, CONTENT + b"more"])
def test_a_beginning_of_something_else_is_thrown_away(server, target, beginning):
    part(target).parent.mkdir()
    part(target).write_bytes(beginning)
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(beginning)}-", None]


def test_what_has_another_digest_is_not_kept(server, target):
    server.content = NEW
    with pytest.raises(DownloadError, match="what arrived has the sha256"):
        fetch(server, target)
    assert list(target.parent.iterdir()) == []


def test_a_file_that_changes_under_a_download_is_never_mixed(server, target):
    server.tags, server.breaks = True, 1

    def change(done, _):
        server.content = NEW if done >= HALF else server.content

    download_address(server.url, target, change)
    assert target.read_bytes() == NEW
    assert len(server.asked) == 2


def test_an_unknown_file_that_breaks_off_leaves_nothing(server, target):
    server.ranges, server.breaks = False, 9
    with pytest.raises(DownloadError, match="the connection broke"):
        download_address(server.url, target, lambda *_: None)
    assert list(target.parent.iterdir()) == []


def test_lines_of_a_slow_download_say_the_time_left(capsys, monkeypatch):
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("srkit_core.cli.progress.time.monotonic", lambda: float(next(clock)))
    with ProgressView() as view:
        for done in range(0, 11):
            view.on_download("net", done * 2**20, 10 * 2**20)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "download net: 0 of 10 MiB"
    assert lines[-1] == "download net: 10 of 10 MiB"
    assert 3 <= len(lines) < 10
    assert all(line.endswith("left") for line in lines[1:-1])
