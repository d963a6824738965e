"""Does printing ever decide what a command does, or show a terminal what it must not see?"""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from srkit_core import registry as registry_module
from srkit_core.cli import app
from srkit_core.cli.app import COMMANDS, run
from srkit_core.cli.output import OUT, encodable, one_line, printable
from srkit_core.cli.progress import ProgressView
from srkit_core.hooks import hookimpl
from srkit_core.io.images import write_image
from srkit_core.models.weights_card import FORMAT
from srkit_core.specs import GeneratorSpec

HOSTILE = "a\x1b[31m\x07\r\x9b2J\u202e\u2066\u2028\ufeff[bold]:smile:"
MARKUP = "[bold]:smile: and 日本"
"""What an announcement may say: one with control characters is refused."""
FULL = Path("/dev/full")
_chat = print
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def _loud(*, scale: int):
    """Say things at every turn.

    Args:
        scale: the scale.
    """
    from torch import nn

    _chat("built")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            _chat("passed")
            return nn.functional.interpolate(self.one(x), scale_factor=scale)

    return Net()


def _loud_module():
    _chat("imported")
    spec = GeneratorSpec(name="loud", factory=_loud, summary=MARKUP, source=MARKUP, scales=(2,))

    def srkit_components():
        _chat("asked")
        return [spec]

    return SimpleNamespace(srkit_components=hookimpl(srkit_components))


def _broken_module():
    _chat("begun")
    raise ImportError(HOSTILE)


@pytest.fixture
def loud(monkeypatch):
    """Two plugins beside the installed ones: one that prints everywhere, one that fails loudly."""
    found = registry_module.entry_points

    def points(group):
        return [
            *found(group=group),
            SimpleNamespace(
                name="loud", dist=SimpleNamespace(name="loud", version="1"), load=_loud_module
            ),
            SimpleNamespace(
                name=HOSTILE, dist=SimpleNamespace(name=HOSTILE, version="1"), load=_broken_module
            ),
        ]

    monkeypatch.setattr(registry_module, "entry_points", points)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for number, name in enumerate([HOSTILE.replace("\x00", ""), "plain", "日本"]):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 48, 3), dtype=np.uint8)
        write_image(folder / f"{name}.png", pixels)
    (folder / f"broken{HOSTILE}.png").write_bytes(b"no picture")
    return folder


def _console(monkeypatch, encoding="utf-8", terminal=False):
    """Put streams of an alphabet in the place of the standard ones; returns what they get."""
    streams = [io.BytesIO(), io.BytesIO()]
    for name, stream in zip(("stdout", "stderr"), streams, strict=True):
        text = io.TextIOWrapper(stream, encoding=encoding, write_through=True)
        text.isatty = lambda: terminal
        monkeypatch.setattr(sys, name, text)
    return streams


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--json"],
        ["list", "generator", "--all", "--json"],
        ["show", "loud", "--json"],
        ["show", "loud", "--build", "--json"],
        ["show", "loud", "--layers", "--json"],
        ["doctor", "--json"],
        ["recipes", "--schema"],
        ["recipes", "--json"],
        ["plugin", "check", "loud", "--json"],
        ["models", "--json"],
        ["runs", "tests/light", "--json"],
        ["weights", "list", "--json"],
    ],
    ids=" ".join,
)
def test_what_a_plugin_prints_is_beside_the_json(words, loud, checks_here, capfd):
    run(words)
    told = capfd.readouterr()
    document = json.loads(told.out)
    assert FORBIDDEN.search(told.out) is None
    if words[0] in ("list", "doctor"):
        (printed,) = document["printed"]
        assert (printed["plugin"], printed["text"]) == ("loud", "imported\nasked")


def test_every_command_with_json_for_a_document_is_tried_here():
    import inspect

    documents = {
        name
        for name, command in COMMANDS.items()
        if "as_json" in inspect.signature(command.load()).parameters
    }
    tried = {"list", "show", "doctor", "recipes", "models", "plugin check", "runs", "sweep"}
    tried |= {"weights list", "weights show"}
    assert documents == tried


