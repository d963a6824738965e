"""What does the user want to train?

A recipe says *what*: networks, degradation, stages, validation. *Where* (folders, device, workers,
precision) are arguments of `train`. Recipes are frozen, refuse unknown fields, and go to TOML and
back without loss. A recipe names components, never import paths: opening a stranger's recipe runs
no code.
"""

import difflib
import tomllib
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
from pydantic.json_schema import GenerateJsonSchema

from srkit_core.errors import RecipeError
from srkit_core.expressions import Call, Chain, Sum, parse_chain, parse_sum
from srkit_core.fields import (
    CallText,
    ChainText,
    RiseText,
    SelectionText,
    Several,
    Span,
    SpanText,
    SumText,
)
from srkit_core.learning import Fields, OptimizersConfig, Ramp, Schedule

PAIRED: Final = parse_chain("paired")
"""The degradation of a recipe whose LR comes from disk."""

Order: TypeAlias = Literal["generator-first", "discriminator-first"]
ProtocolName: TypeAlias = Literal["y", "rgb"]
Column: TypeAlias = Literal["lr", "bicubic", "sr", "hr"]


class Stage(Fields):
    """One stretch of training with one objective.

    `batch` is the effective batch of one optimizer step over all processes; `patch` the side of the
    HR crop in pixels; `lr` the rate of both networks where an optimizer sets none; `lr_warmup` the
    steps over which it rises linearly; `ema` the decay of the generator's moving average; `d_steps`
    the discriminator's updates a step; `pool` how many examples of earlier steps are kept and mixed
    with new ones (0: none), as Real-ESRGAN's training does with 180; `accumulate` in how many parts
    a batch goes through the networks, to save memory; `clip` the largest norm of a network's
    gradients; `ramps` are of loss labels; `start_from` says whether the generator goes on from the
    last weights of the stage before or from its best by a metric or loss (`best-psnr`); a stage
    ends early after `patience` validations without improvement of `patience_on`, a metric or
    `loss`, the generator's; `keep` counts checkpoints, `keep_weights_at` names steps whose weights
    stay; `augment` is a chain of `centre`, `salient`, `affine`, `jitter`, `flip`, `turn` and
    `cutblur`, in this order.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "main"
    loss: SumText
    steps: PositiveInt | None = None
    epochs: PositiveInt | None = None
    batch: PositiveInt = 16
    patch: PositiveInt = 128
    order: Order = "generator-first"
    d_steps: PositiveInt = 1
    optimizer: OptimizersConfig = OptimizersConfig()
    schedule: Schedule = Schedule()
    lr: PositiveFloat = 1e-4
    lr_warmup: RiseText = Span(0)
    pool: NonNegativeInt = 0
    accumulate: PositiveInt = 1
    clip: PositiveFloat | None = None
    ramps: dict[str, Ramp] = Field(default_factory=dict)
    start_from: Annotated[str, Field(pattern=r"^(last|best-.+)$")] = "last"
    patience: PositiveInt | None = None
    patience_on: str = "loss"
    keep: PositiveInt = 3
    keep_weights_at: Several[SpanText] = ()
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    augment: ChainText = parse_chain("flip | turn")
    log_every: SpanText = Span(50)
    validate_every: SpanText | None = None
    checkpoint_every: SpanText | None = None

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("needs either steps or epochs")
        return self

    @property
    def length(self) -> Span:
        """How long the stage is."""
        return Span(self.steps) if self.steps is not None else Span(self.epochs or 1, "epochs")


class Data(Fields):
    """Which pictures are kept from training: `hold_out` for validation, `test` for nobody's eyes
    until a later test.

    Each is a share (`0.15`), a list of names, or the path of a list. A digest of a picture's name
    decides about shares, so added files never move others. Without `hold_out` a tenth, 1 to 8
    pictures, is for validation (these may move). `lr_names` says how LR files of paired data are
    called, as BasicSR's `filename_tmpl`: `{}` stands for the HR file's name without its ending.
    """

    hold_out: SelectionText = ()
    test: SelectionText = ()
    lr_names: Annotated[str, Field(pattern=r"^([^{}/\\\\]*\{\}[^{}/\\\\]*)?$")] = ""

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


class Validation(Fields):
    """How the generator is scored while it trains; `border` None stands for the scale.

    `pictures` counts rows of the sheet.

    `on_training` takes the metrics of training batches too, patch by patch, at every logged step.
    """

    metrics: SumText = parse_sum("psnr + ssim")
    protocol: ProtocolName = "y"
    border: NonNegativeInt | None = None
    pictures: NonNegativeInt = 4
    columns: Annotated[Several[Column], Field(min_length=1)] = ("bicubic", "sr", "hr")
    on_training: bool = False


class Recipe(Fields):
    """A whole training run, but for the machine it runs on.

    `degradation` makes LR from HR. `target`, which keeps the size, happens to HR before: LR is made
    from its result and reference losses compare SR with it, while a discriminator's real pictures
    are HR as it was.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "run"
    scale: PositiveInt = 4
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    generator: CallText
    discriminator: CallText | None = None
    degradation: ChainText = parse_chain("bicubic")
    target: ChainText = Chain()
    data: Data = Data()
    validation: Validation = Validation()
    stages: Annotated[Several[Stage], Field(min_length=1)]

    @model_validator(mode="after")
    def _stage_names_differ(self) -> Self:
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError(f"two stages share a name: {', '.join(names)}")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `recipe_from_dict` reads back; unset fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        """Return the recipe as TOML; `recipe_from_toml(r.to_toml()) == r`."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())


class _Schema(GenerateJsonSchema):
    """Writes defaults as they are written in a recipe."""

    def encode_default(self, dft: Any) -> Any:
        return (
            str(dft) if isinstance(dft, (Call, Chain, Sum, Span)) else super().encode_default(dft)
        )


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of recipes, to which every TOML that srkit accepts conforms."""
    return Recipe.model_json_schema(schema_generator=_Schema)


