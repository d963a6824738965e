"""Is everything in a pickle that is data read, and everything that would run refused by name?"""

import argparse
import builtins
import collections
import datetime
import decimal
import fractions
import io
import os
import pathlib
import pickle
import pickletools
import random
import subprocess
import sys
import types
import typing
import uuid
import zipfile

import numpy as np
import pytest
import torch

from srkit_core.arrays import read_arrays
from srkit_core.errors import WeightsError

WEIGHT = torch.arange(6.0).reshape(2, 3)


class Settings(dict):
    """A table of settings, such as those of EasyDict, addict and Lightning."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


class Config:
    """An object of a training program."""

    def __init__(self):
        self.lr, self.names = 1e-4, ["a"]


class Slotted:
    __slots__ = ("rate",)

    def __init__(self):
        self.rate = 1e-4


class History:
    """A record of a training program, such as mmengine's: numbers, and its own methods."""

    def __init__(self):
        self.log, self.methods = np.arange(3.0), {"mean": History.mean}

    def mean(self):
        return self.log.mean()


Scores = collections.namedtuple("Scores", "psnr ssim")

DATA = {
    "numpy scalar": np.float64(31.2),
    "numpy integer": np.int64(7),
    "numpy array": np.arange(4),
    "numpy words": np.array(["a", "b"]),
    "numpy objects": np.array([None, {}], dtype=object),
    "numpy unsigned": np.array([2**40], dtype="u8"),
    "numpy dates": np.array(["2026-01-01"], dtype="M8[D]"),
    "numpy record": np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]),
    "numpy bools": np.array([True]),
    "numpy dtype": np.dtype("f4"),
    "numpy type": np.float32,
    "numpy random": np.random.RandomState(0),
    "numpy generator state": np.random.default_rng(0).bit_generator.state,
    "numpy state": np.random.get_state(),
    "namespace": argparse.Namespace(lr=1, sub=argparse.Namespace(a=2)),
    "simple namespace": types.SimpleNamespace(a=1),
    "posix path": pathlib.PosixPath("/data"),
    "windows path": pathlib.PureWindowsPath("C:/data"),
    "defaultdict": collections.defaultdict(list, a=[1]),
    "counter": collections.Counter("aab"),
    "deque": collections.deque([1, 2], maxlen=3),
    "ordered": collections.OrderedDict(a=1),
    "size": torch.Size([1, 2]),
    "dtype": torch.float16,
    "device": torch.device("cuda:0"),
    "torch version": torch.__version__,
    "layout": torch.strided,
    "datetime": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    "timedelta": datetime.timedelta(1),
    "decimal": decimal.Decimal("1.5"),
    "fraction": fractions.Fraction(1, 3),
    "uuid": uuid.UUID(int=1),
    "random": random.Random(0),
    "random state": random.getstate(),
    "set": {1, 2},
    "frozenset": frozenset({1}),
    "complex": 1j,
    "bytes": b"\x00\xff",
    "bytearray": bytearray(b"ab"),
    "slice": slice(1, 2),
    "range": range(3),
    "large": 2**80,
    "ellipsis of types": typing.Any,
    "type": int,
    "settings": Settings(lr=1, inner=Settings(b=2)),
    "object": Config(),
    "slotted": Slotted(),
    "history": History(),
    "generic": list[int],
    "optional": typing.Optional[int],  # noqa: UP045
    "named tuple": Scores(1.0, 2.0),
    "class": Config,
    "class as key": {Config: 1},
    "none": None,
}


def _zip(content, path):
    torch.save(content, path)


def _zip4(content, path):
    torch.save(content, path, pickle_protocol=4)


