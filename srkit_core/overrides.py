"""How do flags and `--set` change a recipe?

Flags of *what* are overrides of recipe fields and nothing more; without a recipe they make one.
"""

import difflib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from typing import Any, Final

from srkit_core.data_source import parse_data_sources
from srkit_core.errors import RecipeError
from srkit_core.optimizer_config import OptimizersConfig
from srkit_core.recipe import PAIRED, Recipe, Stage, recipe_from_dict
from srkit_core.settings import read_setting

Document = dict[str, Any]

CHOSEN_STEPS: Final = 10_000
CHOSEN_WARMUP: Final = 1_000
"""Lengths taken when flags give none (empirical: the first pictures worth looking at on one GPU).
"""

_WARMUP_LOSS = "srkit/l1"


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What a command line said about *what* to train; None where it was silent."""

    gen: str | None = None
    disc: str | None = None
    loss: str | None = None
    degrade: str | None = None
    scale: int | None = None
    steps: int | None = None
    warmup: int | None = None
    batch: int | None = None
    patch: int | None = None
    lr: float | None = None
    seed: int | None = None
    settings: tuple[str, ...] = ()

    def written(self) -> list[str]:
        """Return the names of the flags that were given."""
        return [field.name for field in fields(self) if getattr(self, field.name) not in (None, ())]


def flags_of(given: Mapping[str, Any]) -> Flags:
    """Return the flags that were given on a command line, by name; `settings` is a list."""
    return Flags(**{**given, "settings": tuple(given.get("settings", ()))})


@dataclass(frozen=True)
class RequestedRecipe:
    """A recipe made from a command line, and what srkit chose on its own."""

    recipe: Recipe
    notes: tuple[str, ...] = ()


def recipe_from_flags(base: Recipe | None, flags: Flags) -> RequestedRecipe:
    """Apply flags to a recipe, or make one from flags alone.

    Raises RecipeError where they do not fit.
    """
    document = base.to_dict() if base else _from_flags(flags)
    if base:
        _override_stages(document, flags)
    _override_top(document, flags)
    recipe = recipe_from_dict(document)
    # a rate of one network is more specific than a stage's, wherever on the line it stands
    for setting in sorted(flags.settings, key=_is_about_optimizers):
        recipe = recipe_from_dict(apply_setting(recipe.to_dict(), setting))
    _check_rates(recipe, flags)
    return RequestedRecipe(recipe, () if base else _notes(flags, recipe))


def with_stored_lr(requested: RequestedRecipe, flags: Flags, data: str | None) -> RequestedRecipe:
    """Return the recipe with LR from disk where every source of the data says that its LR is
    stored, and nothing on the command line says how LR is made.
    """
    settings = [read_setting(setting).path for setting in flags.settings]
    said = flags.degrade is not None or ("degradation",) in settings
    made, sources = requested.recipe.degradation, parse_data_sources(data) if data else ()
    if said or made == PAIRED or not sources or not all(one.has_lr for one in sources):
        return requested
    recipe = requested.recipe.model_copy(update={"degradation": PAIRED})
    note = f"LR is from disk, as --data or --lq says: degradation is {PAIRED}, not {made}"
    return RequestedRecipe(recipe, (*requested.notes, note))


def apply_setting(document: Document, setting: str) -> Document:
    """Return the document with one `key=value` applied.

    The key is a dotted path (`stages.0.lr`, `stages.warmup.batch`, `validation.metrics`); a stage
    field written bare applies to every stage. The rate of a stage replaces those of its optimizers.
    The value is read as TOML, else as text.
    """
    read = read_setting(setting)
    path, value = read.path, read.value
    changed = deepcopy(document)
    if path[0] in Recipe.model_fields:
        _assign(changed, path, value, setting)
    elif path[0] in Stage.model_fields:
        for stage in changed["stages"]:
            _assign_stage(stage, path, value, setting)
    else:
        raise _no_such_key(path[0], setting)
    return changed


def _is_about_optimizers(setting: str) -> bool:
    return "optimizer" in read_setting(setting).path


def _check_rates(recipe: Recipe, flags: Flags) -> None:
    """Refuse a rate of a stage that no network takes, because the same command line gives each of
    them one of its own.
    """
    asked = [] if flags.lr is None else [("--lr", recipe.stages)]
    for setting in flags.settings:
        path = read_setting(setting).path
        if path == ("lr",):
            asked.append((f"--set {setting}", recipe.stages))
        elif len(path) == 3 and (path[0], path[2]) == ("stages", "lr"):
            named = {str(at): one for at, one in enumerate(recipe.stages)}
            named |= {one.name: one for one in recipe.stages}
            asked.append((f"--set {setting}", tuple(filter(None, [named.get(path[1])]))))
    trained = ["generator", *(["discriminator"] if recipe.discriminator else [])]
    for said, stages in asked:
        if stages and not any(
            getattr(stage.optimizer, network).lr is None for stage in stages for network in trained
        ):
            raise RecipeError(
                f"{said} changes nothing: the optimizer of each network is given a rate too",
                hint="leave out one of them, or name a network: "
                "--set optimizer.discriminator.lr=1e-5",
            )


def _notes(flags: Flags, recipe: Recipe) -> tuple[str, ...]:
    if flags.steps is not None or recipe.stages[-1].steps != CHOSEN_STEPS:
        return ()
    lengths = ", then ".join(f"{stage.length} of {stage.loss}" for stage in recipe.stages)
    return (f"no --steps was given: {lengths}; choose with --warmup N --steps N",)


def _from_flags(flags: Flags) -> Document:
    if flags.gen is None:
        hint = "--gen rrdb, or a recipe of srkit recipes; srkit train --resume --out RUN goes on"
        raise RecipeError("there is neither a recipe nor a generator to train", hint=hint)
    warmup = flags.warmup
    if warmup is None:
        warmup = CHOSEN_WARMUP if flags.steps is None and flags.disc else 0
    main = {
        "name": "main",
        "loss": _WARMUP_LOSS if flags.loss is None else flags.loss,
        "steps": CHOSEN_STEPS if flags.steps is None else flags.steps,
    }
    before = [{"name": "warmup", "loss": _WARMUP_LOSS, "steps": warmup}] if warmup else []
    stages = [stage | _for_every_stage(flags) for stage in [*before, main]]
    return {"name": flags.gen.partition("(")[0].rpartition("/")[2].strip(), "stages": stages}


def _override_stages(document: Document, flags: Flags) -> None:
    stages = document["stages"]
    if flags.warmup is not None and len(stages) < 2:
        raise RecipeError(
            "--warmup sets the first of several stages, and this recipe has one", hint="--steps N"
        )
    lengths = [(stages[-1], flags.steps), (stages[0], flags.warmup)]
    for stage, steps in lengths:
        if steps is not None:
            stage.pop("epochs", None)
            stage["steps"] = steps
    if flags.loss is not None:
        stages[-1]["loss"] = flags.loss
    for stage in stages:
        stage.update(_for_every_stage(flags))
        if flags.lr is not None:
            _forget_own_rates(stage)


def _forget_own_rates(stage: Document) -> None:
    """Let the rate of a stage be that of its networks, whatever their optimizers said before."""
    optimizer = stage.get("optimizer", {})
    for table in (optimizer, *optimizer.values()):
        if isinstance(table, dict):
            table.pop("lr", None)


def _for_every_stage(flags: Flags) -> Document:
    values = {"batch": flags.batch, "patch": flags.patch, "lr": flags.lr}
    return {name: value for name, value in values.items() if value is not None}


def _override_top(document: Document, flags: Flags) -> None:
    values = {
        "generator": flags.gen,
        "discriminator": flags.disc,
        "degradation": flags.degrade,
        "scale": flags.scale,
        "seed": flags.seed,
    }
    document.update({name: value for name, value in values.items() if value is not None})


def _assign(target: Document, path: Sequence[str], value: Any, setting: str) -> None:
    if path[0] == "stages" and len(path) > 2:
        _assign_stage(_stage(target["stages"], path[1], setting), path[2:], value, setting)
        return
    for key in path[:-1]:
        target = target.setdefault(key, {})
        if not isinstance(target, dict):
            raise RecipeError(
                f"'{key}' in --set {setting} has no fields", hint="srkit recipes --fields"
            )
    target[path[-1]] = value


def _assign_stage(stage: Document, path: Sequence[str], value: Any, setting: str) -> None:
    """Set a stage's field; its two ways of saying a length replace each other, `lr` replaces the
    rates of its optimizers, and `optimizer.lr` means both networks.
    """
    if path[0] in ("steps", "epochs"):
        stage.pop("epochs" if path[0] == "steps" else "steps", None)
    if tuple(path) == ("lr",):
        _forget_own_rates(stage)
    both = (
        path[0] == "optimizer" and len(path) == 2 and path[1] not in OptimizersConfig.model_fields
    )
    for full in (
        [(path[0], network, path[1]) for network in OptimizersConfig.model_fields]
        if both
        else [path]
    ):
        _assign(stage, full, value, setting)


def _stage(stages: list[Document], which: str, setting: str) -> Document:
    named = {stage.get("name", "main"): stage for stage in stages}
    numbered = {str(number): stage for number, stage in enumerate(stages)}
    try:
        stage: Document = (numbered | named)[which]
    except KeyError:
        raise RecipeError(
            f"there is no stage '{which}' for --set {setting}", hint=f"stages: {', '.join(named)}"
        ) from None
    return stage


def _no_such_key(key: str, setting: str) -> RecipeError:
    known = [*Recipe.model_fields, *Stage.model_fields]
    nearest = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"one of {', '.join(known)}"
    return RecipeError(f"a recipe has no field '{key}' (in --set {setting})", hint=hint)
