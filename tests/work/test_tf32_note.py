"""Is it said where fp32 is TF32, and nowhere else?"""

import pytest
import torch

from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.machine.tf32_note import tf32_note

CUDA, CPU = torch.device("cuda"), torch.device("cpu")


@pytest.mark.parametrize(
    ("precision", "device", "allowed", "supported", "said"),
    [
        ("fp32", CUDA, True, True, True),
        ("bf16", CUDA, True, True, False),
        ("fp32", CPU, True, True, False),
        ("fp32", CUDA, False, True, False),
        ("fp32", CUDA, True, False, False),
    ],
    ids=["fp32 on a GPU", "bf16", "a CPU", "switched off", "a GPU without TF32"],
)
def test_tf32_is_said(precision, device, allowed, supported, said, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", allowed)
    monkeypatch.setattr(torch.cuda, "is_tf32_supported", lambda: supported)
    assert ("TF32" in (tf32_note(precision, device) or "")) == said


def test_a_run_on_a_cpu_says_nothing_of_it():
    with open_processes("cpu", "fp32") as processes:
        assert processes.notes() == []