def _stream(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def _bare(protocol):
    return lambda content, path: path.write_bytes(pickle.dumps(content, protocol=protocol))


WRITERS = {
    "zip": _zip,
    "zip of protocol 4": _zip4,
    "stream": _stream,
    **{f"pickle of protocol {number}": _bare(number) for number in range(6)},
}


@pytest.mark.parametrize("what", DATA)
def test_what_is_data_is_read_beside_the_weights(tmp_path, what):
    for name, write in WRITERS.items():
        if what == "slotted" and name.endswith(("0", "1")):
            continue  # older protocols cannot hold it
        path = tmp_path / f"{name}.pth"
        write({"args": DATA[what], "params": {"w": WEIGHT}}, path)
        found = read_arrays(path)
        assert torch.equal(found.pop("params.w"), WEIGHT), name
        assert all(one.startswith("args") for one in found), name


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize(
    "wrap",
    [dict, collections.OrderedDict, lambda one: collections.defaultdict(dict, one), Settings],
)
def test_tables_of_every_class_keep_their_tensors(tmp_path, write, wrap):
    half, whole = WEIGHT.half(), torch.tensor([1, 2])
    content = {"w": WEIGHT, "t": WEIGHT.t(), "half": half, "whole": whole, "p": [WEIGHT[1]]}
    content["parameter"] = torch.nn.Parameter(WEIGHT)
    content["bf16"], content["empty"] = WEIGHT.bfloat16(), torch.zeros(0, 3)
    write(wrap({"params": wrap(content)}), tmp_path / "w.pth")
    found = read_arrays(tmp_path / "w.pth")
    expected = {**content, "p.0": WEIGHT[1]}
    del expected["p"]
    assert {name.removeprefix("params.") for name in found} == set(expected)
    for name, value in expected.items():
        got = found[f"params.{name}"]
        assert (got.dtype, got.shape) == (value.dtype, value.shape)
        assert torch.equal(got, value)


def test_numbers_of_another_order_of_bytes_are_turned(tmp_path):
    torch.save({"w": WEIGHT}, tmp_path / "w.pth")
    with (
        zipfile.ZipFile(tmp_path / "w.pth") as source,
        zipfile.ZipFile(tmp_path / "big.pth", "w") as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("byteorder"):
                content = b"big"
            if "/data/" in name:
                content = np.frombuffer(content, "<f4").astype(">f4").tobytes()
            target.writestr(name, content)
    assert torch.equal(read_arrays(tmp_path / "big.pth")["w"], WEIGHT)


class Calls:
    """Unpickled, it calls something."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def _mark(folder):
    return str(folder / "mark")


TRAPS = {
    "os.mkdir": lambda folder: Calls(os.mkdir, _mark(folder)),
    "os.system": lambda folder: Calls(os.system, f"mkdir {_mark(folder)}"),
    "eval": lambda folder: Calls(eval, f"__import__('os').mkdir({_mark(folder)!r})"),
    "exec": lambda folder: Calls(exec, f"import os; os.mkdir({_mark(folder)!r})"),
    "getattr": lambda folder: Calls(getattr, int, "real"),
    "a method called": lambda folder: Calls(History.mean, 1),
    "open": lambda folder: Calls(open, _mark(folder), "w"),
    "subprocess": lambda folder: Calls(subprocess.call, ["mkdir", _mark(folder)]),
    "Popen": lambda folder: Calls(subprocess.Popen, ["mkdir", _mark(folder)]),
    "import": lambda folder: Calls(__import__, "this"),
    "torch.load": lambda folder: Calls(torch.load, _mark(folder)),
    "torch.hub": lambda folder: Calls(torch.hub.load, "a/b", "c"),
    "numpy.load": lambda folder: Calls(np.load, _mark(folder)),
    "pathlib method": lambda folder: Calls(pathlib.Path.touch, pathlib.Path(_mark(folder))),
    "a class called": lambda folder: Calls(Config),
    "a module": lambda folder: torch.nn.Conv2d(1, 1, 1),
    "modules in a module": lambda folder: torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1)),
    "an optimizer": lambda folder: torch.optim.SGD([torch.nn.Parameter(WEIGHT)], lr=1),
}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_would_run_is_refused_by_name_and_does_not_run(tmp_path, trap, write):
    path = tmp_path / "trap.pth"
    try:
        write({"w": WEIGHT, "x": TRAPS[trap](tmp_path)}, path)
    except (pickle.PicklingError, TypeError, AttributeError):
        pytest.skip("this protocol cannot write it")
    with pytest.raises(WeightsError, match=r"would run code: it asks for [\w.]+$"):
        read_arrays(path)
    assert not (tmp_path / "mark").exists()


def _asks(module, name, build=b"(K\x01tR."):
    return b"c" + module + b"\n" + name + b"\n" + build


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (_asks(b"posix", b"system", b"(S'mkdir mark'\ntR."), "posix.system"),
        (_asks(b"nt", b"system"), "nt.system"),
        (_asks(b"__builtin__", b"eval"), "eval"),
        (_asks(b"builtins", b"exec"), "exec"),
        (_asks(b"os", b"system", b"."), "os.system"),  # only named
        (_asks(b"subprocess", b"Popen", b")\x81."), "subprocess.Popen"),  # made without a call
        (b"(S'mkdir mark'\nios\nsystem\n.", "os.system"),  # INST
        (b"(cos\nsystem\nS'mkdir mark'\no.", "os.system"),  # OBJ
        (b"(S'x'\nistranger\nRun\n.", "stranger.Run"),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x8c\x01x\x85R.", "os.system"),
        (b"\x80\x04\x8c\x0bcollections\x94\x8c\x0fabc.sys.modules\x94\x93.", "abc.sys.modules"),
        (_asks(b"torch", b"load"), "torch.load"),
        (_asks(b"torch._utils", b"_import_dotted_name", b"(S'os.system'\ntR."), "dotted"),
        (_asks(b"commands", b"getoutput", b"(S'mkdir mark'\ntR."), "commands.getoutput"),
        (_asks(b"functools", b"partial"), "functools.partial"),
        (_asks(b"operator", b"attrgetter"), "operator.attrgetter"),
        (b"P1\n.", "something outside of it"),
        (b"c__builtin__\ngetattr\n(cos\nsystem\nS'x'\ntR.", "os.system"),
        (b"c__builtin__\ngetattr\n(cpathlib\nPath\nS'home'\ntR.", "getattr"),
        (b"c__builtin__\ngetattr\n(cmy\nThing\nS'run'\ntR(tR.", "my.Thing.run"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\ntR.", "os.system"),
    ],
)
def test_hostile_pickles_are_refused(tmp_path, monkeypatch, content, asked):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    pickletools.dis(content, out=io.StringIO())  # it is a pickle
    with pytest.raises(WeightsError, match=f"is refused, .*{asked}"):
        read_arrays(path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_nothing_of_ours_is_changed_by_a_pickle(tmp_path):
    """BUILD with a table of slots sets attributes of whatever stands before it."""
    change = b"(N}S'func'\ncbuiltins\ndict\nstb"
    names = [b"numpy\nndarray", b"torch._utils\n_rebuild_tensor_v2", b"collections\nOrderedDict"]
    for name in names:
        (tmp_path / "w.pth").write_bytes(b"c" + name + b"\n" + change + b".")
        try:
            read_arrays(tmp_path / "w.pth")
        except WeightsError as error:
            assert "damaged" in str(error)  # noqa: PT017
    torch.save({"w": WEIGHT}, tmp_path / "good.pth")
    assert torch.equal(read_arrays(tmp_path / "good.pth")["w"], WEIGHT)


def test_a_table_within_itself_ends(tmp_path):
    table = {"w": WEIGHT.numpy()}
    table["again"] = table
    (tmp_path / "w.pkl").write_bytes(pickle.dumps(table))
    with pytest.raises(WeightsError, match=r"damaged.*more than 64 tables lie within each other"):
        read_arrays(tmp_path / "w.pkl")


def test_a_program_of_torchscript_is_refused(tmp_path):
    torch.jit.script(torch.nn.ReLU()).save(tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="it asks for TorchScript, a program"):
        read_arrays(tmp_path / "w.pt")


def test_a_tensor_that_reaches_beyond_its_storage_is_damage(tmp_path, monkeypatch):
    torch.save({"w": WEIGHT}, tmp_path / "w.pth")
    content = (tmp_path / "w.pth").read_bytes()
    for name, other in (("size", content.replace(b"K\x02K\x03\x86", b"K\x7fK\x03\x86", 1)),):
        (tmp_path / f"{name}.pth").write_bytes(other)
        with pytest.raises(WeightsError, match="is damaged"):
            read_arrays(tmp_path / f"{name}.pth")


def test_the_names_that_are_data_exist():
    """A slip of the pen in the table of names would refuse what it is for."""
    from srkit_core.pickled_data import _PLAIN

    assert {name for name in _PLAIN if not hasattr(builtins, name)} == {
        "basestring",
        "long",
        "unicode",
        "xrange",
    }
    assert "os" in sys.stdlib_module_names
