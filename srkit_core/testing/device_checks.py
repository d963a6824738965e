"""Would every tensor of a network be on the picture's device, if that were not the CPU?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import NetworkChecks, in_eval_mode, outputs

_CROSSING: Final = ("__getitem__", "__setitem__", "__get__", "__set__", "copy_", "set_")
"""What takes tensors of two devices, such as an index from the CPU."""


class DeviceChecks(NetworkChecks):
    """Checks of where tensors are made."""

    @check("dtype")
    def test_every_tensor_is_on_the_picture_s_device(self) -> None:
        """What is not moved with the network, nor made on the picture's device, stays behind."""
        network, batch = in_eval_mode(self.build()), self.sample()
        moving = [batch]
        if isinstance(network, nn.Module):
            moving += [*network.parameters(), *network.buffers()]
        with _Devices(moving) as devices:
            made = outputs(network, batch)
        assert not devices.mixed, (
            f"on a GPU {devices.mixed[0]} would be given a tensor that stayed on the CPU; register "
            "what is kept as a buffer, and make what is new with device=lr.device"
        )
        assert all(devices.moves(one) for one in made), (
            "on a GPU the output would be on the CPU; return a tensor of the picture's device"
        )


class _Devices(TorchFunctionMode):
    """Tells which tensors follow the picture to another device, and where others meet them."""

    def __init__(self, moving: Sequence[Tensor]) -> None:
        super().__init__()
        self.mixed: list[str] = []
        self._moving = {id(one): one for one in moving}
        self._staying: dict[int, Tensor] = {}

    def moves(self, tensor: Tensor) -> bool:
        """Whether a tensor is where the picture is, or has one number and may be anywhere."""
        return id(tensor) in self._moving or tensor.ndim == 0

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        options = dict(kwargs or {})
        name = getattr(func, "__name__", str(func))
        given = list(_tensors((*args, *options.values())))
        made = func(*args, **options)
        moved = [one for one in given if id(one) in self._moving]
        behind = [one for one in given if not self.moves(one)]
        sent = _destination((*args, *options.values()), name)
        if moved and behind and name not in (*_CROSSING, "to", "type_as"):
            self.mixed.append(name)
        follows = bool(moved) if sent is None else sent
        place = self._moving if follows else self._staying
        for one in _tensors((made,)):
            (self._staying if follows else self._moving).pop(id(one), None)
            place[id(one)] = one
        return made


def _destination(values: tuple[Any, ...], name: str) -> bool | None:
    """Return whether a call names the picture's device, a fixed one, or (None) no device."""
    if name in ("cpu", "numpy", "from_numpy"):
        return False
    for one in values:
        if isinstance(one, torch.device):
            return True  # as `lr.device` is; a fixed one looks the same on the CPU
        if isinstance(one, str) and one.partition(":")[0] in ("cpu", "cuda", "mps"):
            return False
    if name in ("to", "type_as", "new_tensor"):
        others = [one for one in values[1:] if isinstance(one, Tensor)]
        return True if others else None
    return None


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for one in values:
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from _tensors(one)
