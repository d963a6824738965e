"""Which of torch's schedules are here, and what are their options called?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from srkit_core.option_files.sayings import At, CannotBeSaid, IntoField, Sayings, number, whole
from srkit_core.option_files.training_keys import schedule_name, schedule_option
from srkit_core.option_files.ways import By, Row


def _rate(at: At) -> float:
    return float(number(at.options.get("train.optim_g.lr", 1)))


def over_rate(at: At) -> float:
    """Return a rate as a factor of the stage's."""
    return float(f"{float(at.value) / _rate(at):.12g}")


def as_it_is(at: At) -> Any:
    """Return the value."""
    return at.value


@dataclass(frozen=True)
class TorchSchedule:
    """A schedule by its name here, with options that are always written, and its options."""

    here: str
    options: Mapping[str, tuple[str, Callable[[At], Any]]]
    fixed: Mapping[str, Any]


TORCH_SCHEDULES: Final[Mapping[str, TorchSchedule]] = {
    "exponentiallr": TorchSchedule("exponential", {"gamma": ("gamma", as_it_is)}, {}),
    "steplr": TorchSchedule(
        "exponential",
        {"gamma": ("gamma", as_it_is), "step_size": ("every", as_it_is)},
        {"staircase": True},
    ),
    "polynomiallr": TorchSchedule("polynomial", {"power": ("power", as_it_is)}, {}),
    "cosineannealinglr": TorchSchedule("cosine", {"eta_min": ("final", over_rate)}, {}),
    "cosineannealing": TorchSchedule("cosine", {"eta_min": ("final", over_rate)}, {}),
    "onecyclelr": TorchSchedule(
        "one-cycle",
        {
            "pct_start": ("pct_start", as_it_is),
            "div_factor": ("div_factor", as_it_is),
            "final_div_factor": ("final_div_factor", as_it_is),
            "three_phase": ("three_phase", as_it_is),
        },
        {},
    ),
    "reducelronplateau": TorchSchedule(
        "plateau",
        {
            "factor": ("factor", as_it_is),
            "patience": ("patience", as_it_is),
            "threshold": ("threshold", as_it_is),
            "threshold_mode": ("threshold_mode", as_it_is),
            "cooldown": ("cooldown", as_it_is),
            "min_lr": ("final", over_rate),
        },
        {},
    ),
}
_LENGTHS: Final = ("T_max", "total_iters", "total_steps")


def torch_schedule(at: At) -> Sayings:
    """Return a part of a schedule of torch."""
    found = TORCH_SCHEDULES[str(at.beside("type")).lower()]
    if at.name == "type":
        fixed = [IntoField(f"stages.schedule.{key}", one) for key, one in found.fixed.items()]
        return [IntoField("stages.schedule.name", found.here), *fixed]
    if at.name in _LENGTHS and whole(at.value) == whole(_steps(at)):
        return IntoField("stages.schedule.name", found.here, "over the stage")
    if at.name not in found.options:
        return CannotBeSaid(f"srkit's {found.here} has no such option")
    name, read = found.options[at.name]
    return IntoField(f"stages.schedule.{name}", read(at))


def _steps(at: At) -> Any:
    return at.options.get("train.total_iter", at.options.get("logger.total_iter", 0))


def is_torchs(at: At) -> bool:
    """Whether the schedule is one of torch that is here."""
    return str(at.beside("type")).lower() in TORCH_SCHEDULES


def any_schedule(at: At) -> Sayings:
    """Return a part of a schedule of torch, or of one that BasicSR has too."""
    if is_torchs(at):
        return torch_schedule(at)
    return schedule_name(at) if at.name == "type" else schedule_option(at)


_NAMES: Final = ", ".join(
    f"`{name}`" for name in dict.fromkeys(one.here for one in TORCH_SCHEDULES.values())
)

OTHER_SCHEDULES: Final = (
    Row("train.scheduler.*", By(f"`schedule`, with `multistep` and {_NAMES}", any_schedule)),
)
"""The row of schedules where torch's are taken too."""
