"""What are the learning rate and the weights of losses at this step?"""

from collections.abc import Mapping
from math import cos, pi
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, PositiveFloat, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from srkit_core.fields import RecipeTable, SpansText, SpanText, default
from srkit_core.interfaces import StepPosition


class Schedule(RecipeTable):
    """The learning rate as a pure function of the step, a factor of the stage's rate."""

    name: Literal["constant", "cosine", "multistep"] = "constant"
    """constant; cosine falls to `final` (SGDR, Loshchilov & Hutter 2017, eq. 5, no restarts);
    multistep multiplies by `gamma` at each milestone."""
    over: Literal["stage", "run"] = "stage"
    """Whether cosine falls over the stage or over the whole run."""
    final: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Where cosine ends, as a factor of the rate."""
    milestones: SpansText = default(())
    """When multistep multiplies, counted from the start of the stage."""
    gamma: PositiveFloat = 0.5
    """What multistep multiplies the rate by (0.5: ESRGAN)."""

    def __str__(self) -> str:
        match self.name:
            case "constant":
                return self.name
            case "cosine":
                return f"cosine to {self.final:g} over the {self.over}"
            case "multistep":
                steps = ", ".join(map(str, self.milestones)) or "no step"
                return f"times {self.gamma:g} at {steps}"

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string"}]}

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Ramp(RecipeTable):
    """How the weight of a loss reaches linearly what the sum says."""

    start: Annotated[float, Field(ge=0)] = 0.0
    """The weight at the first step, as a factor of what the sum says."""
    over: SpanText
    """How long it takes to the whole weight, from the start of the stage."""


def rate_factor(schedule: Schedule, lr_warmup: int, position: StepPosition) -> float:
    """Return what the stage's rate is multiplied with; a pure function of the step.

    During the first `lr_warmup` steps the rate rises linearly, reaching its full value at the last
    of them.
    """
    rise = min((position.step + 1) / lr_warmup, 1.0) if lr_warmup else 1.0
    return rise * _scheduled(schedule, position)


def ramp_factors(ramps: Mapping[str, Ramp], position: StepPosition) -> dict[str, float]:
    """Return what the weight of each ramped loss is multiplied with.

    A pure function of the step.
    """
    factors = {}
    for label, ramp in ramps.items():
        done = min(position.step / ramp.over.steps(position.steps_per_epoch), 1.0)
        factors[label] = ramp.start + (1 - ramp.start) * done
    return factors


def _scheduled(schedule: Schedule, position: StepPosition) -> float:
    match schedule.name:
        case "constant":
            return 1.0
        case "cosine":
            done = (
                position.step / position.length
                if schedule.over == "stage"
                else position.run_step / position.run_length
            )
            return schedule.final + (1 - schedule.final) * (1 + cos(pi * done)) / 2
        case "multistep":
            passed = sum(
                position.step >= milestone.steps(position.steps_per_epoch)
                for milestone in schedule.milestones
            )
            return float(schedule.gamma**passed)
