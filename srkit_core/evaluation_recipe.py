"""What does the user want to compare?

An evaluation recipe names models, data, protocol and metrics::

    metrics = "psnr + ssim"
    baseline = "bicubic"

    [sets.Set5]
    data = "Set5/HR"

    [models]
    "SRResNet" = "runs/srresnet-1/weights/warmup/best-psnr.safetensors"
    "bicubic" = "bicubic"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import (
    Field,
    NonNegativeInt,
    PlainValidator,
    PositiveInt,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_chain, parse_sum
from srkit_core.fields import (
    DegradationText,
    MetricText,
    OptionalDegradationText,
    OptionalMetricText,
    RecipeTable,
    default,
)
from srkit_core.home import at_home
from srkit_core.recipe import recipe_error
from srkit_core.validation_config import ProtocolName

LR_SOURCES: Final = {"lr": "degrade", "degrade": "lr"}
"""The two fields that say where LR comes from: who writes one of them speaks against the other."""

_OWN: Final[tuple[str, ...]] = ("lr", "scale", "degrade", "metrics", "protocol", "border", "crop")
"""What a set can say for itself."""


def _read_models(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(one, str) for one in value.values()):
        return value
    raise ValueError("expects a model, or a table of models by their names")


_Models: TypeAlias = Annotated[
    str | dict[str, str],
    PlainValidator(_read_models),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]


@dataclass(frozen=True)
class ModelRow:
    """A model by the name of its row, and the group that the row stands in, or ""."""

    name: str
    group: str
    word: str

    @property
    def full_name(self) -> str:
        """What no other row is called."""
        return f"{self.group}: {self.name}" if self.group else self.name


class EvaluationSet(RecipeTable):
    """Pictures of one name in an evaluation recipe, and what is otherwise for them than the recipe
    says.
    """

    data: str
    """The pictures, as of --data; inside the folder that the recipe's data names, if it does."""
    lr: Annotated[Path, Field(strict=False)] | None = None
    """Folder of their LR pictures, found like the set's data; none: as the recipe says."""
    scale: PositiveInt | None = None
    """Sides of HR over sides of LR in this set; none: as the recipe says."""
    degrade: OptionalDegradationText = default(None)
    """How LR of this set is made from HR; none: as the recipe says."""
    metrics: OptionalMetricText = default(None)
    """What is measured on this set; none: as the recipe says."""
    protocol: ProtocolName | None = None
    """What metrics see of this set, y or rgb; none: as the recipe says."""
    border: NonNegativeInt | None = None
    """HR pixels cut from each side in this set; none: as the recipe says."""
    crop: NonNegativeInt | None = None
    """Side of the centre crop that is scored in this set; none: as the recipe says."""

    @model_validator(mode="after")
    def _lr_has_one_source(self) -> Self:
        _check_one_source(self)
        return self


