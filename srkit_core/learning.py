"""How can a stage be told to learn: optimizers, schedules and ramps?"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PositiveFloat,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from srkit_core.fields import FreeOption, Several, SpanText


class Fields(BaseModel):
    """A table of a recipe: frozen, and unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )


class OptimizerConfig(Fields):
    """A class of `torch.optim` by name with its options; `lr` None stands for the stage's rate."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FreeOption]

    name: str = "Adam"
    lr: PositiveFloat | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The options beside the learning rate, as written."""
        return dict(self.__pydantic_extra__)


class OptimizersConfig(Fields):
    """One optimizer per network; a single `{name, lr, ...}` stands for both."""

    generator: OptimizerConfig = OptimizerConfig()
    discriminator: OptimizerConfig = OptimizerConfig()

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        single = {
            "type": "object",
            "properties": {"name": {"type": "string"}, "lr": {"type": "number"}},
            "required": ["name"],
        }
        return {"anyOf": [handler(schema), single]}

    @model_validator(mode="before")
    @classmethod
    def _for_both(cls, value: Any) -> Any:
        single = (
            isinstance(value, dict) and value and not value.keys() & {"generator", "discriminator"}
        )
        return {"generator": value, "discriminator": value} if single else value


class Schedule(Fields):
    """The learning rate as a pure function of the step, a factor of the stage's rate.

    `cosine` falls over the stage or the whole run to `final` times the rate (SGDR, Loshchilov &
    Hutter 2017, eq. 5, without restarts); `multistep` multiplies by `gamma` at each milestone,
    counted from the start of the stage.
    """

    name: Literal["constant", "cosine", "multistep"] = "constant"
    over: Literal["stage", "run"] = "stage"
    final: Annotated[float, Field(ge=0, le=1)] = 0.0
    milestones: Several[SpanText] = ()
    gamma: PositiveFloat = 0.5

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string"}]}

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Ramp(Fields):
    """How the weight of a loss reaches what the sum says: linearly, from `start` times it, over the
    first `over` of a stage.
    """

    start: Annotated[float, Field(ge=0)] = 0.0
    over: SpanText
