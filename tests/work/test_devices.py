"""Is every kind of device in the table, and does the table answer for the one that is here?"""

from typing import get_args

import pytest
import torch

from srkit_core.devices import (
    BACKENDS,
    DeviceName,
    backend_of,
    choose_device,
    choose_precision,
    inference_dtype,
    peak_memory_mb,
)
from srkit_core.errors import IncompatibleError

CPU = torch.device("cpu")


def test_every_name_of_a_device_has_its_entry():
    assert get_args(DeviceName) == ("auto", *(one.name for one in BACKENDS))


def test_auto_takes_the_first_that_is_available():
    first = next(one.name for one in BACKENDS if one.available())
    assert choose_device("auto") == torch.device(first)
    assert choose_device("cpu") == CPU


def test_a_device_that_is_not_here_is_refused():
    missing = next((one.name for one in BACKENDS if not one.available()), None)
    if missing is None:
        pytest.skip("this machine has every kind of device")
    with pytest.raises(IncompatibleError, match=f"no usable device '{missing}'"):
        choose_device(missing)


def test_a_kind_without_an_entry_is_named():
    with pytest.raises(IncompatibleError, match="does not know devices 'meta'") as caught:
        backend_of(torch.device("meta"))
    assert caught.value.hint == f"one of {', '.join(one.name for one in BACKENDS)}"


def test_precisions_of_a_cpu():
    assert choose_precision("auto", CPU) == "fp32"
    assert choose_precision("bf16", CPU) == "bf16"
    with pytest.raises(IncompatibleError, match="a CPU does not compute in fp16") as caught:
        choose_precision("fp16", CPU)
    assert caught.value.hint == "--precision bf16"
    assert inference_dtype("auto", CPU) == torch.float32


def test_the_peak_of_memory_grows_with_what_is_held():
    before = peak_memory_mb(CPU)
    held = torch.ones(64 * 2**20 // 4)
    assert held.sum() == 64 * 2**20 // 4
    assert 20 < before <= peak_memory_mb(CPU)
