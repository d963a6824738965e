"""Does anything that a stranger's file says run, write outside, take forever or steer a terminal?

Each attack is a command line on files that were made to harm. It must end with one error of its own
kind, soon and in little memory.
"""

import json
import os
import pickle
import resource
import struct
import sys
import tarfile
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from srkit_core.cli.app import run
from srkit_core.io.images import write_image

SECONDS = 30
"""Far more than any of them takes, on a machine that is busy."""
MEGABYTES = 1000
ESCAPE, BIDI = "\x1b[2J\x1b]0;owned\x07", "\u202e\u2066"
STAGE = '[[stages]]\nloss = "l1"\nsteps = 2\n'
DEEP = 100_000


class Evil:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch ran",)


def recipe(**changes):
    """Return the text of a recipe with some of its lines replaced."""
    lines = {"generator": '"srvgg(features=8, blocks=1)"', "scale": "4"} | changes
    stage = {"loss": '"l1"', "steps": "2"}
    stage |= {name[6:]: lines.pop(name) for name in [*lines] if name.startswith("stage_")}
    top = "".join(f"{name} = {value}\n" for name, value in lines.items())
    return top + "[[stages]]\n" + "".join(f"{name} = {one}\n" for name, one in stage.items())


def header(document, data=b"\0" * 64):
    """Return a file of safetensors with that header, whatever it says."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape=(4,), begin=0, end=16, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def card(**changes):
    """Return a file of srkit's weights with a card that lies."""
    good = {
        "format": "srkit-weights-1",
        "generator": "srkit-srvgg/srvgg(features=8, blocks=1)",
        "scale": "4",
        "recipe": "",
        "versions": "{}",
        "step": "0",
    }
    return save({"body.0.weight": torch.zeros(4)}, metadata=good | changes)


def torch_file(value, **options):
    file = BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def archive(members, compression=zipfile.ZIP_STORED):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return file.getvalue()


def old_tar():
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w") as written:
        for name in ("sys_info", "pickle", "../../ran", "storages", "tensors"):
            content = pickle.dumps(Evil())
            member = tarfile.TarInfo(name)
            member.size = len(content)
            written.addfile(member, BytesIO(content))
    return file.getvalue()


def objects(save_array=np.save):
    file = BytesIO()
    save_array(file, np.array([Evil()], dtype=object))
    return file.getvalue()


