"""Are other people's files read without running anything in them?"""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from srkit_core.arrays import read_arrays
from srkit_core.errors import WeightsError

TENSOR = torch.arange(6.0).reshape(2, 3)


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def old_torch(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def numpy_pickle(content, path):
    arrays = {name: {"kernel": value.numpy()} for name, value in content.items()}
    path.write_bytes(pickle.dumps(arrays, protocol=3))


@pytest.mark.parametrize(
    ("write", "name"),
    [(save_file, "a"), (torch.save, "a"), (old_torch, "a"), (numpy_pickle, "a.kernel")],
    ids=lambda one: str(one)[:20],
)
def test_tensors_come_back_whatever_the_file_is_called(tmp_path, write, name):
    path = tmp_path / "any name.bin"
    write({"a": TENSOR}, path)
    assert list(read_arrays(path)) == [name]
    assert torch.equal(read_arrays(path)[name], TENSOR)


def test_tables_are_flattened_and_what_is_no_tensor_is_left_out(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"params": {"conv.weight": TENSOR}, "iter": 5, "names": ["x"]}, path)
    assert list(read_arrays(path)) == ["params.conv.weight"]


@pytest.mark.parametrize(
    "write", [torch.save, old_torch, lambda content, path: path.write_bytes(pickle.dumps(content))]
)
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path, write):
    path, mark = tmp_path / "trap.pth", tmp_path / "mark"
    write({"a": Trap(mark), "b": TENSOR}, path)
    with pytest.raises(
        WeightsError, match=r"is refused, because opening it would run code: it asks for \w+.mkdir"
    ) as caught:
        read_arrays(path)
    assert not mark.exists()
    assert caught.value.path == path
    pickle.loads(pickle.dumps(Trap(mark)))
    assert mark.exists()  # the trap works where it is let


def test_a_whole_module_is_refused(tmp_path):
    torch.save(torch.nn.Conv2d(1, 1, 1), tmp_path / "module.pth")
    with pytest.raises(WeightsError, match=r"it asks for torch.nn.modules.conv.Conv2d"):
        read_arrays(tmp_path / "module.pth")


class Forged:
    """Unpickled by numpy, an array of pointers that the file chose."""

    def __reduce__(self):
        reconstruct = np.array([0.0]).__reduce__()[0]
        return reconstruct, (np.ndarray, (0,), b"b"), (1, (2,), np.dtype("O"), False, b"\x41" * 16)


@pytest.mark.parametrize(
    "content",
    [np.array([None, {}], dtype=object), np.array(["a"]), np.zeros(2, np.longdouble), Forged()],
)
def test_an_array_of_anything_but_numbers_is_left_out(tmp_path, content):
    """Numpy's own unpickling trusts the bytes of a file, and ends in a crash or worse."""
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": content, "b": np.arange(3.0)}))
    assert list(read_arrays(tmp_path / "a.pkl")) == ["b"]


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4", "<i8", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_type_and_order_come_back(tmp_path, dtype, order):
    array = np.asarray(np.arange(6).reshape(2, 3), dtype=dtype, order=order)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(array))
    (found,) = read_arrays(tmp_path / "a.pkl").values()
    assert np.array_equal(found.numpy(), array)


def test_the_ending_of_a_name_decides_nothing(tmp_path):
    torch.save({"a": TENSOR}, tmp_path / "net.safetensors")
    assert torch.equal(read_arrays(tmp_path / "net.safetensors")["a"], TENSOR)


@pytest.mark.parametrize("length", [0, 1, 9, 40, 300, -1])
@pytest.mark.parametrize("write", [save_file, torch.save, old_torch])
def test_damaged_files_are_named(tmp_path, write, length):
    path = tmp_path / "cut"
    write({"a": torch.rand(50, 50)}, path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WeightsError, match=f"{path} is (damaged|refused)"):
        read_arrays(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"cannot read .*: No such file"):
        read_arrays(Path(tmp_path / "gone"))
