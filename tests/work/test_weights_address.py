"""Are weights at an address fetched once, kept, and refused in a sentence where they are not?"""

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from safetensors.torch import save_file

from srkit_core.errors import DataError, WeightsError
from srkit_core.evaluation.evaluate import evaluate
from srkit_core.evaluation.score_files import read_scores
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.locate_weights import locate_discriminator, locate_weights, weights_used
from srkit_core.plan import bind_generator

DIGEST = hashlib.sha256(b"weights" * 1000).hexdigest()
SMALL = "srvgg(features=4, blocks=1)"


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
        f"the weights of {server}/net.pth?download=true are kept in {found.path}; nothing pins "
        f"them, {server}/net.pth?download=true#sha256={DIGEST} does",
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


def test_what_is_recorded_pins_the_address_and_the_digest(server, registry, tmp_path):
    address = f"{server}/net.pth"
    digest = hashlib.sha256(b"weights" * 1000).hexdigest()
    assert weights_used(address, registry) == {"asked_for": address, "sha256": digest}
    assert weights_used("bicubic", registry) is None


def test_a_model_at_an_address_is_scored_and_recorded(server, registry, tmp_path, smooth):
    tensors = build_network(bind_generator(registry, parse_call(SMALL), 2)).state_dict()
    save_file(tensors, tmp_path / "web" / "own.safetensors")
    (tmp_path / "pictures").mkdir()
    Image.fromarray(smooth(48, 64)).save(tmp_path / "pictures" / "one.png")
    address = f"{server}/own.safetensors"
    scores = evaluate(address, tmp_path / "pictures", metrics="psnr", registry=registry)
    document = scores.to_dict()
    (tmp_path / "scores.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_scores(tmp_path / "scores.json").to_dict() == document
    (row,) = document["models"]
    digest = hashlib.sha256((tmp_path / "web" / "own.safetensors").read_bytes()).hexdigest()
    assert row["weights"] == {"asked_for": address, "sha256": digest}
