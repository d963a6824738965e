"""How is a component tried so that what it reads and changes around it decides nothing?"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from srkit_core.testing.surroundings import kept
from srkit_core.testing.torch_surroundings import OF_TORCH

_SEED = 20


def seed_everything(seed: int) -> None:
    """Seed the global random states of torch, numpy and Python."""
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


@contextmanager
def guarded(seed: int = _SEED) -> Iterator[None]:
    """Run a block under fixed random states, and set everything as it was afterwards."""
    with kept(OF_TORCH), torch.random.fork_rng(devices=[]):
        seed_everything(seed)
        yield
