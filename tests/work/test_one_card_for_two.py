"""What is said where a run has more processes than its machine has GPUs? (stand-ins for both)"""

from dataclasses import replace

import pytest
import torch

from srkit_core import devices
from srkit_core.engine.machine import processes
from srkit_core.errors import IncompatibleError


def test_a_process_without_a_card_of_its_own_is_refused_before_any_meeting(monkeypatch):
    launched = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "MASTER_PORT": "1234"}
    for name, value in (launched | {"MASTER_ADDR": "localhost"}).items():
        monkeypatch.setenv(name, value)
    card = replace(devices.BACKENDS[0], devices=lambda: ["the only card"])
    monkeypatch.setattr(devices, "BACKENDS", (card,))
    monkeypatch.setattr(processes, "choose_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(processes, "choose_precision", lambda name, device: "fp32")
    with (
        pytest.raises(IncompatibleError, match=r"process 2 .* there are 1") as caught,
        processes.open_processes(),
    ):
        pass
    assert "as many processes as there are GPUs" in caught.value.hint
