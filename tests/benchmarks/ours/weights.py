"""Which file of random weights do peer and srkit open alike?

`python -m tests.benchmarks.ours.weights GENERATOR FILE`: a .pth of the published names, as the
peers read it.
"""

import sys
from pathlib import Path

import torch

from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.plan import bind_generator
from srkit_core.registry import discover

if __name__ == "__main__":
    torch.manual_seed(0)
    network = build_network(bind_generator(discover(), parse_call(sys.argv[1]), 4))
    torch.save({"params": network.state_dict()}, Path(sys.argv[2]))
