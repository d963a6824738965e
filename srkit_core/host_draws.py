"""What draws the numbers that the host has to know, such as sizes, without waiting for a device?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def host_rng(rng: torch.Generator) -> torch.Generator:
    """Return a generator on the CPU for a degradation that was given `rng`: `rng` itself there,
    else one that is seeded from it; `rng` moves on.

    What is drawn from it may become a Python number at no cost. `rng` of a device keeps its state
    on the host, so nothing is read back.
    """
    import torch

    if rng.device.type == "cpu":
        return rng
    state = rng.get_state().numpy().tobytes()
    torch.rand((), generator=rng, device=rng.device)  # the next one is another
    digest = hashlib.sha256(state).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