RECIPES = {
    "a module as generator": (recipe(generator='"evil_module"'), 3),
    "a path of a module": (recipe(generator='"evil_module.Net"'), 2),
    "a call of a function": (recipe(generator='"os.system(\\"touch ran\\")"'), 2),
    "a dunder": (recipe(generator='"__import__"'), 3),
    "a module of a distribution": (recipe(generator='"evil-module/evil_module"'), 3),
    "a module as discriminator": (recipe(discriminator='"evil_module"'), (2, 3)),
    "a module as loss": (recipe(stage_loss='"evil_module:loss"'), 2),
    "a module as degradation": (recipe(degradation='"evil_module"'), 3),
    "a module as metric": (recipe() + '[validation]\nmetrics = "evil_module"\n', 3),
    "a module as augmentation": (recipe(stage_augment='"evil_module"'), (2, 3)),
    "a module as optimizer": (recipe(stage_optimizer='"evil_module.Adam"'), (2, 3)),
    "an optimizer of another module": (recipe(stage_optimizer='"lr_scheduler"'), (2, 3)),
    "a dunder as optimizer": (recipe(stage_optimizer='"__builtins__"'), (2, 3)),
    "a module as schedule": (recipe(stage_schedule='"evil_module"'), (2, 3)),
    "callbacks in a recipe": (recipe(callbacks='["evil_module"]'), 2),
    "a plugin in a recipe": (recipe(plugins='["evil_module"]'), 2),
    "code of a stage": (recipe(stage_code='"import os"'), 2),
    "a pickle as network of a loss": (recipe(stage_loss="'vgg(weights=\"evil.pth\")'"), (2, 4)),
    "a traversal as network": (recipe(stage_loss="'vgg(weights=\"../../etc/passwd\")'"), (2, 4)),
    "a name that leads out": (recipe(name='"../../../evil"'), 2),
    "a stage that leads out": (recipe(stage_name='"../../../evil"'), 2),
    "a stage that is a device": (recipe(stage_name='"con"'), 2),
    "escapes in a name": (recipe(name='"\\u001b[2J\\u202e"'), 2),
    "an infinite rate": (recipe(stage_lr="1e999"), 2),
    "a rate that is no number": (recipe(stage_lr="nan"), 2),
    "thousands of digits": (recipe(stage_steps="9" * 5000), 2),
    "hundreds of digits": (recipe(stage_steps="9" * 400), 2),
    "a scale of a billion": (recipe(scale="1000000000"), 2),
    "a batch beyond memory": (recipe(stage_batch="1000000000000000"), 2),
    "a patch beyond memory": (recipe(stage_patch="1000000000000"), 2),
    "a billion blocks": (recipe(generator='"srvgg(features=8, blocks=1000000000)"'), 2),
    "a billion features": (recipe(generator='"srvgg(features=1000000000)"'), 2),
    "a number beyond a float": (recipe(generator=f'"edsr(res_scale={"9" * 400})"'), 2),
    "an infinite option": (recipe(generator='"edsr(res_scale=1e999)"'), 2),
    "an infinite weight": (recipe(stage_loss='"1e999*l1"'), 2),
    "brackets without end": (recipe(generator=f'"srvgg({"f(a=" * DEEP}"'), 2),
    "lists without end": (recipe(generator=f'"srvgg(a={"[" * DEEP}"'), 2),
    "tables without end": ("x = " + "[" * DEEP, 2),
    "inline tables without end": ("x = " + "{a=" * DEEP, 2),
    "dotted keys without end": (".".join(["a"] * 5000) + " = 1", 2),
    "bytes that are no text": (b"\xff\xfe\x00generator", 2),
    "a list of the held out that never ends": (
        recipe() + '[data]\nhold_out = "/dev/zero"\n',
        4,
    ),
    "a list of the held out that is secret": (
        recipe() + '[data]\nhold_out = "/etc/shadow-of-nobody"\n',
        4,
    ),
    "a list of the held out that is a pipe": (recipe() + '[data]\nhold_out = "pipe"\n', 4),
}

ONLY_NOTED = ("a pickle as network of a loss", "a traversal as network")
"""What `srkit check` says in a note, as it does of every network that is not on this machine."""

