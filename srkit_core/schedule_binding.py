"""Which schedule is this name, do its options fit, and what is the rate at a step?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from srkit_core.binding import as_value, bind_options
from srkit_core.errors import PluginError, SrkitError
from srkit_core.expressions import Call, Value
from srkit_core.interfaces import RateFactor, StepPosition
from srkit_core.registry import Registry
from srkit_core.schedule import Schedule
from srkit_core.specs import ScheduleSpec

_TRIED: Final = 100
"""How many steps of a stage are looked at, about."""


@dataclass(frozen=True)
class BoundSchedule:
    """A schedule with its options: `factor` is a pure function of the step."""

    name: str
    options: Mapping[str, Any]
    factor: RateFactor = field(compare=False)
    owner: str
    figure: str = ""
    """The figure of validation that it goes by, where it goes by one."""

    @property
    def written_out(self) -> Schedule:
        """The table of a recipe, with the full name and all options."""
        return Schedule.model_validate({"name": self.owner, **self._written})

    @property
    def _written(self) -> dict[str, Value]:
        return {name: as_value(value) for name, value in self.options.items()}

    def __str__(self) -> str:
        return str(Call(self.name, tuple(self._written.items())))


def bind_schedule(registry: Registry, schedule: Schedule) -> BoundSchedule:
    """Find a schedule, fit its options and make its function.

    Raises UnknownComponentError or AmbiguousError for a name, OptionError for an option that does
    not fit, and PluginError where the schedule cannot be made.
    """
    one = registry.one(ScheduleSpec, schedule.name)
    options = bind_options(one.name, one.spec.factory, schedule.options)
    try:
        factor = one.spec.factory(**options)
    except SrkitError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise _broken(one.full_name, f"is not made: {type(error).__name__}: {error}") from error
    if not callable(factor):
        raise _broken(one.full_name, f"is a {type(factor).__name__}, not a function of the step")
    asked = one.spec.figure_option
    if asked and not isinstance(options.get(asked), str):
        raise _broken(one.full_name, f"has no option '{asked}' that names a figure")
    figure = options[asked] if asked else ""
    return BoundSchedule(schedule.name, options, factor, one.full_name, figure)


def rate_factor(schedule: BoundSchedule, lr_warmup: int, position: StepPosition) -> float:
    """Return what the stage's rate is multiplied with; a pure function of the step.

    During the first `lr_warmup` steps the rate rises linearly, reaching its full value at the last
    of them. Raises PluginError where the schedule gives no finite number of at least 0.
    """
    rise = min((position.step + 1) / lr_warmup, 1.0) if lr_warmup else 1.0
    return rise * _scheduled(schedule, position)


def is_steady(
    schedule: BoundSchedule, lengths: tuple[int, int], before: int, steps_per_epoch: int
) -> bool:
    """Whether a schedule says the same in a last stage of either length, after so many steps."""
    shorter = min(lengths)
    for step in range(0, shorter, max(shorter // _TRIED, 1)):
        one, other = (
            StepPosition(step, length, before + step, before + length, steps_per_epoch)
            for length in lengths
        )
        if _scheduled(schedule, one) != _scheduled(schedule, other):
            return False
    return True


def _scheduled(schedule: BoundSchedule, position: StepPosition) -> float:
    try:
        factor = schedule.factor(position)
        usable = isfinite(factor) and factor >= 0
    except Exception as error:  # a plugin may raise anything
        fault = f"fails at {position}: {type(error).__name__}: {error}"
        raise _broken(schedule.owner, fault) from error
    if not usable:
        fault = f"gives the factor {factor} at {position}"
        raise _broken(schedule.owner, fault)
    return float(factor)


def _broken(full_name: str, fault: str) -> PluginError:
    hint = f"srkit plugin check {full_name}"
    return PluginError(f"schedule '{full_name}' {fault}", hint=hint)
