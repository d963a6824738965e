"""How long do two processes of this machine take to average gradients, by gloo over loopback?

`python -m torch.distributed.run --standalone --nproc-per-node 2 -m tests.benchmarks.ours.all_reduce
GENERATOR` prints the network's parameters and the median seconds.
"""

import json
import statistics
import sys
import time

import torch
from torch import distributed

from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.plan import bind_generator
from srkit_core.registry import discover


def main() -> None:
    """Average a tensor of the size of the gradients, nine times."""
    distributed.init_process_group("gloo")
    network = build_network(bind_generator(discover(), parse_call(sys.argv[1]), 4))
    count = sum(one.numel() for one in network.parameters())
    gradients, seconds = torch.ones(count), []
    for _ in range(9):
        distributed.barrier()
        began = time.perf_counter()
        distributed.all_reduce(gradients)
        seconds.append(time.perf_counter() - began)
    if distributed.get_rank() == 0:
        print(json.dumps({"parameters": count, "seconds": statistics.median(seconds)}), flush=True)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
