"""Is hf://OWNER/REPO/FILE fetched from a hub as huggingface_hub does, pinned, and gone on with?

A server on this machine stands for the hub, and another for where it keeps large files.
"""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from safetensors.torch import save

from srkit_core.cli.app import run
from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.hub_address import HUB, hub_file
from srkit_core.models.locate_weights import locate_weights
from srkit_core.plan import bind_generator

CONTENT = bytes(range(256)) * 6000
HALF = len(CONTENT) // 2


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    """Sends on to the store, with the digest of what lies there; `said` is another one."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server, content = self.server, self.server.files.get(self.path)
        server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        if content is None:
            self.send_error(404)
            return
        self.send_response(302 if server.large else 200)
        if server.large:
            self.send_header("X-Linked-ETag", f'"{server.said or digest(content)}"')
            self.send_header("Location", f"{server.store}/{digest(content)}")
        self.send_header("Content-Length", "0" if server.large else str(len(content)))
        self.end_headers()
        if not server.large and self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Store(BaseHTTPRequestHandler):
    """Holds large files; closes the connection after half of what is asked for, `breaks` times."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.headers.get("Range"), self.headers.get("Authorization")))
        content = server.contents[self.path.strip("/")]
        start = int((self.headers.get("Range") or "bytes=0-")[6:].rstrip("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = HALF if server.breaks and start < HALF else None if not server.breaks else start
        self.wfile.write(content[start:stop])

    def log_message(self, *_):
        pass


def started(handler):
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.asked, made.url = [], f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made


@pytest.fixture
def hub(tmp_path, monkeypatch):
    made, store = started(Hub), started(Store)
    made.large, made.said, made.store, made.files, made.keeper = True, "", store.url, {}, store
    store.contents, store.breaks = {}, False
    monkeypatch.setenv("HF_ENDPOINT", f"{made.url}/")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    yield made
    for one in (made, store):
        one.shutdown()
        one.server_close()


def put(hub, path, content=CONTENT):
    hub.files[path] = hub.keeper.contents[digest(content)] = content


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("hf://me/nets/w.pth", "me/nets/resolve/main/w.pth"),
        ("hf://me/nets/a folder/w x.pth", "me/nets/resolve/main/a%20folder/w%20x.pth"),
        ("hf://me/nets@v1.0/w.pth", "me/nets/resolve/v1.0/w.pth"),
        ("hf://me/nets@refs%2Fpr%2F1/w.pth", "me/nets/resolve/refs%2Fpr%2F1/w.pth"),
        ("hf://models/me/nets/w.pth", "me/nets/resolve/main/w.pth"),
        ("hf://datasets/me/nets/w.pth", "datasets/me/nets/resolve/main/w.pth"),
        ("hf://datasets/nets/w.pth", None),
        ("hf://me/nets", None),
        ("hf://me/nets/folder/", None),
        ("s3://me/nets/w.pth", None),
    ],
)
def test_the_address_is_the_one_that_huggingface_hub_makes(monkeypatch, address, place):
    for endpoint, start in (("", HUB), ("http://mirror/", "http://mirror")):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        found = hub_file(address)
        assert (found and found.url) == (place and f"{start}/{place}")


def test_a_file_is_fetched_through_a_redirect_once_and_its_digest_is_said(hub, registry):
    put(hub, "/me/nets/resolve/v2/deep/w.pth")
    for _ in range(2):
        found = locate_weights("hf://me/nets@v2/deep/w.pth", registry)
        assert found.path.read_bytes() == CONTENT
    path = "/me/nets/resolve/v2/deep/w.pth"
    assert hub.asked == [("HEAD", path, None), ("GET", path, None)]
    assert f"hf://me/nets@v2/deep/w.pth#sha256={digest(CONTENT)} does" in found.notes[0]


def test_a_token_is_shown_to_the_hub_and_not_to_the_store(hub, registry, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    put(hub, "/me/nets/resolve/main/w.pth")
    locate_weights("hf://me/nets/w.pth", registry)
    assert {token for *_, token in hub.asked} == {"Bearer secret"}
    assert [token for _, token in hub.keeper.asked] == [None]
    assert "secret" not in repr(hub_file("hf://me/nets/w.pth"))


def test_a_broken_download_is_gone_on_with_by_the_next_command(hub, registry, tmp_path):
    put(hub, "/me/nets/resolve/main/w.pth")
    hub.keeper.breaks = True
    with pytest.raises(WeightsError, match=r"cannot fetch hf://me/nets/w\.pth: the connection"):
        locate_weights("hf://me/nets/w.pth", registry)
    (part,) = (tmp_path / "cache").rglob("*.part")
    assert part.stat().st_size == HALF
    hub.keeper.breaks = False
    assert locate_weights("hf://me/nets/w.pth", registry).path.read_bytes() == CONTENT
    assert hub.keeper.asked[-1] == (f"bytes={HALF}-", None)
    assert not part.exists()


def test_what_is_not_what_the_hub_says_is_refused(hub, registry, tmp_path):
    put(hub, "/me/nets/resolve/main/w.pth")
    hub.said = "0" * 64
    with pytest.raises(WeightsError, match=r"what arrived has the sha256 .*, not 000000000000"):
        locate_weights("hf://me/nets/w.pth", registry)
    assert [one.name for one in (tmp_path / "cache").rglob("*") if one.is_file()] == [".lock"]


def test_a_small_file_comes_without_a_digest(hub, registry):
    hub.large = False
    put(hub, "/me/nets/resolve/main/w.pth", b"small")
    assert locate_weights("hf://me/nets/w.pth", registry).path.read_bytes() == b"small"


def test_what_a_person_pins_is_asked_for_and_nothing_else(hub, registry):
    put(hub, "/me/nets/resolve/main/w.pth")
    good, bad = (f"hf://me/nets/w.pth#sha256={one}" for one in (digest(CONTENT), "1" * 64))
    assert locate_weights(good, registry).notes[0].endswith("w.pth")
    with pytest.raises(WeightsError, match="not 111111111111"):
        locate_weights(bad, registry)
    with pytest.raises(WeightsError, match=re.escape("pinned by 'abc', which is no sha256")):
        locate_weights("hf://me/nets/w.pth#sha256=abc", registry)


@pytest.mark.parametrize("address", ["hf://me/nets/other.pth", "hf://me/other/w.pth"])
def test_what_is_not_there_is_one_sentence(hub, registry, address):
    put(hub, "/me/nets/resolve/main/w.pth")
    with pytest.raises(WeightsError, match=f"cannot fetch {address}: Not Found") as caught:
        locate_weights(address, registry)
    assert "HF_TOKEN=..." in caught.value.hint


def test_weights_trained_from_a_hub_say_so_in_their_card(
    hub, registry, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    small = "srvgg(features=4, blocks=1)"
    content = save(build_network(bind_generator(registry, parse_call(small), 2)).state_dict())
    put(hub, "/me/nets/resolve/main/w.safetensors", content)
    words = ["train", "--init", "hf://me/nets/w.safetensors", "--loss", "l1", "--steps", "1"]
    words += ["--batch", "1", "--patch", "32", "--out", "run", "--device", "cpu"]
    assert run(words) == 0
    begun = f"hf://me/nets/w.safetensors, sha256 {digest(content)}"
    said = json.loads((tmp_path / "run" / "environment.json").read_text())["init"]
    assert f"{said['path']}, sha256 {said['sha256']}" == begun
    capsys.readouterr()
    assert run(["weights", "show", "run/weights/last.safetensors"]) == 0
    assert f"begun from: {begun}" in capsys.readouterr().out