WEIGHTS = {
    "a pickle that runs": (torch_file({"w": Evil()}), ".pth"),
    "a pickle of the old form that runs": (
        torch_file({"w": Evil()}, _use_new_zipfile_serialization=False),
        ".pth",
    ),
    "a bare pickle": (pickle.dumps(Evil()), ".pt"),
    "a bare pickle of protocol 0": (pickle.dumps(Evil(), 0), ".ckpt"),
    "a pickle called safetensors": (pickle.dumps(Evil()), ".safetensors"),
    "a tar of the oldest form": (old_tar(), ".pth"),
    "an array of objects": (objects(), ".pth"),
    "arrays of objects": (objects(np.savez), ".pth"),
    "a pickle of eval": (b'c__builtin__\neval\n(S\'open("ran", "w")\'\ntR.', ".pth"),
    "a pickle of getattr": (b"c__builtin__\ngetattr\n(cos\nsystem\nS'x'\ntR.", ".pth"),
    "a pickle without end": (b"\x80\x02" + b"(" * DEEP, ".pth"),
    "a pickle of a huge text": (b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"x", ".pth"),
    "members that lead out": (archive({"../../ran": b"x", "a/data.pkl": b"."}), ".pth"),
    "a member that is a bomb": (
        archive({"a/data.pkl": b"\0" * 2**28}, zipfile.ZIP_DEFLATED),
        ".pth",
    ),
    "an archive without members": (archive({}), ".pth"),
    "a header longer than the file": (struct.pack("<Q", 2**40) + b"{}", ".safetensors"),
    "a header beyond 63 bits": (struct.pack("<Q", 2**64 - 1) + b"{}", ".safetensors"),
    "a header of 100 MB": (struct.pack("<Q", 10**8 + 1) + b" " * 64, ".safetensors"),
    "a header without end": (header(b'{"a":' * DEEP), ".safetensors"),
    "a header that is no text": (header(b"\xff" * 16), ".safetensors"),
    "a header that is a list": (header([1, 2]), ".safetensors"),
    "tensors that overlap": (header({"a": tensor(), "b": tensor(begin=8, end=24)}), ".safetensors"),
    "a tensor before the data": (header({"a": tensor(begin=-16, end=0)}), ".safetensors"),
    "a tensor beyond the file": (header({"a": tensor(end=2**40)}), ".safetensors"),
    "a shape that lies": (header({"a": tensor(shape=(1000, 1000))}), ".safetensors"),
    "a shape beyond 64 bits": (header({"a": tensor(shape=(2**40, 2**40))}), ".safetensors"),
    "a type that is none": (header({"a": tensor(dtype="EVIL")}), ".safetensors"),
    "a key twice": (
        header(b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},' * 2 + b'"b":1}'),
        ".safetensors",
    ),
    "nothing": (b"", ".safetensors"),
    "a card of a module": (card(generator="evil_module(blocks=1)"), ".safetensors"),
    "a card of a call": (card(generator="os.system('touch ran')"), ".safetensors"),
    "a card of a distribution": (card(generator="evil-net/net(blocks=1)"), ".safetensors"),
    "a card of escapes": (card(generator=f"x{ESCAPE}{BIDI}"), ".safetensors"),
    "a card of a billion blocks": (
        card(generator="srkit-srvgg/srvgg(features=8, blocks=1000000000)"),
        ".safetensors",
    ),
    "a card of a billion features": (
        card(generator="srkit-srvgg/srvgg(features=100000000, blocks=1)"),
        ".safetensors",
    ),
    "a card of four thousand wide blocks": (
        card(generator="srkit-rrdb/rrdb(blocks=4000, features=512)"),
        ".safetensors",
    ),
    "a card of a huge scale": (card(scale="9" * 5000), ".safetensors"),
    "a card of a scale that is none": (card(scale="1e999"), ".safetensors"),
    "a card of a negative scale": (card(scale="-4"), ".safetensors"),
    "a card of versions without end": (card(versions="[" * DEEP), ".safetensors"),
    "a card of pictures without end": (card(held_out="[" * DEEP), ".safetensors"),
    "a card of a step without end": (card(step="9" * 5000), ".safetensors"),
    "a card of brackets without end": (card(generator="x(a=" * DEEP), ".safetensors"),
    "a card of tensors of another": (card(), ".safetensors"),
    "a key of a hundred thousand letters": (
        torch_file({"a" * DEEP: torch.zeros(4), "a." * 50_000: torch.zeros(4)}),
        ".pth",
    ),
    "thirty thousand tensors": (
        save({f"body.{number}.weight": torch.zeros(1) for number in range(30_000)}),
        ".safetensors",
    ),
}

LINKS = {
    "zero.safetensors": "/dev/zero",
    "passwd.safetensors": "/etc/passwd",
    "passwd.pth": "/etc/passwd",
    "loop.safetensors": "loop.safetensors",
    "folder.safetensors": "/etc",
    "passwd.toml": "/etc/passwd",
    "zero.toml": "/dev/zero",
    "random.pth": "/dev/urandom",
}
WORDS = {
    **{f"weights in {name}": (["weights", "show", name], (2, 3, 4)) for name in LINKS},
    "weights in a pipe": (["weights", "show", "pipe.safetensors"], 4),
    "upscaling with a pipe": (["upscale", "pipe.safetensors", "photo.png", "--out", "b.png"], 4),
    "upscaling with a device": (["upscale", "zero.safetensors", "photo.png", "--out", "b.png"], 4),
    "a recipe in a pipe": (["check", "pipe"], 2),
    "a recipe that is a device": (["check", "zero.toml"], 2),
    "a recipe that is another file": (["check", "passwd.toml"], 2),
    "a module typed as generator": (["show", "evil_module"], 3),
    "a path typed as generator": (["show", "../evil"], 2),
    "escapes typed as generator": (["show", f"x{ESCAPE}"], 2),
    "a name of weights that leads out": (["weights", "get", "../../evil"], 3),
    "weights added under a name that leads out": (["weights", "add", "../evil", "evil.pth"], 3),
    "another file under the name of a network": (
        ["weights", "add", "vgg19-torchvision", "evil.pth"],
        4,
    ),
    "a pickle imported": (["weights", "import", "evil.pth", "--out", "a.safetensors"], 4),
    "a module as tracker": (
        ["train", "--gen", "srvgg", "--steps", "1", "--track", "evil_module", "--out", "run"],
        (2, 3),
    ),
    "a setting that is code": (["check", "demo", "--set", "generator=__import__('os')"], 2),
    "a setting of a billion": (["check", "demo", "--set", "generator=srvgg(blocks=1000000000)"], 2),
    "a pickle as initial weights": (
        ["train", "--gen", "srvgg", "--steps", "1", "--init", "evil.pth", "--out", "run"],
        4,
    ),
    "a plugin of a module": (["plugin", "check", "evil_module"], (2, 3)),
}

