"""How does a person read what a recipe will train?"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from srkit_core.cli.render import print_table

if TYPE_CHECKING:
    from srkit_core.metric_binding import MetricTerm
    from srkit_core.optimizer_config import OptimizerConfig
    from srkit_core.plan import Plan, StagePlan
    from srkit_core.recipe import Stage
    from srkit_core.validation_binding import SetPlan

_TOLD = frozenset(
    ("name", "loss", "steps", "epochs", "batch", "patch", "lr", "optimizer", "schedule")
) | {"lr_warmup", "order", "d_steps", "augment"}
"""Fields of a stage that have a row of their own; others are told where they were changed."""

_MANY = 100
"""From how many epochs on their number is told without a fraction."""


def print_stages(planned: "Plan", crops: int | None) -> None:
    """Print what happens in each stage; `crops` is how many an epoch has, where that is known."""
    columns = [_column(stage, crops) for stage in planned.stages]
    rows = [
        [label, *(column[label] for column in columns)]
        for label in columns[0]
        if any(column[label] for column in columns)
    ]
    print_table(["stage", *(one.stage.name for one in planned.stages)], rows)


def validation_lines(planned: "Plan") -> Iterator[str]:
    """Say how the generator is scored, and on what; of a set in another way, a line of its own."""
    validation, data = planned.validation, planned.recipe.data
    held = _selected(data.hold_out) or "a tenth of the pictures, 1 to 8"
    test = f"; for a later test: {_selected(data.test)}" if data.test else ""
    yield (
        f"validation: {_scored(validation.usual)}; held out unless --val names others: {held}{test}"
    )
    for name, one in validation.sets.items():
        lr = f", LR by {one.degradation.chain}" if one.degradation else ", LR from disk"
        yield f"of --val {name}=PATH: {_scored(one)}{lr if one.own_lr else ''}"
    if validation.best_of:
        yield f"best by: {', '.join(validation.best_of)}"


def _scored(one: "SetPlan") -> str:
    metrics = " + ".join(_with_own_pixels(term) for term in one.metrics)
    channel = "luma" if one.protocol == "y" else "RGB"
    crop = f", centre crops of {one.crop}" if one.crop else ""
    return f"{metrics} of {channel}, border {one.border}{crop}"


def _with_own_pixels(term: "MetricTerm") -> str:
    own = ", ".join(f"{name}={value}" for name, value in term.bound.common.items())
    return f"{term.label}({own})" if own else term.label


def _selected(selection: object) -> str:
    if isinstance(selection, float):
        return f"a share of {selection:g}"
    return ", ".join(selection) if isinstance(selection, tuple) else str(selection)


def _column(planned: "StagePlan", crops: int | None) -> dict[str, str]:
    stage = planned.stage
    calls = [term.call for term in stage.loss.terms]
    terms = zip(planned.terms, calls, strict=True)
    warmup = f", after a warm-up of {stage.lr_warmup}" if stage.lr_warmup.count else ""
    turns = f", {stage.d_steps} updates of the discriminator" if stage.d_steps > 1 else ""
    return {
        "length": _length(stage, crops),
        "loss": " + ".join(f"{term.weight:g}*{call}" for term, call in terms),
        "crops": f"{stage.batch} of {stage.patch} x {stage.patch} pixels a step",
        "augment": str(stage.augment) or "none",
        "optimizer": _per_network(planned, _optimizer),
        "learning rate": _per_network(planned, lambda stage, one: f"{one.lr or stage.lr:g}"),
        "schedule": f"{planned.schedule}{warmup}",
        "order": f"{stage.order}{turns}" if planned.adversarial else "",
        "also": ", ".join(_changed(stage)),
    }


def _length(stage: "Stage", crops: int | None) -> str:
    if crops is None:
        return str(stage.length)
    epoch = ceil(crops / stage.batch)
    if stage.length.unit == "epochs":
        return f"{stage.length} ({stage.length.steps(epoch)} steps)"
    epochs = stage.length.count / epoch
    shown = f"{epochs:,.0f}" if epochs >= _MANY else f"{epochs:.3g}"
    return f"{stage.length} ({shown} epochs of {crops} crops)"


def _per_network(planned: "StagePlan", tell: Any) -> str:
    """Tell something of the generator's optimizer, and of the discriminator's if it differs."""
    stage, both = planned.stage, planned.stage.optimizer
    generator, discriminator = tell(stage, both.generator), tell(stage, both.discriminator)
    if not planned.adversarial or generator == discriminator:
        return str(generator)
    return f"generator {generator}; discriminator {discriminator}"


def _optimizer(stage: "Stage", optimizer: "OptimizerConfig") -> str:
    options = [f"{name}={_shown(value)}" for name, value in optimizer.options.items()]
    return f"{optimizer.name}({', '.join(options)})" if options else optimizer.name


def _changed(stage: "Stage") -> list[str]:
    """Name the fields that were changed and have no row of their own."""
    now, usual = (
        {name: getattr(one, name) for name in type(stage).model_fields if name not in _TOLD}
        for one in (stage, type(stage)(loss=stage.loss, steps=1))
    )
    return [f"{name} {_shown(value)}" for name, value in now.items() if value != usual[name]]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        ramps = (f"{name} from {one.start:g} over {one.over}" for name, one in value.items())
        return ", ".join(ramps)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
