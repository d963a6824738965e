"""How is a generator scored while it trains, and on each validation set?"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, NonNegativeInt

from srkit_core.expressions import parse_sum
from srkit_core.fields import (
    MetricText,
    OptionalDegradationText,
    OptionalMetricText,
    RecipeTable,
    Several,
    default,
)

ProtocolName: TypeAlias = Literal["y", "rgb"]
SheetColumn: TypeAlias = Literal["lr", "bicubic", "sr", "hr"]

UNNAMED: Final = "val"
"""How a recipe calls the set of `--val PATH`, and the pictures that were held out."""


class ValidationSet(RecipeTable):
    """How the pictures of `--val NAME=PATH` are scored, by that name; `val` are those of
    `--val PATH`, and without it those that were held out.

    What is not written is as under `[validation]`, and LR as the recipe makes it.
    """

    degradation: OptionalDegradationText = default(None)
    """How LR is made of HR itself, without the recipe's `target`; paired: LR comes from disk. None:
    as in training."""
    metrics: OptionalMetricText = default(None)
    """What is measured on this set; none: the metrics of every set."""
    protocol: ProtocolName | None = None
    """Whether its metrics see luma (y) or RGB; none: as every set."""
    border: NonNegativeInt | None = None
    """HR pixels cut from each side before scoring; none: as every set."""
    crop: NonNegativeInt | None = None
    """Side of the centre crop that is scored, in HR pixels, 0: whole pictures; none: as every
    set."""


class Validation(RecipeTable):
    """How the generator is scored while it trains."""

    metrics: MetricText = default(parse_sum("psnr + ssim"))
    """What is measured on whole pictures; the best weights by each are kept."""
    protocol: ProtocolName = "y"
    """Whether metrics see luma (y: BT.601, as in the literature of SR) or RGB."""
    border: NonNegativeInt | None = None
    """HR pixels cut from each side before scoring; none: as many as the scale."""
    crop: NonNegativeInt = 0
    """Side of the centre crop that is scored of each picture, in HR pixels, a multiple of the
    scale; smaller pictures are scored whole. 0: all are (96: SRGAN on faces)."""
    best_of: Several[str] = default(())
    """Names of the validation sets that decide which weights are best, and patience: by the mean of
    their means, and by the loss on their patches. Empty: metrics of the first set, the loss on
    all."""
    pictures: NonNegativeInt = 4
    """Rows of the sheet of pictures that is written at each validation; 0: no sheet."""
    columns: Several[SheetColumn] = Field(default=default(("bicubic", "sr", "hr")), min_length=1)
    """Columns of that sheet, from left to right."""
    files: bool = False
    """Whether SR of each picture is written at each validation as well, as a file of its own,
    in a folder by its step and its set under RUN/pictures."""
    on_training: bool = False
    """Whether metrics are also taken of the training batch at every logged step, patch by patch."""
    sets: dict[Annotated[str, Field(min_length=1)], ValidationSet] = Field(default_factory=dict)
    """Validation sets that are scored in another way than the others, by the name that --val gives
    them, or val."""

    @property
    def usual(self) -> ValidationSet:
        """How pictures are scored of which no table says otherwise."""
        return self._completed(ValidationSet())

    def of(self, name: str) -> ValidationSet:
        """Return how the set of that name is scored, what its table leaves open taken from here."""
        return self._completed(self.sets.get(name or UNNAMED, ValidationSet()))

    def _completed(self, own: ValidationSet) -> ValidationSet:
        fields = ("metrics", "protocol", "border", "crop")
        usual = {one: getattr(self, one) for one in fields if getattr(own, one) is None}
        return own.model_copy(update=usual)
