"""How is a network of pyiqa built from a file of known digest, and from nothing else?

pyiqa would fetch files by itself, unpickle what is in them, and fetch the networks that others are
built on. Here it gets none of that to do.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from srkit_core.arrays import read_arrays
from srkit_core.errors import WeightsError

_TABLE: Final = "params."
"""The table in which pyiqa's own files hold a network."""


@cache
def pyiqa_network(name: str, path: Path, device: torch.device) -> nn.Module:
    """Return a metric of pyiqa with the weights of a file, frozen and in eval mode.

    Raises WeightsError for a file that is not of this network.
    """
    with _quietly(), _without_backbones():
        if name == "clipiqa":  # CLIP's own file is an archive of TorchScript, which pyiqa opens
            network = _create(name, backbone=str(path))
        else:
            network = _create(name, pretrained=False)
            fill_network(network.get_submodule("net"), read_arrays(path), path)
    network.requires_grad_(False)
    return network.to(device).eval()


def fill_network(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put the tensors of a file into a network, all of them.

    Raises WeightsError where one is missing, is too many, or has another shape.
    """
    inside = any(name.startswith(_TABLE) for name in tensors)
    named = {
        name.removeprefix(_TABLE).removeprefix("module."): one
        for name, one in tensors.items()
        if name.startswith(_TABLE) or not inside
    }
    try:
        network.load_state_dict(named, strict=True)
    except RuntimeError as error:
        fact = str(error).strip().splitlines()[-1].strip()
        raise WeightsError(
            f"{path} does not hold {type(network).__name__} of pyiqa: {fact}",
            hint="pip install -U srkit-pyiqa pyiqa",
            path=path,
        ) from error


def _create(name: str, **options: Any) -> nn.Module:
    from pyiqa import create_metric

    network: nn.Module = create_metric(name, device=torch.device("cpu"), **options)
    return network


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what pyiqa prints off standard output, and its draws out of everybody's random state."""
    with redirect_stdout(io.StringIO()), torch.random.fork_rng(devices=[]):
        yield


@contextmanager
def _without_backbones() -> Iterator[None]:
    """Let timm make networks without fetching their weights: the file holds all of them."""
    import timm

    usual: Callable[..., Any] = timm.create_model

    def bare(*given: Any, **options: Any) -> Any:
        return usual(*given, **{**options, "pretrained": False})

    timm.create_model = bare
    try:
        yield
    finally:
        timm.create_model = usual
