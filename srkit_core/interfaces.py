"""What must a component be able to do?

Every border between components carries float RGB in [0, 1], shape (B, 3, H, W). A component that
wants another range converts inside. These are protocols: a plugin's `nn.Module` inherits from torch
alone. Importing this module does not import torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

INTERFACES: Final[Mapping[str, int]] = {
    "generator": 1,
    "discriminator": 2,
    "loss": 2,
    "metric": 2,
    "degradation": 2,
    "weights": 2,
    "layout": 4,
    "recipe": 1,
    "command": 1,
    "callback": 2,
    "optimizer": 1,
    "schedule": 2,
    "augmentation": 1,
    "tracker": 1,
    "format": 1,
    "data-source": 1,
}
"""Version of the interface of each kind; a spec says which one it was written for."""

OLDEST_INTERFACES: Final[Mapping[str, int]] = {}
"""The oldest version of a kind that this srkit still takes, where that is not the first."""


def accepted_interfaces(kind: str) -> tuple[int, int]:
    """Return the oldest and the newest version of a kind's interface that this srkit takes."""
    return OLDEST_INTERFACES.get(kind, 1), INTERFACES.get(kind, 1)


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

    None is no bound; of a `Range` both ends must lie between them.
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
    """Judges pictures: (B, 3, H, W) -> raw logits, B first; several maps as a tuple."""

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


@runtime_checkable
class SetMetric(Protocol):
    """Judges a set of SR as a whole, by features of each picture; its spec says `of_set`."""

    def features(self, pictures: Tensor, /) -> Tensor:
        """Return the features of each picture (B, C, H, W) by itself: (B, F)."""
        ...

    def compare(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return a scalar of the features of all SR and HR, (N, F) each; nan: too few to judge."""
        ...


Loss = ReferenceLoss | AdversarialLoss


LENGTH = re.compile(r"\s*([1-9][0-9]*)\s*(steps?|epochs?|)\s*")
"""A length as a text, such as `2 epochs`."""


@dataclass(frozen=True)
class PastValidation:
    """What a validation found after so many steps of its stage.

    `figures` are those by which weights are the best: of each metric, and `loss`, the generator's
    validation loss; what no picture gave is missing. `judges` stands for the pictures: figures of
    others do not compare.
    """

    step: int
    figures: Mapping[str, float]
    judges: str = ""


@dataclass(frozen=True)
class StepPosition:
    """Where a step is: `step` of `length` in its stage, `run_step` of `run_length` in the run, all
    in steps from 0.

    `validations` are those of the stage so far, since the generator was first updated, and
    `higher_is_better` names the figures of which the higher one is better.
    """

    step: int
    length: int
    run_step: int
    run_length: int
    steps_per_epoch: int
    validations: tuple[PastValidation, ...] = field(default=(), repr=False, hash=False)
    higher_is_better: frozenset[str] = field(default=frozenset(), repr=False)

    def steps_of(self, length: int | str) -> int:
        """Return a length in steps: a number of at least 1, or a text such as "2 epochs".

        Raises ValueError for anything else.
        """
        match = LENGTH.fullmatch(str(length))
        if not match:
            raise ValueError(f'expects steps of at least 1, or "2 epochs", not {length!r}')
        return int(match[1]) * (self.steps_per_epoch if match[2].startswith("epoch") else 1)


RateFactor: TypeAlias = Callable[[StepPosition], float]
"""A schedule with its options: what the stage's learning rate is multiplied with at a step; a pure
function, so that a resumed run goes on as it would have gone.
"""


class MakeOptimizer(Protocol):
    """An optimizer with its options.

    What it remembers between steps is in its `state` and `param_groups`: tensors, numbers and
    texts, which a checkpoint keeps.
    """

    def __call__(self, parameters: list[torch.nn.Parameter], lr: float, /) -> torch.optim.Optimizer:
        """Make it, for the parameters of a network and their learning rate."""
        ...


@dataclass(frozen=True)
class RunInfo:
    """What a tracker is told of a run first.

    `recipe` is the resolved recipe in plain values, `identity` stays the same over resumes, `done`
    counts the steps behind it: rows of later steps that were told before come again.
    """

    folder: Path
    recipe: Mapping[str, Any]
    identity: str
    done: int


@runtime_checkable
class Tracker(Protocol):
    """Keeps the figures and pictures of a run, beside `metrics.csv`; only the main process has one.

    What it raises once it has started is told, and the run goes on.
    """

    def start(self, run: RunInfo, /) -> None:
        """Begin; what it raises here ends the run before it begins."""
        ...

    def row(self, step: int, figures: Mapping[str, float], /) -> None:
        """Keep the figures of a step of the run, by `train/COLUMN` or `val/COLUMN`."""
        ...

    def pictures(self, step: int, sheet: NDArray[np.uint8], /) -> None:
        """Keep a sheet of validation pictures, uint8 (H, W, 3)."""
        ...

    def close(self) -> None:
        """Write what is still held."""
        ...


@runtime_checkable
class PictureFormat(Protocol):
    """Reads files of a format; raises ValueError for one that is damaged.

    Samples are upright sRGB, uint8 or uint16: gray (H, W), or (H, W, C) of gray, gray with alpha,
    RGB or RGBA.
    """

    def size(self, path: Path, /) -> tuple[int, int]:
        """Return (height, width) from the header alone."""
        ...

    def decode(self, path: Path, /) -> NDArray[np.unsignedinteger[Any]]:
        """Return the samples."""
        ...


@runtime_checkable
class WritablePictureFormat(PictureFormat, Protocol):
    """A format that is written too."""

    def encode(self, samples: NDArray[np.uint8], /) -> bytes:
        """Return a file of uint8 (H, W, 3)."""
        ...


@runtime_checkable
class PictureSource(Protocol):
    """Lists and reads the pictures of an address, such as `mydb://shelf/photos`.

    srkit keeps them in its cache folder, which follows the address.
    """

    def files(self, address: str, /) -> Mapping[str, str]:
        """Return the names of the files, relative to the address with `/` between folders, each
        with a tag that is new when its bytes are: a digest, a time, a version.
        """
        ...

    def read(self, address: str, name: str, /) -> bytes:
        """Return the bytes of one of them."""
        ...