class EvaluationRecipe(RecipeTable):
    """Models by the name of their row, and how they are scored on one set of pictures or several.

    What is none comes from the models and the data.
    """

    models: Annotated[dict[str, _Models], Field(min_length=1)]
    """Models by the name of their row: a weights file, a run folder, known weights, or bicubic; a
    table of them, [models.NAME], is a group of rows."""
    runs: dict[str, str] = Field(default_factory=dict)
    """Run folders by the name of a group, whose models are then files inside that run."""
    baseline: str | None = None
    """The row that gains are told over; where it is a row of groups, of each its own."""
    against: str | None = None
    """The row that all others are tested against, by its name, with its group before a colon; none:
    nothing is tested."""
    data: str | None = None
    """Pictures to score on, as of --data, or the folder that the sets are in; none: the command
    line says it."""
    sets: dict[str, EvaluationSet] = Field(default_factory=dict)
    """Several sets of pictures, each by its name as a table [sets.NAME]; none: data is the only."""
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
        if self.sets and self.lr is not None:
            raise ValueError("lr is of one set, and there are several: sets.NAME.lr")
        _check_one_source(self)
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        groups, rows = set(self.groups), [row.full_name for row in self.rows()]
        known = {*rows, *(row.name for row in self.rows())}
        if stray := next((name for name in self.runs if name not in groups), None):
            raise ValueError(f"runs names '{stray}', and no group of models is called so")
        if twice := next((name for name in rows if rows.count(name) > 1), None):
            raise ValueError(f"two models are called '{twice}'")
        if self.baseline is not None and self.baseline not in known:
            raise ValueError(f"no model is called '{self.baseline}', which baseline names")
        if self.against not in (None, *rows):
            raise ValueError(f"no model is called '{self.against}', which against names")
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups of models."""
        return tuple(name for name, one in self.models.items() if isinstance(one, dict))

    def rows(self) -> tuple[ModelRow, ...]:
        """Return the models in their order, those of a run by their paths in its folder."""
        found = list[ModelRow]()
        for name, one in self.models.items():
            if isinstance(one, str):
                found.append(ModelRow(name, "", one))
            else:
                found += [ModelRow(each, name, self._in_run(name, one[each])) for each in one]
        return tuple(found)

    def baselines(self) -> dict[str, str]:
        """Return the full name of the row that each row is compared with, of those that have one.

        A row of exactly this name is that of all; else each group is compared with its own.
        """
        rows = self.rows()
        named = [row for row in rows if row.full_name == self.baseline]
        if named:
            return {row.full_name: named[0].full_name for row in rows}
        own = {row.group: row.full_name for row in rows if row.name == self.baseline}
        return {row.full_name: own[row.group] for row in rows if row.group in own}

    def by_set(self) -> dict[str, "EvaluationRecipe"]:
        """Return a recipe of each set alone, with all rows by their full names and what the set
        says; a recipe without sets is the only one, of no name.
        """
        models: dict[str, _Models] = {row.full_name: row.word for row in self.rows()}
        given: dict[str, Any] = {
            name: getattr(self, name) for name in _OWN if name in self.model_fields_set
        }
        if not self.sets:
            return {
                "": EvaluationRecipe(models=models, data=self.data, against=self.against, **given)
            }
        return {
            name: EvaluationRecipe(
                models=models, against=self.against, **given_to_all(given, own), **own
            )
            for name, own in ((name, self._of_set(one)) for name, one in self.sets.items())
        }

    def with_models(self, more: Mapping[str, str]) -> "EvaluationRecipe":
        """Return the recipe with further rows below its own; raises RecipeError where a row has
        that name.
        """
        taken = {row.full_name for row in self.rows()}
        if twice := next((name for name in more if name in taken), None):
            fact = f"the recipe has a model called '{twice}' already"
            raise RecipeError(fact, hint="--set 'models.ANOTHER NAME=MODEL'")
        return self.model_copy(update={"models": {**self.models, **more}})

    def tested_against(self, model: str) -> "EvaluationRecipe":
        """Return the recipe with the others tested against the row of that name or that model, or
        against a further row of it.
        """
        rows = self.rows()
        found = next((one for one in rows if model in (one.full_name, one.word)), None)
        if found is None:
            return self.with_models({model: model}).tested_against(model)
        return self.model_copy(update={"against": found.full_name})

    def only(self, names: Sequence[str]) -> "EvaluationRecipe":
        """Return the recipe with the sets and the groups of models of these names alone; where none
        of them is a set, all sets stay, and groups alike.

        Raises RecipeError for a name of neither.
        """
        known = (*self.sets, *self.groups)
        if stray := next((name for name in names if name not in known), None):
            has = f"one of {', '.join(dict.fromkeys(known))}" if known else "leave it out"
            fact = f"there is neither a set nor a group of models called '{stray}'"
            raise RecipeError(fact, hint=has)
        sets = {name: one for name, one in self.sets.items() if name in names} or self.sets
        kept = {name for name in self.groups if name in names} or {*self.groups}
        models = {
            name: one for name, one in self.models.items() if isinstance(one, str) or name in kept
        }
        runs = {name: one for name, one in self.runs.items() if name in kept}
        left = self.model_copy(update={"sets": sets, "models": models, "runs": runs})
        if self.against in {row.full_name for row in left.rows()}:
            return left
        return left.model_copy(update={"against": None})

    def _in_run(self, group: str, word: str) -> str:
        run = self.runs.get(group)
        return word if run is None else str(Path(at_home(run)) / word)

    def _of_set(self, one: EvaluationSet) -> dict[str, Any]:
        own = {name: getattr(one, name) for name in ("data", *_OWN)}
        own = {name: value for name, value in own.items() if value is not None}
        for name in ("data", "lr") if self.data is not None else ():
            if name in own:
                own[name] = str(Path(at_home(str(self.data))) / own[name])
        return own


def given_to_all(given: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return what of a recipe's fields a table with fields of its own does not speak against."""
    against = {*own, *(LR_SOURCES[name] for name in own if name in LR_SOURCES)}
    return {name: value for name, value in given.items() if name not in against}


def evaluation_recipe(document: dict[str, Any]) -> EvaluationRecipe:
    """Check a document; raises RecipeError as `recipe_from_dict` does."""
    try:
        return EvaluationRecipe.model_validate(document)
    except ValidationError as error:
        known = {*EvaluationRecipe.model_fields, *EvaluationSet.model_fields}
        raise recipe_error(error, "benchmark", known) from None


def _check_one_source(table: EvaluationSet | EvaluationRecipe) -> None:
    if table.lr is not None and table.degrade is not None and "degrade" in table.model_fields_set:
        raise ValueError("lr takes LR from disk and degrade makes it: one of them")
