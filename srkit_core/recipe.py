"""What does the user want to train?

A recipe says *what*: networks, degradation, stages, validation. *Where* (folders, device, workers,
precision) are arguments of `train`. Recipes are frozen, refuse unknown fields, and go to TOML and
back without loss. A recipe names components, never import paths: opening a stranger's recipe runs
no code.
"""

import difflib
import shlex
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from srkit_core.errors import RecipeError
from srkit_core.expressions import Chain, parse_chain
from srkit_core.fields import (
    AugmentText,
    DegradationText,
    DiscriminatorText,
    GeneratorText,
    LossText,
    LrNamesText,
    OptionalSpanText,
    RecipeTable,
    RiseText,
    SelectionText,
    Several,
    Span,
    SpansText,
    SpanText,
    Table,
    default,
)
from srkit_core.optimizer_config import OptimizersConfig
from srkit_core.reserved_names import name_fault
from srkit_core.schedule import Ramp, Schedule
from srkit_core.toml_text import parse_toml
from srkit_core.validation_config import UNNAMED, Validation, ValidationSet

_LONGEST: Final = 10**12
_MOST_SAMPLES: Final = 1_000_000
_LARGEST_PATCH: Final = 65_536

PAIRED: Final = parse_chain("paired")
"""The degradation of a recipe whose LR comes from disk."""

Order: TypeAlias = Literal["generator-first", "discriminator-first"]
OptimizerFrom: TypeAlias = Literal["last", "fresh"]


