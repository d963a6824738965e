"""What stands for CUDA graphs where there is no card: operators are noted, and done again.

As on a card, a replay reads and writes the memory of the capture, and Python is not asked again.
Unlike there the operators are done while they are noted; `capturing` takes that back.
"""

from contextlib import contextmanager

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from srkit_core.engine.step_graphs import CapturedStep
from srkit_core.engine.train_step import turns_of


class Graph:
    """Operators with what they were given and what they made."""

    def __init__(self):
        self.operators = []

    def replay(self):
        with torch.no_grad():
            for function, args, options, before in self.operators:
                after = function(*args, **options)
                for old, new in zip(tensors(before), tensors(after), strict=True):
                    if old is not new and old.data_ptr() != new.data_ptr():
                        old.copy_(new)


def tensors(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


class Noting(TorchDispatchMode):
    def __init__(self, graph):
        super().__init__()
        self.graph = graph

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("operation not permitted when stream is capturing")
        made = function(*args, **(kwargs or {}))
        self.graph.operators.append((function, args, kwargs or {}, made))
        return made


@contextmanager
def graph(graph, pool=None, capture_error_mode=""):
    with Noting(graph):
        yield


def stand_in(monkeypatch):
    """Let torch.cuda capture as above."""
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph, raising=False)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)


@contextmanager
def taken_back(*networks):
    """Put back what a capture did, since a card does nothing while it captures."""
    before = [
        (tensor, tensor.detach().clone())
        for network in networks
        for tensor in (
            *network.module.parameters(),
            *network.module.buffers(),
            *tensors(dict(network.optimizer.state)),
        )
    ]
    yield
    with torch.no_grad():
        for tensor, value in before:
            tensor.copy_(value)


class Recorder:
    """Stands for the card: counts captures, and computes a captured step as it was given."""

    def __init__(self):
        self.captures = 0

    def __call__(self, networks, context, examples):
        self.captures += 1

        class Captured(CapturedStep):
            def replay(self, examples):
                return turns_of(networks, context, examples)

        return Captured(examples, ())
