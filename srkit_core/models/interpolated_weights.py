"""What is between the weights of one network (`W1:0.8+W2:0.2`)?

They are averaged number by number, as ESRGAN does between a network trained for PSNR and one
trained with a discriminator (arXiv:1809.00219, section 3.4).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from srkit_core.binding import BoundComponent
from srkit_core.downloads import sha256
from srkit_core.errors import WeightsError
from srkit_core.models.foreign_weights import import_weights
from srkit_core.models.weight_shares import WeightedPart
from srkit_core.models.weights_card import is_ours, read_card
from srkit_core.models.weights_file import card_of, read_model, save_weights
from srkit_core.registry import Registry
from srkit_core.user_cache import cache_folder


def interpolate(
    parts: Sequence[WeightedPart], paths: Sequence[Path], registry: Registry
) -> tuple[Path, str]:
    """Return the file that holds the average of several, in srkit's cache, and what is said of it.

    Raises WeightsError where the files hold different networks.
    """
    known = [sha256(path) for path in paths]
    shares = [one.share for one in parts]
    named = [
        f"{one.share:g} of {one.word} (sha256 {digest[:12]}...)"
        for one, digest in zip(parts, known, strict=True)
    ]
    key = hashlib.sha256(repr([*zip(known, shares, strict=True)]).encode()).hexdigest()[:32]
    target = cache_folder() / "weights" / "interpolated" / f"{key}.safetensors"
    if not target.is_file():
        _write(target, [_open(path, registry) for path in paths], parts, ", ".join(named), registry)
    return target, f"interpolated: {', '.join(named)}"


@dataclass(frozen=True)
class _Opened:
    bound: BoundComponent
    scale: int
    tensors: dict[str, Tensor]
    held_out: tuple[tuple[str, int], ...] = ()


def _open(path: Path, registry: Registry) -> _Opened:
    if path.is_file() and not is_ours(path):
        found, tensors = import_weights(path, registry)
        return _Opened(found.bound, found.scale, tensors)
    model = read_model(path, registry)
    held_out = read_card(path).held_out
    return _Opened(model.bound, model.scale, model.network.state_dict(), held_out)


def _write(
    target: Path,
    opened: Sequence[_Opened],
    parts: Sequence[WeightedPart],
    origin: str,
    registry: Registry,
) -> None:
    first = opened[0]
    for part, one in zip(parts, opened, strict=True):
        if (one.bound.expression, one.scale) != (first.bound.expression, first.scale):
            raise WeightsError(
                f"{part.word} is {one.bound.expression} x{one.scale}, and {parts[0].word} "
                f"{first.bound.expression} x{first.scale}: only weights of one network can be "
                "interpolated",
                hint="name weights of the same network, such as those of two stages of a run",
            )
    shares = [part.share for part in parts]
    tensors = {
        name: _average([one.tensors[name] for one in opened], shares) for name in first.tensors
    }
    held_out = tuple(dict.fromkeys(digest for one in opened for digest in one.held_out))
    card = card_of(first.bound, first.scale, registry, origin=origin, held_out=held_out)
    save_weights(target, tensors, card)


def _average(tensors: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Return the average, in the type of the first; whole numbers, such as counters, are its."""
    first = tensors[0]
    if not first.is_floating_point():
        return first
    weighted = [one.to(torch.float64) * share for one, share in zip(tensors, shares, strict=True)]
    return torch.stack(weighted).sum(0).to(first.dtype)
