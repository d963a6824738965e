"""Are weights at an address fetched once, kept, and refused in a sentence where they are not?"""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from srkit_core.errors import DataError, WeightsError
from srkit_core.models.locate_weights import locate_discriminator, locate_weights


class Quiet(SimpleHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        super().do_GET()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The address of a folder that holds `net.pth`."""
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "net.pth").write_bytes(b"weights" * 1000)
    handler = partial(Quiet, directory=tmp_path / "web")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize("locate", [locate_weights, locate_discriminator])
def test_a_file_of_the_web_is_fetched_once(server, registry, tmp_path, locate):
    told, before = [], Quiet.asked
    for _ in range(2):
        found = locate(f"{server}/net.pth?download=true", registry, lambda *one: told.append(one))
        assert found.path.read_bytes() == b"weights" * 1000
        assert found.path.name == "net.pth"
        assert found.path.is_relative_to(tmp_path / "cache" / "weights" / "addresses")
    assert Quiet.asked == before + 1
    assert told[-1] == ("net.pth", 7000, 7000)
    assert found.notes == (
        f"the weights of {server}/net.pth?download=true are kept in {found.path}",
    )


def test_what_cannot_be_fetched_is_named_and_nothing_is_left(server, registry, tmp_path):
    with pytest.raises(WeightsError, match=f"cannot fetch {server}/other.pth: File not found"):
        locate_weights(f"{server}/other.pth", registry)
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert [path.name for path in left] == [".lock"]


def test_a_scheme_that_nobody_reads_is_named(server, registry):
    with pytest.raises(DataError, match="nothing that is installed reads nosuch://"):
        locate_weights("nosuch://net.pth", registry)


def test_a_folder_at_an_address_is_no_weights(server, registry):
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.pipe({"/weights-of/a.pth": b"a", "/weights-of/b.pth": b"b"})
    with pytest.raises(WeightsError, match=r"there are 2 files, such as a\.pth, at memory://"):
        locate_weights("memory://weights-of", registry)