def test_a_network_that_prints_does_not_break_the_json_of_its_weights(
    loud, photos, tmp_path, capfd
):
    train = ["train", "--gen", "loud", "--scale", "2", "--steps", "1", "--batch", "1"]
    where = ["--patch", "32", "--data", str(photos), "--out", str(tmp_path / "run")]
    assert run([*train, *where, "--device", "cpu"]) == 0
    told = capfd.readouterr()
    assert "passed" in told.err
    assert "passed" not in told.out
    assert run(["weights", "show", str(tmp_path / "run/weights/last.safetensors"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["generator"] == "loud/loud"


@pytest.mark.parametrize(
    ("encoding", "terminal"),
    [("ascii", False), ("latin-1", True), ("utf-8", False), ("utf-8", True), ("shift_jis", True)],
)
def test_no_name_stops_a_console_of_any_alphabet(
    encoding, terminal, loud, photos, tmp_path, monkeypatch
):
    streams = _console(monkeypatch, encoding, terminal)
    commands = [
        ["list"],
        ["show", "loud"],
        ["doctor"],
        ["upscale", "bicubic", str(photos), "--scale", "2", "--out", str(tmp_path / "up")],
        ["eval", "bicubic", "--data", str(photos), "--scale", "2"],
        ["prepare", str(photos), str(tmp_path / "prepared"), "--patch", "32", "--workers", "1"],
        ["weights", "show", str(photos / f"{HOSTILE}.png")],
        [HOSTILE],
    ]
    assert [run(words) for words in commands] == [0, 0, 0, 4, 0, 0, 4, 3]
    for stream in streams:
        text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", stream.getvalue().decode(encoding))
        assert FORBIDDEN.search(text.replace("\r", "") if terminal else text) is None
        assert r"a\u001b[31m" in text
        assert "[bold]" in text


@pytest.mark.parametrize("words", [["list"], ["--help"], ["show", "rrdb"], ["upscale", "PHOTOS"]])
@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_a_reader_that_has_gone_stops_nothing(words, which, photos, tmp_path, monkeypatch):
    if "PHOTOS" in words:
        words = ["upscale", "bicubic", str(photos), "--out", str(tmp_path / "up")]
    reading, writing = os.pipe()
    os.close(reading)
    with monkeypatch.context() as patched, os.fdopen(writing, "w") as pipe:
        patched.setattr(sys, which, pipe)
        assert run(words) == (4 if words[0] == "upscale" else 0)  # a picture is broken
    assert words[0] != "upscale" or (tmp_path / "up/plain.png").is_file()


def test_a_name_that_is_no_text_is_refused_where_weights_cannot_be_read(tmp_path, capsys):
    name = os.fsdecode(b"run\xe9")
    words = ["train", "--gen", "srvgg", "--steps", "1", "--out", str(tmp_path / name)]
    assert run(words) == 2
    assert r"run\udce9 lies under a name that is not UTF-8" in capsys.readouterr().err
    (tmp_path / f"{name}.safetensors").write_bytes(b"12345678" + FORMAT.encode())
    assert run(["weights", "show", str(tmp_path / f"{name}.safetensors")]) == 4
    assert "try: give it another name" in capsys.readouterr().err


def test_an_error_keeps_its_code_when_nobody_reads_it(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    assert [run(["show", "nothing-at-all"]), run(["lists"]), run(["list"])] == [3, 2, 0]


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_document_that_is_lost_is_an_error_and_work_is_not(photos, tmp_path, monkeypatch, capsys):
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run(["list", "--json"]) == 4
        assert "what was printed is lost: No space left on device" in capsys.readouterr().err
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        (photos / f"broken{HOSTILE}.png").unlink()
        assert run(["upscale", "bicubic", str(photos), "--out", str(tmp_path / "up")]) == 0
    assert (tmp_path / "up/plain.png").is_file()


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("list | head -1", 0),
        ("--help | head -1", 0),
        ("list 2>&-", 0),
        ("list >&-", 0),
        ("list <&- >&- 2>&-", 0),
        ("show nothing-at-all 2>&-", 3),
        ("show nothing-at-all 2>&1 | true", 3),
        ("list --json > /dev/full", 4),
    ],
)
def test_the_process_ends_with_its_code_and_without_a_word_of_python(shell, code):
    program = f"{sys.executable} -m srkit_core {shell}"
    done = subprocess.run(
        ["bash", "-c", f"{program}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_what_other_code_writes_to_the_file_of_standard_output_is_beside_it(tmp_path):
    program = (
        "import os, sys; from srkit_core.cli.output import take_streams; take_streams(); "
        "os.write(1, b'c'); os.system('echo child'); print('own')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"own\n", b"cchild\n")


def test_a_bar_takes_names_as_they_are(monkeypatch):
    out, _ = _console(monkeypatch, terminal=True)
    with ProgressView() as view:
        view.count("[/bold]" + HOSTILE, 1, 2)
        view.on_note("[/red] :smile: " + HOSTILE)
        view.count("[/bold]" + HOSTILE, 2, 2)
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", out.getvalue().decode())
    assert r"[/red] :smile:" in text
    assert r"[/bold]a\u001b[31m" in text
    assert FORBIDDEN.search(text.replace("\r", "")) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ü, 日本, 👩\u200d🚀", "plain, ü, 日本, 👩\u200d🚀"),
        ("\x1b]0;title\x07", r"\u001b]0;title\u0007"),
        ("a\rb", r"a\u000db"),
        ("a\nb", r"a\u000ab"),
        ("a\tb", r"a\u0009b"),
        ("\x9b31m", r"\u009b31m"),
        ("gnp.\u202eexe", r"gnp.\u202eexe"),
        ("caf\udce9", r"caf\udce9"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_a_line_shows_what_it_holds(text, shown):
    assert one_line(text) == shown
    assert printable(shown) == shown


def test_a_small_alphabet_escapes_what_it_has_not():
    assert encodable("a ± ü 日", "latin-1") == "a ± ü \\u65e5"
    assert encodable("a ± ü 日", "ascii") == "a \\u00b1 \\u00fc \\u65e5"


def test_a_message_cannot_forge_a_second_error(capsys):
    app._tell("no file a\nerror: all is lost\n  detail", "srkit list")
    assert capsys.readouterr().err == (
        "error: no file a\\u000aerror: all is lost\n  detail\ntry: srkit list\n"
    )


def test_only_one_module_prints():
    root = Path(app.__file__).parents[2]
    calls = re.compile(r"(?<![\w.])(?<!def )(print|typer\.echo|sys\.std(out|err)\.write)\(")
    found = [
        path.name
        for path in (root / "srkit_core").rglob("*.py")
        if calls.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert OUT.kept is None
