"""What stands for a card where there is none: tensors of the device `meta` that hold numbers.

Operators are counted. What a real card would refuse is an error here, a tensor of the host beside
one of the card; what would wait for it is noted: numbers and shapes that Python asks for, copies
to the host, and copies from it that do not say `non_blocking`.
"""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from srkit_core import devices

CARD = torch.device("meta")
ASKING = {
    "aten._local_scalar_dense.default",
    "aten.nonzero.default",
    "aten.masked_select.default",
    "aten.equal.default",
    "aten._unique2.default",
}
COPIES = {"aten._to_copy.default", "aten.copy_.default"}


class OnCard(torch.Tensor):
    """A tensor of the card; `held` has its numbers."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=CARD,
        )

    def __init__(self, held):
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise AssertionError(f"{function} outside of the card")


class CardRandom(torch.Generator):
    """A generator that says that it lives on the card."""

    device = CARD


class Card(TorchDispatchMode):
    """Computes, counts `operations` by name, and notes what `waits` for the card."""

    def __init__(self):
        super().__init__()
        self.operations, self.launches, self.waits = Counter(), Counter(), []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), str(function)
        given = tree_leaves((args, kwargs))
        mine = [one for one in given if isinstance(one, OnCard)]
        to_card = kwargs.get("device") == CARD
        self.operations[name] += 1
        self._look(name, given, mine, to_card, kwargs)
        if to_card:
            kwargs["device"] = torch.device("cpu")
        elif mine and name == "aten._to_copy.default" and kwargs.get("device") is not None:
            mine = []
        held = {id(one.held): one for one in mine}
        made = function(*_numbers(args), **_numbers(kwargs))
        if not (mine or to_card):
            return made
        results = function._schema.returns
        views = any(one.alias_info and not one.alias_info.is_write for one in results)
        self.launches[name] += not views
        return tree_map(lambda one: _wrapped(one, held), made)

    def _look(self, name, given, mine, to_card, kwargs):
        tensors = [one for one in given if isinstance(one, torch.Tensor)]
        host = [one for one in tensors if not isinstance(one, OnCard)]
        if name in COPIES and (to_card or (mine and host)):
            blocks = not kwargs.get("non_blocking", name == "aten.copy_.default" and given[-1])
            self.waits += [f"{name} to the card"] * (blocks and bool(host))
        elif mine and name == "aten._to_copy.default" and kwargs.get("device") is not None:
            self.waits.append(f"{name} to the host")
        elif mine:
            assert not [one for one in host if one.dim()], f"{name}: host and card in one operator"
            by_mask = name.startswith("aten.index") and any(
                one.dtype == torch.bool for one in mine[1:]
            )
            self.waits += [name] * (name in ASKING or by_mask)


def _numbers(tree):
    return tree_map(lambda one: one.held if isinstance(one, OnCard) else one, tree)


def _wrapped(made, held):
    """Return what was written into as the tensor that it is, and anything else that was made."""
    if not isinstance(made, torch.Tensor):
        return made
    return held[id(made)] if id(made) in held else OnCard(made)


def on_card(tensor):
    """Return a tensor that lies on the card."""
    return OnCard(tensor)


def know_the_card(monkeypatch):
    """Let autocast pass over the device `meta`, and let srkit take it for a GPU."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    card = replace(devices.BACKENDS[0], name=CARD.type)
    monkeypatch.setattr(devices, "BACKENDS", (*devices.BACKENDS, card))
