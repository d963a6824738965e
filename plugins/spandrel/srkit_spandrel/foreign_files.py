"""Which network of spandrel do the tensors of a file belong to?"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count, islice
from typing import Any, Final

from spandrel import MAIN_REGISTRY, canonicalize_state_dict
from torch.nn.modules.module import register_module_parameter_registration_hook

from srkit_core.errors import WeightsError
from srkit_core.specs import ForeignNetwork
from srkit_spandrel.described import describe_network
from srkit_spandrel.model import SpandrelNetwork
from srkit_spandrel.network_text import quiet, text_of
from srkit_spandrel.usable import refusal_of

_SHOWN: Final = 6
_FREE: Final = 1000
_TIMES: Final = 10
"""A network that has more parameters than these, and so many times a file's tensors, is not its."""


def is_known(names: Collection[str]) -> bool:
    """Whether spandrel recognises a table by the names of its tensors."""
    table = canonicalize_state_dict(dict.fromkeys(names))
    return any(one.detect(table) for one in MAIN_REGISTRY.architectures("detection"))


def read_network(tensors: Mapping[str, Any]) -> ForeignNetwork:
    """Return the network of a table, with its parameters and its tensors in spandrel's names.

    Raises WeightsError for one that srkit cannot use: of faces, of masks, of other channels;
    ValueError where tensors are missing or too many.
    """
    try:
        with quiet(), _at_most(_FREE + _TIMES * len(tensors)):
            descriptor = MAIN_REGISTRY.load(dict(tensors))
    except RuntimeError as error:  # what torch raises for a state dict of another network
        raise ValueError("; ".join(islice(_faults(str(error)), _SHOWN))) from error
    if reason := refusal_of(descriptor):
        raise WeightsError(reason, hint="srkit upscales pictures: give a file of such a network")
    text = text_of(descriptor.model, descriptor.architecture, descriptor.scale)
    network = SpandrelNetwork(descriptor.model, describe_network(text, descriptor))
    options, tensors = {"network": text}, descriptor.model.state_dict()
    return ForeignNetwork(descriptor.scale, options, tensors, network)


@contextmanager
def _at_most(parameters: int) -> Iterator[None]:
    """Raise ValueError where a network gets more: a wrong guess at a size may take a minute."""
    given = count(1)

    def taken(*_: object) -> None:
        if next(given) > parameters:
            raise ValueError(f"the network that these names suggest has over {parameters} tensors")

    hook = register_module_parameter_registration_hook(taken)
    try:
        yield
    finally:
        hook.remove()


def _faults(message: str) -> Iterator[str]:
    """Yield what torch says of a state dict that does not fit, a tensor each."""
    for line in message.splitlines():
        found = re.match(r"\s*(Missing|Unexpected) key", line)
        if found:
            yield from (f"{found[1].lower()} {name}" for name in re.findall(r'"([^"]+)"', line))
        elif "Error(s) in loading" not in line:
            yield line.strip()