class Stage(RecipeTable):
    """One stretch of training with one objective."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "main"
    """What the stage is called in logs, folders and `--set stages.NAME...`."""
    loss: LossText
    """What is minimised: a sum of losses with their weights; a weight left out is the one that the
    loss declares."""
    steps: Annotated[PositiveInt, Field(le=_LONGEST)] | None = None
    """Length in optimizer steps; either this or `epochs`."""
    epochs: PositiveInt | None = None
    """Length in epochs: passes over as many crops as there are pictures to train on."""
    batch: Annotated[PositiveInt, Field(le=_MOST_SAMPLES)] = 16
    """Crops of one optimizer step, over all processes and accumulation (16: SRGAN, Ledig et al.
    2017)."""
    patch: Annotated[PositiveInt, Field(le=_LARGEST_PATCH)] = 128
    """Side of the HR crop, in pixels; a multiple of the scale (128: ESRGAN, Wang et al. 2018)."""
    order: Order = "generator-first"
    """Whose turn is first in a step: generator-first as in ESRGAN's code, discriminator-first
    looks at the updated discriminator."""
    d_steps: Annotated[PositiveInt, Field(le=_MOST_SAMPLES)] = 1
    """Updates of the discriminator in a step."""
    generator_every: Annotated[PositiveInt, Field(le=_MOST_SAMPLES)] = 1
    """The generator is updated in every n-th step of the stage, the discriminator in each
    (BasicSR's `net_d_iters`, counted as there)."""
    freeze: RiseText = default(Span(0))
    """How long at the beginning of the stage the generator stays as it is, while the discriminator
    trains alone (BasicSR's `net_d_init_iters`); 0: not."""
    discriminator_from: Literal["last", "fresh"] = "last"
    """Whether the discriminator goes on from that of the stages before, or begins anew with initial
    weights and an optimizer of its own."""
    optimizer: Table[OptimizersConfig] = default(OptimizersConfig())
    """Which optimizer updates the networks, one table for both or one for each."""
    schedule: Table[Schedule] = default(Schedule())
    """How the learning rate changes over the steps; its name alone stands for a table, and so does
    an expression such as cosine(final=0.1)."""
    lr: PositiveFloat = 1e-4
    """Learning rate of both networks, where their optimizer sets none (1e-4: SRGAN, ESRGAN)."""
    lr_warmup: RiseText = default(Span(0))
    """How long the learning rate rises linearly from 0 at the beginning of the stage; 0: not."""
    pool: NonNegativeInt = 0
    """How many examples of earlier steps each process keeps and mixes with new ones; 0: none (180
    in Real-ESRGAN, Wang et al. 2021)."""
    accumulate: Annotated[PositiveInt, Field(le=_MOST_SAMPLES)] = 1
    """In how many parts a batch goes through the networks, to save memory."""
    clip: PositiveFloat | None = None
    """The largest norm of a network's gradients, which are scaled down to it; none: no limit."""
    ramps: dict[str, Ramp] = Field(default_factory=dict)
    """Losses, by the name of their column, whose weight rises over the first steps."""
    start_from: Annotated[str, Field(pattern=r"^(last|ema|best-.+)$")] = "last"
    """Whether the generator goes on from the last weights of the stage before, from their moving
    average, or from its best by a metric or loss, such as best-psnr."""
    optimizer_from: OptimizerFrom = "last"
    """Whether an optimizer goes on from the stage before, where it is the same but for its rate and
    its network starts from its last weights, or begins anew."""
    patience: PositiveInt | None = None
    """The stage ends after so many validations without a better `patience_on`; none: never."""
    patience_on: str = "loss"
    """What `patience` looks at: a metric of validation, or the generator's validation loss."""
    keep: PositiveInt = 3
    """How many checkpoints are kept, the newest, beside those that are kept for good."""
    keep_weights_at: SpansText = default(())
    """After which steps or epochs of the stage the generator's weights are kept for good."""
    keep_weights_every: OptionalSpanText = default(None)
    """How often in the stage the generator's weights are kept for good; none: never."""
    keep_checkpoints_at: SpansText = default(())
    """After which steps or epochs of the stage a checkpoint, the whole state, is kept for good."""
    keep_checkpoints_every: OptionalSpanText = default(None)
    """How often in the stage a checkpoint is kept for good; none: never."""
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay a step of the moving average of the generator's weights, which is then validated and
    saved; none: no average (0.999: Real-ESRGAN)."""
    augment: AugmentText = default(parse_chain("flip | turn"))
    """How crops are chosen and changed: a chain of augmentations in the order in which they happen;
    flip@0.1 changes a tenth of the crops, flip alone half of them. Empty: crops as they are."""
    log_every: SpanText = default(Span(50))
    """How often a row, the means of the steps since the last one, is written to metrics.csv; after
    the first and the last step it always is."""
    validate_every: OptionalSpanText = default(None)
    """How often the generator is validated; none: as often as takes, with a checkpoint, a twentieth
    of the time, counted before step 1 and written into the run's recipe."""
    checkpoint_every: OptionalSpanText = default(None)
    """How often everything a resumed run needs is saved; none: at each validation."""

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("needs either steps or epochs")
        return self

    @property
    def length(self) -> Span:
        """How long the stage is."""
        return Span(self.steps) if self.steps is not None else Span(self.epochs or 1, "epochs")


class Data(RecipeTable):
    """Which pictures are kept from training.

    A selection is a share (0.15), a list of names, or the path of a text file with names. A digest
    of a picture's name decides about shares, so added files never move others.
    """

    hold_out: SelectionText = default(())
    """Pictures for validation: a share, names, or the path of a list. Empty: a tenth, 1 to 8
    pictures, which new files may move."""
    test: SelectionText = default(())
    """Pictures that neither training nor validation sees: a share, names, or the path of a list.
    Empty: none."""
    lr_names: LrNamesText = default("")
    """How LR files of paired data are called, such as {}x4 (BasicSR's `filename_tmpl`), for all
    sets or each by its name (`train`; `val` without one). Empty: found out."""

    def lr_names_of(self, data: str) -> str:
        """Return how LR files of a set are called, `train` or the name of a validation set."""
        names = self.lr_names
        return names if isinstance(names, str) else names.get(data or UNNAMED, "")

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        shares = [
            selection for selection in (self.hold_out, self.test) if isinstance(selection, float)
        ]
        if sum(shares) >= 1:
            raise ValueError(
                f"hold_out and test leave nothing to train on: {shares[0]} + {shares[1]}"
            )
        return self


class Recipe(RecipeTable):
    """A whole training run, but for the machine it runs on."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "run"
    """What run folders are called: runs/NAME-1, runs/NAME-2 and so on."""
    scale: PositiveInt = 4
    """Sides of HR over sides of LR; srkit show GENERATOR lists the scales that one has."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of all randomness: initial weights, crops, augmentation and degradation."""
    generator: GeneratorText
    """The network that makes SR from LR, with its options."""
    discriminator: DiscriminatorText = default(None)
    """The network that tells SR from HR, with its options; none: no stage is adversarial."""
    degradation: DegradationText = default(parse_chain("bicubic"))
    """How LR is made from HR, a chain from left to right; paired: LR comes from disk."""
    target: DegradationText = default(Chain())
    """What happens to HR first, such as sharpen: LR is made from it, reference losses compare SR
    with it, discriminators see HR itself, unless a loss says otherwise. Empty: nothing."""
    data: Data = Data()
    """Which pictures are kept from training."""
    validation: Validation = Validation()
    """How the generator is scored while it trains."""
    stages: Several[Stage] = Field(min_length=1)
    """What happens, one stage after the other."""

    @model_validator(mode="after")
    def _stage_names_differ(self) -> Self:
        names = [stage.name for stage in self.stages]
        if len({name.casefold() for name in names}) < len(names):  # as folders they may be one
            raise ValueError(f"two stages share a name: {', '.join(names)}")
        for name in names:
            if fault := name_fault("stage", name):
                raise ValueError(fault)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `recipe_from_dict` reads back; unset fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        """Return the recipe as TOML; `recipe_from_toml(r.to_toml()) == r`."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())


def recipe_from_dict(document: dict[str, Any]) -> Recipe:
    """Check a document; raises RecipeError (or ExpressionError) that names the field, the value and
    the nearest field.
    """
    if isinstance(document.get("stages"), dict):
        hint = "[[stages]] with two brackets, once for each stage"
        raise RecipeError("stages is one table, and has to be a list of them", hint=hint)
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise recipe_error(error) from None


def recipe_from_toml(text: str, *, origin: str = "the recipe") -> Recipe:
    """Read TOML; `origin` names the text in errors."""
    document = parse_toml(text, origin, "srkit recipes srresnet shows a whole recipe")
    if "models" in document and "stages" not in document:
        fact = f"{origin} is an evaluation recipe, it names models to compare"
        raise RecipeError(fact, hint=f"srkit eval {shlex.quote(origin)}")
    return recipe_from_dict(document)


def recipe_error(
    error: ValidationError, example: str = "srresnet", fields: Iterable[str] = ()
) -> RecipeError:
    """Say the first thing that is wrong with a document, with the place and the value.

    `example` is a whole document of this form, `fields` are those it can have, by default those
    of what is trained.
    """
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"])) or "the recipe"
    if first["type"] == "extra_forbidden":
        return _unknown_field(place, str(first["loc"][-1]), fields or _fields_of_training())
    if first["type"] == "missing":
        return RecipeError(
            f"the recipe lacks {place}", hint=f"srkit recipes {example} shows a whole recipe"
        )
    message = first["msg"].removeprefix("Value error, ")
    found = "" if isinstance(first["input"], (dict, BaseModel)) else f", got {first['input']!r}"
    return RecipeError(
        f"{place}: {message[0].lower()}{message[1:]}{found}"[:300], hint="srkit recipes --fields"
    )


def _unknown_field(place: str, field: str, fields: Iterable[str]) -> RecipeError:
    nearest = difflib.get_close_matches(field, sorted(fields), n=1)
    hint = (
        f"did you mean '{nearest[0]}'? srkit recipes --fields shows every field"
        if nearest
        else "srkit recipes --fields"
    )
    return RecipeError(f"a recipe has no field {place}", hint=hint)


def _fields_of_training() -> set[str]:
    tables = (Recipe, Stage, Data, Validation, ValidationSet, Schedule, OptimizersConfig)
    return {name for table in tables for name in table.model_fields}
