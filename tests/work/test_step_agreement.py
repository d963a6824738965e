"""Do processes agree after each step without asking their GPUs?"""

import pytest
import torch
from torch import distributed

from srkit_core.engine.machine.processes import Processes


class TwoOnCards:
    """Stands for Accelerate on the second of two GPUs."""

    num_processes, process_index, device = 2, 1, torch.device("meta")


def test_a_request_to_stop_is_compared_on_the_host(monkeypatch):
    seen = []

    def reduced(tensor, operation):
        seen.append((tensor.device.type, operation))
        tensor.fill_(15)

    monkeypatch.setattr(distributed, "get_backend_config", lambda: "cpu:gloo,cuda:nccl")
    monkeypatch.setattr(distributed, "all_reduce", reduced)
    assert Processes(TwoOnCards(), "fp32").largest(0) == 15
    assert seen == [("cpu", distributed.ReduceOp.MAX)]


def test_a_group_of_others_without_tensors_of_the_host_is_met_on_the_device(monkeypatch):
    seen = []
    monkeypatch.setattr(distributed, "get_backend_config", lambda: "cuda:nccl")
    monkeypatch.setattr(distributed, "all_reduce", lambda one, _: seen.append(one.device.type))
    with pytest.raises(RuntimeError, match="meta"):  # which holds no number
        Processes(TwoOnCards(), "fp32").largest(0)
    assert seen == ["meta"]
