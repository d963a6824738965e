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
    ("write", "name"), [(save_file, "a"), (torch.save, "a"), (old_torch, "a"), (numpy_pickle, "a.kernel")], ids=lambda one: str(one)[:20]
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


@pytest.mark.parametrize("write", [torch.save, old_torch, lambda content, path: path.write_bytes(pickle.dumps(content))])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path, write):
    path, mark = tmp_path / "trap.pth", tmp_path / "mark"
    write({"a": Trap(mark), "b": TENSOR}, path)
    with pytest.raises(WeightsError, match=r"is refused, because opening it would run code: it asks for \w+.mkdir") as caught:
        read_arrays(path)
    assert not mark.exists()
    assert caught.value.path == path
    pickle.loads(pickle.dumps(Trap(mark)))
    assert mark.exists()  # the trap works where it is let


def test_a_whole_module_is_refused(tmp_path):
    torch.save(torch.nn.Conv2d(1, 1, 1), tmp_path / "module.pth")
    with pytest.raises(WeightsError, match=r"it asks for torch.nn.modules.conv.Conv2d"):
        read_arrays(tmp_path / "module.pth")


def test_an_array_of_objects_is_no_tensor(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": np.array([None, {}], dtype=object)}))
    assert read_arrays(tmp_path / "a.pkl") == {}


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
