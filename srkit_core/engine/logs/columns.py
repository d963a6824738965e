"""Which columns has metrics.csv, and of what kind is each?

Every column is declared here once: what computes it, what kind of figure it is, whether progress
shows it and which panel of the curves it is drawn in. A new column whose value follows from the run
or from other values of its row is one more entry.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from srkit_core.devices import peak_memory_mb
from srkit_core.errors import IncompatibleError

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

ColumnKind: TypeAlias = Literal["position", "setting", "measured", "timing"]
"""Where a row is; what was set; what was measured; and what two equal runs need not share."""

LogSplit: TypeAlias = Literal["train", "val"]
LogRow: TypeAlias = Mapping[str, Any]
STD: Final = "/std"
"""How the column of a metric's standard deviation over pictures ends."""
TOTAL: Final = "loss/total"
"""The weighted sum of the losses."""


Axis: TypeAlias = Literal["linear", "log", "probability"]


class Curve(NamedTuple):
    """Where a column is drawn: a panel of the curves, by its title, and the name of its line."""

    panel: str
    line: str
    axis: Axis = "linear"


@dataclass(frozen=True)
class Column:
    """A column under its name.

    `value` computes it from the stage that runs and the row so far; without one it comes with the
    values of a step or validation, and stays empty where these lack it. `adversarial` columns are
    there in runs with a discriminator only. Losses, metrics and what the discriminator says have
    panels of their own in the curves; what training steps have of any other column is drawn where
    it has a `curve`.
    """

    name: str
    kind: ColumnKind = "measured"
    value: Callable[["StageRun", LogRow], Any] | None = None
    adversarial: bool = False
    in_progress: bool = False
    curve: Curve | None = None


_RATE: Final = "learning rate"
_GRADIENT: Final = "gradient norm"


def _rate(run: "StageRun", network: str) -> float | None:
    found = run.pair.by_name().get(network)
    return found.rate if found else None


_FIRST: Final = (
    Column("step", "position", lambda run, row: run.progress.position.total),
    Column("epoch", "position", lambda run, row: run.progress.epoch),
    Column("stage", "position", lambda run, row: run.plan.stage.name),
    Column("split", "position"),
    Column(
        "lr",
        "setting",
        lambda run, row: _rate(run, "generator"),
        curve=Curve(_RATE, "generator"),
    ),
    Column(
        "lr/discriminator",
        "setting",
        lambda run, row: _rate(run, "discriminator"),
        curve=Curve(_RATE, "discriminator"),
    ),
)
_STEP: Final = (
    Column(TOTAL, in_progress=True),
    Column("loss/discriminator", adversarial=True, in_progress=True),
    Column("d_real", adversarial=True, in_progress=True),
    Column("d_fake", adversarial=True, in_progress=True),
    Column("d_gap", adversarial=True),
    Column("gradient/generator", curve=Curve(_GRADIENT, "generator", "log")),
    Column(
        "gradient/discriminator", adversarial=True, curve=Curve(_GRADIENT, "discriminator", "log")
    ),
)
_LAST: Final = (
    Column("images_per_s", "timing", in_progress=True),
    Column("memory_mb", "timing", lambda run, row: round(peak_memory_mb(run.device), 1)),
    Column("elapsed_s", "timing", lambda run, row: round(run.context.clock.seconds(), 3)),
)
DECLARED: Final = (*_FIRST, *_STEP, *_LAST)
"""Every column but for those of the loss terms and metrics of a recipe, which stand between."""


def columns(
    losses: Sequence[str], metrics: Sequence[str], *, adversarial: bool
) -> tuple[Column, ...]:
    """Return the columns of a run, fixed at the start, from the loss terms of all its stages and
    the metrics of its validation sets (`psnr`, or `psnr/NAME`).

    Raises IncompatibleError when two of them have one name.
    """
    terms = [Column(f"loss/{label}") for label in losses]
    step = [one for one in _STEP if adversarial or not one.adversarial]
    scores = [Column(name) for metric in metrics for name in (metric, f"{metric}{STD}")]
    found = (*_FIRST, *terms, *step, *scores, *_LAST)
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        fact = f"two columns of metrics.csv would be called '{twice}'"
        raise IncompatibleError(fact, hint="--val another-name=PATH, or another name of the metric")
    return found


def columns_of_kind(*kinds: ColumnKind) -> frozenset[str]:
    """Return the names of the declared columns of some kinds."""
    return frozenset(one.name for one in DECLARED if one.kind in kinds)


def log_row(
    run: "StageRun", declared: Sequence[Column], split: LogSplit, values: Mapping[str, float]
) -> dict[str, Any]:
    """Return a row: what came with a step or validation, and what follows from the run."""
    row: dict[str, Any] = {"split": split, **values}
    computed = ((one.name, one.value(run, row)) for one in declared if one.value is not None)
    return row | {name: value for name, value in computed if value is not None}
