"""Does the source of `torch.optim` say what its signatures say?"""

import inspect

import torch

from srkit_core.torch_optimizers import UNSUITABLE, optimizer_names, optimizer_options


def test_every_class_and_option_is_read_from_the_source():
    classes = {
        name: value
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
    }
    assert {*optimizer_names(), *UNSUITABLE} == set(classes)
    for name in optimizer_names():
        taken = [*inspect.signature(classes[name]).parameters]
        known = optimizer_options(name)
        if known is not None:  # None: it inherits what it takes
            assert [one for one in taken if one not in ("params", "lr")] == [*known]
