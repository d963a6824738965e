"""How does a run folder come to say what it was made from?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from srkit_core.engine.environment import describe, differences
from srkit_core.engine.run_context import RunContext
from srkit_core.errors import DataError, RecipeError, WeightsError
from srkit_core.io.atomic import write_text
from srkit_core.io.documents import write_json
from srkit_core.plan import Plan, plan
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import read_run_recipe
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder, read_environment
from srkit_core.run_options import RunOptions
from srkit_core.schedule_binding import is_steady

_VERSIONED = ("versions", "python", "device", "precision", "processes")
_FREE_IN_STAGE: Final = (
    *("accumulate", "log_every", "checkpoint_every", "keep", "keep_weights_at"),
    *("keep_weights_every", "keep_checkpoints_at", "keep_checkpoints_every"),
)
_FREE_IN_VALIDATION: Final = ("columns", "files", "pictures")
"""Fields that say what is written, and how memory is saved, and not what is learnt."""

_LONGEST: Final = 80


def begin_record(context: RunContext, *, again: bool) -> None:
    """Write what a new run is made from, its recipe last; raises RecipeError when another run was
    faster.

    `again` begins anew where a run stopped before its first checkpoint.
    """
    folder, options = context.folder, context.options
    if folder.holds_run and not again:
        raise RecipeError(
            f"another run has just begun in {folder.path}",
            hint="run the same command again, or --out another folder",
        )
    now = describe(context)
    before = known_environment(RunFolder(options.repeats), options) if options.repeats else None
    _note_differences(context, before, now)
    _write(context, now)
    context.log.start()


def check_record(context: RunContext) -> None:
    """Tell, before anything is restored, where a run that goes on differs from before.

    Raises DataError when the data source is the same but its pictures have changed, WeightsError
    when a pretrained network is another file.
    """
    before = known_environment(context.folder, context.options)
    if before:
        _note_differences(context, before, describe(context))
        _check_pictures(before["data"], context)
        _check_pretrained(before.get("weights", []), context)
    recorded = recorded_recipe(context.folder, context.registry)
    for note in _changed_lengths(recorded, context):
        context.callbacks.on_note(note)


def continue_record(context: RunContext, step: int) -> None:
    """Write what a run goes on with after a step; identity, command lines, and the versions that
    made the earlier steps, stay.
    """
    before, now = known_environment(context.folder, context.options), describe(context)
    if before:
        now["id"] = before.get("id", now["id"])
        now["commands"] = [*before["commands"], *now["commands"]]
        now["init"] = now["init"] or before.get("init")
        now["history"] = _history(before, now, step)
    _write(context, now)


def known_environment(folder: RunFolder, options: RunOptions) -> dict[str, Any] | None:
    """Return environment.json of a run, None of one that is missing or damaged where the pictures
    are given.

    Raises DataError where they are not.
    """
    try:
        return read_environment(folder.path)
    except DataError:
        if options.data is None:
            raise
        return None


def check_same_recipe(folder: RunFolder, before: Recipe, planned: Plan) -> None:
    """Raise RecipeError when a run is resumed with another recipe, both with all options written;
    what cannot change the result may differ, and the length of the last stage.
    """
    read = [*_validations_are_read(planned), *[True] * len(before.stages)]
    old, new = (_what_matters(one, read) for one in (before, planned.recipe))
    differing = next(_differing_fields(old, new), None)
    if differing:
        then, now = (_in_words(_at(one, differing)) for one in (old, new))
        raise RecipeError(
            f"{folder.path} was started with another {differing} than this command line asks for: "
            f"{then} then, {now} now",
            hint=f"{folder.resumes()} takes it from there; {folder.begins_anew()}, with any flags",
        )


def recorded_recipe(folder: RunFolder, registry: Registry) -> Recipe:
    """Return the recipe a run was started with, every option that is known today written out."""
    return plan(read_run_recipe(folder), registry).recipe


def _what_matters(recipe: Recipe, read: Sequence[bool]) -> dict[str, object]:
    """Return a recipe as plain values, but for what a resume may change: its name, the length of
    its last stage, and fields that the result does not depend on, given of which stages training
    reads the validations.
    """
    document = recipe.to_dict()
    document.pop("name")
    for name in _FREE_IN_VALIDATION:
        document["validation"].pop(name)
    for stage, matters in zip(document["stages"], read, strict=False):
        for name in (*_FREE_IN_STAGE, *(() if matters else ("validate_every",))):
            stage.pop(name, None)
    for name in ("steps", "epochs"):
        document["stages"][-1].pop(name, None)
    return document


def _validations_are_read(planned: Plan) -> list[bool]:
    """Return, of each stage, whether training depends on when it is validated."""
    following = [*(one.stage.start_from for one in planned.stages[1:]), "last"]
    return [
        one.stage.patience is not None or next_from.startswith("best-") or bool(one.schedule.figure)
        for one, next_from in zip(planned.stages, following, strict=True)
    ]


def _at(document: object, path: str) -> object:
    """Return the value at a dotted path of a document, None where there is none."""
    for key in path.split("."):
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list):
            document = document[int(key)]
    return document


def _in_words(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _write(context: RunContext, environment: Mapping[str, Any]) -> None:
    write_json(context.folder.environment, environment)
    write_text(context.folder.recipe, context.recipe.to_toml())


def _history(before: Mapping[str, Any], now: Mapping[str, Any], step: int) -> list[dict[str, Any]]:
    """Return which software and machine made which earlier steps, up to the last of each."""
    recorded: list[dict[str, Any]] = before.get("history", [])
    earlier = [one for one in recorded if one["last_step"] < step]
    source = next((one for one in recorded if one["last_step"] >= step), before)
    last = {name: source.get(name) for name in _VERSIONED}
    same = all(last[name] == now.get(name) for name in _VERSIONED)
    return earlier if same else [*earlier, {"last_step": step, **last}]


def _note_differences(
    context: RunContext, before: Mapping[str, Any] | None, now: Mapping[str, Any]
) -> None:
    for difference in differences(before, now) if before else ():
        context.callbacks.on_note(f"warning: not as before: {difference}")


def _check_pictures(before: Mapping[str, Any], context: RunContext) -> None:
    pictures = context.data.pictures
    same_source = before["source"] == context.options.arguments()["data"]
    if same_source and before["fingerprint"] != pictures.fingerprint():
        then, now = before["pictures"], len(pictures.pictures)
        raise DataError(
            f"the pictures of {pictures.source} are not those the run began with: "
            f"{then} then, {now} now",
            hint=f"put them back; {context.folder.begins_anew()}",
        )


def _check_pretrained(before: Sequence[Mapping[str, str]], context: RunContext) -> None:
    """Raise WeightsError when a pretrained network is read from another file than at the start:
    losses would not compare.
    """
    now = {network.spec.name: network for network in context.pretrained}
    for one in before:
        found = now.get(one["name"])
        if found is None or found.file.sha256 != one["sha256"]:
            there = f"is {found.path} of sha256 {found.file.sha256[:12]}..." if found else ""
            fact = f"the run began with {one['name']} of sha256 {one['sha256'][:12]}..."
            raise WeightsError(
                f"{fact}, which now {there or 'is not there'}",
                hint=f"SRKIT_WEIGHTS=FOLDER with the file from {one['path']}, or begin a new run "
                "from these weights with --init",
            )


def _changed_lengths(old: Recipe, context: RunContext) -> Iterator[str]:
    for one, other in zip(old.stages, context.recipe.stages, strict=True):
        if one.accumulate != other.accumulate:
            yield (
                f"stage '{one.name}' accumulated {one.accumulate} microbatches "
                f"and now {other.accumulate}"
            )
    before, last = old.stages[-1].length, context.recipe.stages[-1].length
    if before != last:
        now = context.intervals[-1]
        steady = is_steady(
            context.plan.stages[-1].schedule,
            (before.steps(now.steps_per_epoch), now.length),
            sum(one.length for one in context.intervals[:-1]),
            now.steps_per_epoch,
        )
        name = context.recipe.stages[-1].schedule.name.rpartition("/")[2]
        moved = "" if steady else f"; its {name} schedule changes from here"
        yield f"the last stage was {before} long and is now {last}{moved}"


def _differing_fields(old: object, new: object, path: str = "") -> Iterator[str]:
    """Yield the dotted paths at which two documents differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            inner = f"{path}.{name}".lstrip(".")
            yield from _differing_fields(old.get(name), new.get(name), inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differing_fields(one, other, f"{path}.{number}")
    elif old != new:
        yield path
