"""How long do two processes of this machine take to average gradients, by gloo over loopback?

`python -m torch.distributed.run --standalone --nproc-per-node 2 -m tests.benchmarks.ours.all_reduce
PARAMETERS...` prints a line of JSON for each number of parameters: the median of nine times.
"""

import json
import statistics
import sys
import time

import torch
from torch import distributed

from tests.benchmarks.turns import peak_memory_mb


def seconds(gradients: torch.Tensor) -> float:
    """Average a tensor of the size of the gradients, once."""
    distributed.barrier()
    began = time.perf_counter()
    distributed.all_reduce(gradients)
    return time.perf_counter() - began


def main() -> None:
    """Average the gradients of ever more parameters."""
    distributed.init_process_group("gloo")
    for count in map(int, sys.argv[1:]):
        gradients = torch.ones(count)
        median = statistics.median([seconds(gradients) for _ in range(9)])
        if distributed.get_rank() == 0:
            point = {"what": f"{count} parameters", "seconds": median}
            print(json.dumps({**point, "memory_mb": peak_memory_mb()}), flush=True)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
