"""Which schedule of the rate, and which ramps of losses, does a recipe ask for?"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from srkit_core.expressions import Call, parse_call
from srkit_core.fields import FreeOption, RecipeTable, SpanText
from srkit_core.interfaces import StepPosition

_FIELDS_BEFORE: Final = frozenset(("over", "final", "milestones", "gamma"))
_OPTIONS_BEFORE: Final = {"cosine": ("over", "final"), "multistep": ("milestones", "gamma")}
"""Recipes were written out with all four, whichever the schedule looked at."""


class Schedule(RecipeTable):
    """The learning rate as a pure function of the step, a factor of the stage's rate."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FreeOption]

    name: str = "constant"
    """constant, cosine, multistep, exponential, polynomial, one-cycle, plateau or a plugin's: see
    `srkit list schedule`; its options stand beside it, such as final = 0.1."""

    def __str__(self) -> str:
        return str(Call(self.name, tuple(self.options.items())))

    @property
    def options(self) -> dict[str, Any]:
        """The options, as written."""
        return dict(self.__pydantic_extra__)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string"}]}

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        if isinstance(value, str):
            call = parse_call(value)
            return {"name": call.name, **dict(call.options)}
        if isinstance(value, dict) and value.keys() >= _FIELDS_BEFORE:
            kept = ("name", *_OPTIONS_BEFORE.get(str(value.get("name")), ()))
            return {name: value[name] for name in kept if name in value}
        return value


class Ramp(RecipeTable):
    """How the weight of a loss reaches linearly what the sum says."""

    start: Annotated[float, Field(ge=0)] = 0.0
    """The weight at the first step, as a factor of what the sum says."""
    over: SpanText
    """How long it takes to the whole weight, from the start of the stage."""


def ramp_factors(ramps: Mapping[str, Ramp], position: StepPosition) -> dict[str, float]:
    """Return what the weight of each ramped loss is multiplied with.

    A pure function of the step.
    """
    factors = {}
    for label, ramp in ramps.items():
        done = min(position.step / ramp.over.steps(position.steps_per_epoch), 1.0)
        factors[label] = ramp.start + (1 - ramp.start) * done
    return factors
