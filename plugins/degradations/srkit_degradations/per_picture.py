"""How does a degradation draw other parameters for each picture of a batch?"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from srkit_core.interfaces import Draws
from srkit_degradations.parameter_sampler import ParameterSampler

LabelT = TypeVar("LabelT", bound=Hashable)


class PerPictureDegradation(ABC):
    """A degradation that draws for each picture of a batch, and can tell what it drew.

    Takes (B, 3, H, W) in [0, 1] of any float type and works in float32 (float64 for float64),
    whatever autocast is on. Returns [0, 1] in the type and on the device of its input.
    """

    name: ClassVar[str]

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Degrade a batch; `rng` lives on the device of `hr`."""
        return self.traced(hr, rng=rng)[0]

    def traced(self, hr: Tensor, /, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        """Return the degraded batch, and for each picture what was drawn, such as `{"blur.sigma":
        1.7}`.
        """
        sampler = ParameterSampler.for_batch(len(hr), rng)
        with torch.autocast(hr.device.type, enabled=False):
            pictures = hr.to(torch.promote_types(hr.dtype, torch.float32)).contiguous()
            lr = self.degrade(pictures, sampler.named(self.name))
        return lr.clamp(0, 1).to(hr.dtype), sampler.draws

    @abstractmethod
    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Degrade float32 or float64 pictures; the result may leave [0, 1] by overshoot."""


def apply_by_label(
    pictures: Tensor,
    labels: Sequence[LabelT],
    sampler: ParameterSampler,
    function: Callable[[LabelT, Tensor, ParameterSampler], Tensor],
) -> Tensor:
    """Apply `function(label, pictures, sampler)` to the pictures of each label together.

    All results must have one size.
    """
    members = {label: [i for i, other in enumerate(labels) if other == label] for label in labels}
    if len(members) == 1:
        return function(labels[0], pictures, sampler)
    results = torch.cat(
        [
            function(label, pictures[indices], sampler.subset(indices))
            for label, indices in members.items()
        ]
    )
    order = torch.tensor([i for indices in members.values() for i in indices]).argsort()
    return results[order.to(results.device)]


def apply_at_random(
    pictures: Tensor,
    probability: float,
    sampler: ParameterSampler,
    function: Callable[[Tensor, ParameterSampler], Tensor],
) -> Tensor:
    """Apply `function`, which keeps the size, to each picture with a probability; nothing is drawn
    where it is 0 or 1.
    """
    if probability in (0, 1):
        return function(pictures, sampler) if probability else pictures
    return apply_by_label(
        pictures,
        sampler.bernoulli(probability),
        sampler,
        lambda chosen, group, group_sampler: function(group, group_sampler) if chosen else group,
    )
