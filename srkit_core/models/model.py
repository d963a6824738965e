"""How is a generator called on pictures of any size?"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srkit_core.binding import BoundComponent
from srkit_core.errors import NotFiniteError
from srkit_core.io.images import all_finite
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.specs import GeneratorSpec


@dataclass(frozen=True)
class Model:
    """A generator that knows who it is: its network, its bound component, its scale, and the
    precision it computes in.
    """

    network: nn.Module
    bound: BoundComponent
    scale: int
    precision: torch.dtype = torch.float32

    @property
    def spec(self) -> GeneratorSpec:
        """The generator's traits."""
        return self.bound.spec(GeneratorSpec)

    @property
    def size_multiple(self) -> int:
        """What LR sides must be a multiple of inside the network."""
        return self.bound.amount(self.spec.size_multiple)

    @property
    def min_size(self) -> int:
        """The smallest LR side the network takes, in pixels."""
        return self.bound.amount(self.spec.min_size)

    @property
    def receptive(self) -> int:
        """How many LR pixels around an output pixel matter in practice."""
        return self.bound.amount(self.spec.receptive)

    @property
    def device(self) -> torch.device:
        """Where its weights are; the CPU for a baseline, which has none."""
        return next((one.device for one in self.network.parameters()), torch.device("cpu"))

    def __call__(self, lr: Tensor) -> Tensor:
        """Upscale (B, 3, H, W) to float32 (B, 3, scale*H, scale*W), padding to the network's size
        multiple and back.

        Raises NotFiniteError where LR or SR hold NaN or infinity, PluginError where the network
        fails.
        """
        if not all_finite(lr):
            raise NotFiniteError("LR holds NaN or infinity", hint="mend what LR is made by")
        height, width = lr.shape[-2:]
        down, right = (self._missing(side) for side in (height, width))
        padded = F.pad(lr, (0, right, 0, down), mode="replicate") if down or right else lr
        with (
            torch.autocast(
                lr.device.type, dtype=self.precision, enabled=self.precision != torch.float32
            ),
            component_errors(self.bound.component.full_name, f"upscaled {shape_of(padded)}"),
        ):
            sr: Tensor = self.network(padded)
        if not all_finite(sr):
            raise self._not_finite()
        return sr.float()[..., : height * self.scale, : width * self.scale]

    def _not_finite(self) -> NotFiniteError:
        """Say whose NaN or infinity it is: that of the weights, of the precision, or of the
        generator.
        """
        owner = self.bound.component.full_name
        if not all(all_finite(one) for one in self.network.state_dict().values()):
            fact = (
                f"the weights of the generator '{self.bound.component.name}' hold NaN or infinity"
            )
            hint = "other weights, such as those of an earlier step"
            return NotFiniteError(fact, hint=hint, by_model=True)
        fact = f"the generator '{self.bound.component.name}' made NaN or infinity"
        if self.precision != torch.float32:
            half = "fp16" if self.precision == torch.float16 else "bf16"
            return NotFiniteError(f"{fact} in {half}", hint="--precision fp32", by_model=True)
        hint = f"other weights, such as those of an earlier step, or srkit plugin check {owner}"
        return NotFiniteError(fact, hint=hint, by_model=True)

    def _missing(self, side: int) -> int:
        wanted = max(side, self.min_size)
        return -(-wanted // self.size_multiple) * self.size_multiple - side
