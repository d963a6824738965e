"""How does a GPU compute in fp32 what a CPU does, and not in TF32?"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exact_floats() -> Iterator[None]:
    """Keep matrix products and convolutions of a GPU from rounding fp32 to TF32, which has 10 bits
    of mantissa (torch's "CUDA semantics"; convolutions do by default): figures within 1e-4 dB of a
    CPU's. What was set before is set again.
    """
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = False
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
