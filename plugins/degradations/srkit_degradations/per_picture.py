"""How does a degradation draw other parameters for each picture of a batch?"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor

from srkit_core.interfaces import Draws
from srkit_degradations.canvas import Canvas, in_their_order, shipped_rows
from srkit_degradations.parameter_sampler import LabelT, ParameterSampler, by_label


class PerPictureDegradation(ABC):
    """A degradation that draws for each picture of a batch, and can tell what it drew.

    Takes (B, 3, H, W) in [0, 1] of any float type and works in float32 (float64 for float64),
    whatever autocast is on. Returns [0, 1] in the type and on the device of its input.
    """

    name: ClassVar[str]

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Degrade a batch; `rng` lives on the device of `hr`."""
        return self._degraded(hr, ParameterSampler.for_batch(len(hr), rng, traced=False))

    def traced(self, hr: Tensor, /, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        """Return the degraded batch, and for each picture what was drawn, such as `{"blur.sigma":
        1.7}`.
        """
        sampler = ParameterSampler.for_batch(len(hr), rng, traced=True)
        return self._degraded(hr, sampler), sampler.draws or []

    def _degraded(self, hr: Tensor, sampler: ParameterSampler) -> Tensor:
        with torch.autocast(hr.device.type, enabled=False), exact_products(hr.device):
            pictures = hr.to(torch.promote_types(hr.dtype, torch.float32)).contiguous()
            lr = self.degrade(pictures, sampler.named(self.name))
        return lr.clamp(0, 1).to(hr.dtype)

    @abstractmethod
    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Degrade float32 or float64 pictures; the result may leave [0, 1] by overshoot."""


@contextmanager
def exact_products(device: torch.device) -> Iterator[None]:
    """Let a CUDA device multiply matrices in float32: TF32 is too coarse for 8 bit."""
    if device.type != "cuda":
        yield
        return
    settings = torch.backends.cuda.matmul
    before, settings.fp32_precision = settings.fp32_precision, "ieee"
    try:
        yield
    finally:
        settings.fp32_precision = before


def apply_by_label(
    pictures: Tensor,
    labels: Sequence[LabelT],
    sampler: ParameterSampler,
    function: Callable[[LabelT, Tensor, ParameterSampler], Tensor],
) -> Tensor:
    """Apply `function(label, pictures, sampler)` to the pictures of each label together.

    All results must have one size.
    """
    members = by_label(labels)
    if len(members) == 1:
        return function(labels[0], pictures, sampler)
    canvas, groups = Canvas.of(pictures), list(members.values())
    chosen = zip(members, shipped_rows(groups, pictures), strict=True)
    results = [
        function(label, canvas.picked(rows).pixels, sampler.subset(rows.numbers))
        for label, rows in chosen
    ]
    return in_their_order(groups, results)