def recipe_from_dict(document: dict[str, Any]) -> Recipe:
    """Check a document; raises RecipeError (or ExpressionError) that names the field, the value and
    the nearest field.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise recipe_error(error) from None


def recipe_from_toml(text: str, *, origin: str = "the recipe") -> Recipe:
    """Read TOML; `origin` names the text in errors."""
    try:
        document = tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # beside what is no TOML: a number or a nesting beyond what Python reads
        raise RecipeError(
            f"{origin} is not TOML: {error}", hint="srkit recipes srresnet shows a whole recipe"
        ) from None
    return recipe_from_dict(document)


def recipe_error(error: ValidationError) -> RecipeError:
    """Say the first thing that is wrong with a document, with the place and the value."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"])) or "the recipe"
    if first["type"] == "extra_forbidden":
        return _unknown_field(place, str(first["loc"][-1]))
    if first["type"] == "missing":
        return RecipeError(
            f"the recipe lacks {place}", hint="srkit recipes srresnet shows a whole recipe"
        )
    message = first["msg"].removeprefix("Value error, ")
    found = "" if isinstance(first["input"], (dict, BaseModel)) else f", got {first['input']!r}"
    return RecipeError(
        f"{place}: {message[0].lower()}{message[1:]}{found}"[:300], hint="srkit recipes --schema"
    )


def _unknown_field(place: str, field: str) -> RecipeError:
    known = sorted(
        {
            name
            for model in (Recipe, Stage, Data, Validation, Schedule, OptimizersConfig)
            for name in model.model_fields
        }
    )
    nearest = difflib.get_close_matches(field, known, n=1)
    hint = (
        f"did you mean '{nearest[0]}'? srkit recipes --schema shows every field"
        if nearest
        else "srkit recipes --schema"
    )
    return RecipeError(f"a recipe has no field {place}", hint=hint)