_ARMED: list[list[str]] = []
_RUNS = (
    "os.system",
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "socket.connect",
    "pty.spawn",
)
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod")


def _watch(event, arguments):
    """Note what runs a program, reaches the network, or changes a file outside."""
    if not _ARMED:
        return
    seen = _ARMED[-1]
    if event in _RUNS:
        seen.append(f"{event} {arguments!r}")
    elif event == "import" and "evil" in str(arguments[0]):
        seen.append(f"import {arguments[0]}")
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and not _may_change(os.fsdecode(arguments[0])):
            seen.append(f"writes {arguments[0]!r}")
    elif event in _CHANGES and not _may_change(os.fsdecode(arguments[0])):
        seen.append(f"{event} {arguments[0]!r}")


def _may_change(path):
    whole = os.path.realpath(path)
    inside = whole.startswith(os.path.realpath(Path.cwd()))
    return inside or whole.startswith("/dev/") or "__pycache__" in whole


@pytest.fixture(scope="session", autouse=True)
def _hooked():
    sys.addaudithook(_watch)


@pytest.fixture
def attack(tmp_path, monkeypatch, capsys):
    """Run a command line on hostile files and prove that it harms nobody."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "evil_module.py").write_text("open('ran', 'w')\n")
    (place / "evil.pth").write_bytes(torch_file({"w": Evil()}))
    write_image(place / "photo.png", np.full((16, 16, 3), 90, np.uint8))
    monkeypatch.chdir(place)
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("SRKIT_CACHE", str(place / "cache"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)
    os.mkfifo("pipe")
    os.mkfifo("pipe.safetensors")
    for name, target in LINKS.items():
        Path(name).symlink_to(target)
    before = set(tmp_path.iterdir())

    def attempt(words, codes):
        seen, memory, began = [], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.time()
        _ARMED.append(seen)
        try:
            code = run(words)
        finally:
            _ARMED.pop()
        told = capsys.readouterr()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        assert seen == []
        assert not (place / "ran").exists()
        assert set(tmp_path.iterdir()) == before
        assert time.time() - began < SECONDS
        assert grown < MEGABYTES * 1024
        assert code in (codes if isinstance(codes, tuple) else (codes,)), told.err
        for text in (told.out, told.err):
            assert all(one.isprintable() or one == "\n" for one in text), ascii(text)
        if code:
            errors = [line for line in told.err.splitlines() if line.startswith("error")]
            assert len(errors) == 1, told.err
            assert "Traceback" not in told.err
            assert "unexpectedly" not in told.err
            assert len(told.err) < 4000, len(told.err)
        return told

    return attempt


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_runs_nothing_that_it_names(attack, name):

    content, codes = RECIPES[name]
    path = Path("hostile.toml")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    attack(["check", "hostile.toml"], (*codes, 0) if name in ONLY_NOTED else codes)
    attack(["train", "hostile.toml", "--out", "run", "--device", "cpu"], codes)


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_weights_file_runs_nothing_and_ends_soon(attack, name):

    content, ending = WEIGHTS[name]
    file = f"hostile{ending}"
    Path(file).write_bytes(content)
    words = [file, "photo.png", "--out", "large.png", "--device", "cpu"]
    attack(["upscale", *words], (2, 3, 4))
    attack(["weights", "show", file], (0, 2, 3, 4))
    assert not Path("large.png").exists()


@pytest.mark.parametrize("name", WORDS)
def test_words_and_links_run_nothing_and_end_soon(attack, name):
    words, codes = WORDS[name]
    told = attack(words, codes)
    assert "root:" not in told.out + told.err
    assert not Path("a.safetensors").exists()
