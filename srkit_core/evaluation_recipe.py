"""What does the user want to compare?

An evaluation recipe names models, data, protocol and metrics::

    data = "Set14/HR"
    metrics = "psnr + ssim"

    [models]
    "SRResNet" = "runs/srresnet-1/weights/warmup/best-psnr.safetensors"
    "bicubic" = "bicubic"
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_chain, parse_sum
from srkit_core.fields import DegradationText, MetricText, RecipeTable, default
from srkit_core.home import at_home
from srkit_core.recipe import recipe_error
from srkit_core.validation_config import ProtocolName

_INSTEAD: Final = {"lr": "degrade", "degrade": "lr"}
"""What a flag speaks against in a recipe, beside the field of its own name."""


class EvaluationRecipe(RecipeTable):
    """Models by the name of their row, and how they are scored.

    What is none comes from the models and the data.
    """

    models: Annotated[dict[str, str], Field(min_length=1)]
    """Models by the name of their row: a weights file, a run folder, the name of known weights or
    of an interpolation such as bicubic."""
    data: str | None = None
    """Pictures to score on, as of --data; none: the command line says it."""
    lr: Annotated[Path, Field(strict=False)] | None = None
    """Folder of LR pictures, of the same stems or stem + x4; none: LR is made from HR."""
    scale: PositiveInt | None = None
    """Sides of HR over sides of LR; none: that of the models."""
    degrade: DegradationText = default(parse_chain("bicubic"))
    """How LR is made from HR; paired: LR comes with the data."""
    metrics: MetricText = default(parse_sum("psnr + ssim"))
    """What is measured, a sum of metrics without weights."""
    protocol: ProtocolName = "y"
    """Whether metrics see luma (y: BT.601, as in the literature of SR) or RGB."""
    border: NonNegativeInt | None = None
    """HR pixels cut from each side before scoring; none: as many as the scale."""
    crop: NonNegativeInt = 0
    """Side of the centre crop that is scored of each picture, in HR pixels; smaller pictures are
    scored whole. 0: all are."""

    @field_validator("lr")
    @classmethod
    def _expand_home(cls, path: Path | None) -> Path | None:
        return None if path is None else at_home(path)

    @model_validator(mode="after")
    def _lr_has_one_source(self) -> Self:
        if self.lr is not None and "degrade" in self.model_fields_set:
            raise ValueError("lr takes LR from disk and degrade makes it: one of them")
        return self


def is_evaluation_recipe(path: Path) -> bool:
    """Whether a file names models to compare, and not what to train."""
    try:
        return "models" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False  # who reads it as a recipe says what is wrong


def evaluation_recipe(document: dict[str, Any]) -> EvaluationRecipe:
    """Check a document; raises RecipeError as `recipe_from_dict` does."""
    try:
        return EvaluationRecipe.model_validate(document)
    except ValidationError as error:
        raise recipe_error(error) from None


def read_evaluation_recipe(path: Path, overrides: dict[str, Any]) -> EvaluationRecipe:
    """Read a TOML file and put `overrides` on top: where LR comes from replaces how it is made, and
    the other way round. Relative paths are looked for beside it first.

    Raises RecipeError when it cannot be read or is no evaluation recipe.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"there is no evaluation recipe {path}",
            hint="check the path, or name models and --data",
        ) from None
    except OSError as error:
        raise RecipeError(
            f"cannot read {path}: {error.strerror}",
            hint="check the path, or name models and --data",
        ) from None
    except (
        ValueError,
        RecursionError,
    ) as error:  # beside what is no TOML: a number or a nesting beyond what Python reads
        raise RecipeError(
            f"{path} is not TOML: {error}", hint="it needs a table [models] and a line data = ..."
        ) from None
    replaced = {_INSTEAD.get(name) for name in overrides}
    kept = {name: value for name, value in document.items() if name not in replaced}
    return evaluation_recipe(_with_paths_beside(kept, path.parent) | overrides)


def _with_paths_beside(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a document in which what lies in the folder of its recipe is named by its path there:
    its models, `data` and `lr`.
    """
    beside = dict(document)
    for name in ("data", "lr"):
        if name in beside:
            beside[name] = _beside(beside[name], folder)
    if isinstance(models := beside.get("models"), dict):
        beside["models"] = {name: _beside(word, folder) for name, word in models.items()}
    return beside


def _beside(word: Any, folder: Path) -> Any:
    if not isinstance(word, str) or not word or "\0" in word:
        return word
    return str(folder / word) if (folder / word).exists() else word
