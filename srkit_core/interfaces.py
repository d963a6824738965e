"""What must a component be able to do?

Every border between components carries float RGB in [0, 1], shape (B, 3, H, W). A component that
wants another range converts inside. These are protocols: a plugin's `nn.Module` inherits from torch
alone. Importing this module does not import torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

INTERFACE_VERSION = 1
"""Version of these protocols; a spec says which one it was written for."""


@dataclass(frozen=True)
class Range:
    """An interval `low..high` from which a component draws one value per sample (uniformly unless
    it says otherwise).
    """

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


@dataclass(frozen=True)
class Between:
    """Bounds of an option, both included, as in `Annotated[float, Between(0, 1)]`.

    None is no bound.

    Of a `Range` both ends must lie between them.
    """

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a number lies between the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.high is None:
            return f">= {self.low}"
        return f"<= {self.high}" if self.low is None else f"in {self.low}..{self.high}"


Count: TypeAlias = Annotated[int, Between(low=1)]
"""A number of blocks, channels or the like: an int of at least 1."""

Draws: TypeAlias = "list[dict[str, float | str]]"
"""What a degradation drew: for each picture of a batch, names and values, such as `{"blur.sigma":
1.7}`.
"""


def free_label(name: str, taken: Mapping[str, object]) -> str:
    """Return a component's name, or `name.2`, `name.3`, ... where the draws of a picture already
    tell of one.
    """
    labels = {key.rpartition(".")[0] for key in taken}
    candidates = (
        name if number == 1 else f"{name}.{number}" for number in range(1, len(labels) + 2)
    )
    return next(label for label in candidates if label not in labels)


def add_draws(taken: dict[str, float | str], drawn: Mapping[str, float | str]) -> None:
    """Add what a further step drew for a picture; a component that drew before is numbered."""
    for label in dict.fromkeys(key.rpartition(".")[0] for key in drawn):
        free = free_label(label.partition(".")[0], taken)
        taken.update(
            {
                f"{free}.{key.rpartition('.')[2]}": value
                for key, value in drawn.items()
                if key.rpartition(".")[0] == label
            }
        )


@runtime_checkable
class Degradation(Protocol):
    """Makes LR from HR: (B, 3, H, W) -> (B, 3, H/d, W/d), d being the divisor its spec declares."""

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Degrade a batch; all randomness comes from `rng`, which lives on the device of `hr`."""
        ...


@runtime_checkable
class TracedDegradation(Degradation, Protocol):
    """A degradation that can also tell what it drew, for people to look at."""

    def traced(self, hr: Tensor, /, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        """Return what a call returns, and for each picture of the batch the names and values that
        were drawn.
        """
        ...


@runtime_checkable
class Generator(Protocol):
    """Makes SR from LR: (B, 3, H, W) -> (B, 3, scale*H, scale*W), not clamped."""

    def __call__(self, lr: Tensor, /) -> Tensor:
        """Upscale a batch."""
        ...


@runtime_checkable
class Discriminator(Protocol):
    """Judges pictures: (B, 3, H, W) -> raw logits of any shape that starts with B.

    Several maps as a tuple.
    """

    def __call__(self, image: Tensor, /) -> Tensor | tuple[Tensor, ...]:
        """Return logits, positive where the pictures look real."""
        ...


@runtime_checkable
class ReferenceLoss(Protocol):
    """Compares SR with HR, both (B, 3, H, W); a scalar."""

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of a batch."""
        ...


@runtime_checkable
class AdversarialLoss(Protocol):
    """Both faces of an adversarial game, on logits of real and fake pictures of one shape; scalars.

    Each face sees both sides, so that a relativistic loss is a plugin and not a trainer.
    """

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return what the generator minimises."""
        ...

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return what the discriminator minimises."""
        ...


@runtime_checkable
class Metric(Protocol):
    """Scores SR against HR, both (B, C, H, W), C = 3, or 1 for luma: a score per image, (B,)."""

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return one score per image."""
        ...


Loss = ReferenceLoss | AdversarialLoss
