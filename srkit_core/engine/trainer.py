"""What does it take to turn a recipe into a run folder?"""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from srkit_core.binding import BoundComponent
from srkit_core.callback_binding import bind_callbacks
from srkit_core.callbacks import Callback, CallbackList
from srkit_core.engine.cadence import count_of_networks, with_intervals, with_recorded_intervals
from srkit_core.engine.checkpoints.checkpoint import Checkpoint, Progress
from srkit_core.engine.checkpoints.checkpoint_policy import keep_last
from srkit_core.engine.checkpoints.later_steps import set_later_aside
from srkit_core.engine.checkpoints.resume import (
    Resume,
    find_checkpoint,
    step_with_rows,
    with_best_of,
    with_kept_best,
)
from srkit_core.engine.checkpoints.run_lock import run_lock
from srkit_core.engine.disk_use import disk_notes
from srkit_core.engine.faster_precision import with_faster_precision
from srkit_core.engine.guarded_callbacks import GuardedCallbacks, open_callbacks, tell_run_start
from srkit_core.engine.held_out import held_out_before
from srkit_core.engine.initial_networks import InitialNetworks, read_initial_networks
from srkit_core.engine.logs.summary import write_summary
from srkit_core.engine.logs.trackers import Trackers, open_trackers
from srkit_core.engine.loop import run_stages
from srkit_core.engine.machine.processes import Processes, open_processes
from srkit_core.engine.machine.stop_request import catch_stop_signals
from srkit_core.engine.networks import Networks, build_networks, with_average
from srkit_core.engine.next_stage import with_counted_samples
from srkit_core.engine.run_context import RunContext, open_run_context
from srkit_core.engine.run_data import describe_pictures, open_run_data
from srkit_core.engine.run_end import recorded_end
from srkit_core.engine.run_record import (
    begin_record,
    check_record,
    check_same_recipe,
    continue_record,
    known_environment,
    recorded_recipe,
)
from srkit_core.engine.stage_run import StageRun, open_stage_run
from srkit_core.engine.unstarted import given_back, missing_folders, without_trace
from srkit_core.engine.validation_checks import check_validation
from srkit_core.errors import DivergedError, IncompatibleError, RecipeError
from srkit_core.interfaces import RunInfo
from srkit_core.launch import leftovers
from srkit_core.oom import oom_guard
from srkit_core.pinning import Pinned, choose_networks, fetch_networks
from srkit_core.plan import Plan, plan
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import with_listed_names
from srkit_core.registry import Registry, discover
from srkit_core.run_folder import RunFolder, RunResult, choose_run_folder, read_environment
from srkit_core.run_options import RunOptions, with_arguments
from srkit_core.specs import GeneratorSpec
from srkit_core.tracker_binding import make_tracker

_TOO_LARGE: Final = "a network of fewer blocks or features, or a machine with more memory"


def train(
    recipe: Recipe,
    options: RunOptions | None = None,
    *,
    resume: Resume | None = None,
    registry: Registry | None = None,
    callbacks: Sequence[Callback] = (),
) -> RunResult:
    """Train a recipe and return what the run left in its folder.

    `registry` is where components come from, by default the installed plugins. Raises RecipeError
    or RegistryError before anything is written when the recipe cannot run here; DataError when no
    picture can be used; DivergedError, OutOfMemoryError and InterruptedRunError leave the last
    checkpoint behind.
    """
    asked, registry = options or RunOptions(), registry or discover()
    options, notes = _as_before(asked, resume)
    planned = plan(with_listed_names(recipe, Path()), registry)
    for name in options.track:  # what is not there is told before anything is written
        make_tracker(registry, name)
    wanted = bind_callbacks(options.callback, registry)
    ignored = leftovers()
    options, timed = with_faster_precision(options, planned, goes_on=resume is not None)
    with (
        oom_guard(_TOO_LARGE),
        torch.random.fork_rng(devices=[]),
        open_processes(options.device, options.precision) as processes,
    ):
        heard = open_callbacks(callbacks, wanted, processes)
        for note in [*([ignored] if ignored else []), *notes, *timed, *processes.notes()]:
            heard.on_note(note)
        out, name = options.out, planned.recipe.name
        folder = processes.agree(lambda: choose_run_folder(out, name, resume=resume is not None))
        lent = folder.path if out is None and processes.is_main else None
        with given_back(lent), heard.told_end(folder.path):
            context = _open_context(planned, folder, options, resume, registry, processes, heard)
            _run(context, resume, recipe)
    return RunResult(folder.path)


def _as_before(options: RunOptions, resume: Resume | None) -> tuple[RunOptions, list[str]]:
    """Return options with what a run that goes on or is repeated knows of where it ran, where not
    even the pictures are given, and a line that says so.
    """
    run = options.out if resume is not None else options.repeats
    environment = None if run is None or options.data else read_environment(Path(run))
    if environment is None:
        return options, []
    options, taken = with_arguments(options, environment["arguments"])
    said = ", ".join(f"{name} {value}" for name, value in taken.items())
    return options, [f"taken from environment.json: {said}"] if taken else []


def _open_context(
    planned: Plan,
    folder: RunFolder,
    options: RunOptions,
    resume: Resume | None,
    registry: Registry,
    processes: Processes,
    callbacks: GuardedCallbacks,
) -> RunContext:
    _check_batches(planned, processes)
    _tell_who_opens(planned.generator, callbacks)
    recorded = recorded_recipe(folder, registry) if folder.holds_run else None
    pinned = _pin(planned, recorded, processes, registry, callbacks)
    if recorded:
        pinned = replace(pinned, plan=with_recorded_intervals(pinned.plan, recorded.stages))
        check_same_recipe(folder, recorded, pinned.plan)
    environment = known_environment(folder, options) if resume is not None else None
    before = held_out_before(folder, environment, options.init, registry)
    data = processes.each(lambda: open_run_data(pinned.plan, options, callbacks, before))
    parameters = count_of_networks(pinned.plan)
    planned = with_intervals(pinned.plan, parameters, data.validation)
    pinned = replace(pinned, plan=planned)
    context = open_run_context(pinned, registry, options, folder, processes, data, callbacks)
    check_validation(context)
    for note in disk_notes(planned, context.intervals, parameters, folder.path):
        callbacks.on_note(note)
    return context


def _pin(
    planned: Plan,
    recorded: Recipe | None,
    processes: Processes,
    registry: Registry,
    callbacks: CallbackList,
) -> Pinned:
    """Let the main process choose among pretrained networks, and every machine fetch what was
    chosen.
    """
    report = callbacks.on_download
    chosen = processes.agree(lambda: choose_networks(planned, registry, recorded, report))
    pinned = processes.each(lambda: fetch_networks(plan(chosen, registry), registry, report))
    for network in pinned.networks:
        callbacks.on_note(f"pretrained network {network.spec.name} from {network.path}")
    return pinned


def _run(context: RunContext, resume: Resume | None, asked: Recipe) -> None:
    initial = _initial(context, resume, asked)
    networks = _build(context, initial)
    context.callbacks.on_note(
        f"training on {context.device} in {context.processes.precision}, "
        f"{describe_pictures(context.data.training)}, into {context.folder.path}"
    )
    missing = missing_folders(context.folder)
    processes, tell = context.processes, context.callbacks.on_note
    with (
        catch_stop_signals(tell, alone=processes.world == 1) as stop,
        run_lock(context.folder, processes),
        without_trace(context.folder, missing, lambda: context.log.begun)
        if processes.is_main
        else nullcontext(),
    ):
        checkpoint = context.processes.agree(lambda: _chosen(context, resume))
        if checkpoint:
            run = _go_back_to(context, networks, checkpoint)
        else:
            run = _begin(context, networks, again=resume is not None)
            initial.restore_optimizers(run.pair)
        with context.curves.drawn_at_end(), _opened_trackers(run) as trackers:
            run.context = replace(context, trackers=trackers)
            tell_run_start(run)
            with _what_was_learnt(context.folder), recorded_end(context):
                progress = run_stages(run, stop)
    context.processes.agree(lambda: write_summary(context.folder, progress))


@contextmanager
def _what_was_learnt(folder: RunFolder) -> Iterator[None]:
    """Let a run that diverged name the weights to begin anew from, where some were saved."""
    try:
        yield
    except DivergedError as error:
        weights = folder.weights("last")
        if weights.is_file():
            error.hint += f" --init {shlex.quote(str(weights))} keeps what was learnt"
        raise


def _tell_who_opens(bound: BoundComponent, callbacks: CallbackList) -> None:
    opened_by = bound.spec(GeneratorSpec).opened_by(bound.arguments)
    if opened_by:
        callbacks.on_note(f"the weights of this {bound.name} are opened by {opened_by}")


def _build(context: RunContext, initial: InitialNetworks) -> Networks:
    """Build the networks, and every stage once, so that what cannot be built is known before
    anything is written.
    """
    networks = build_networks(context.plan, context.options, context.processes, initial)
    for number in range(len(context.plan.stages)):
        open_stage_run(context, networks, number, Progress())
    return networks


def _initial(context: RunContext, resume: Resume | None, asked: Recipe) -> InitialNetworks:
    """Return what a new run begins with that was trained before, and say it."""
    if resume is not None and context.folder.checkpoints():
        return InitialNetworks()
    planned, heard = context.plan, context.callbacks
    registry, options = context.registry, context.options
    initial = read_initial_networks(asked, planned, options, registry, heard.on_download)
    for text in initial.notes:
        heard.on_note(text)
    return initial


def _chosen(context: RunContext, resume: Resume | None) -> Checkpoint | None:
    return None if resume is None else find_checkpoint(context.folder, resume, context.callbacks)


def _begin(context: RunContext, networks: Networks, *, again: bool) -> StageRun:
    if again:
        path = context.folder.path
        context.callbacks.on_note(f"there is no checkpoint in {path} yet: starting at step 0")
    context.processes.agree(lambda: begin_record(context, again=again))
    networks = with_average(networks, context.plan.stages[0])
    return open_stage_run(context, networks, 0, Progress(judged_on=context.data.judges))


def _go_back_to(context: RunContext, networks: Networks, checkpoint: Checkpoint) -> StageRun:
    """Restore a checkpoint, and then make the folder what it was at that time.

    What differs from before is told first, because it explains a checkpoint that does not fit.
    """
    progress = with_counted_samples(context, checkpoint.progress)
    checkpoint = replace(checkpoint, progress=progress)
    _check_length(context, progress)
    context.processes.agree(lambda: check_record(context))
    number = progress.position.stage
    networks = with_average(networks, context.plan.stages[number])
    run = open_stage_run(context, networks, number, progress)
    run.restore(checkpoint.folder)
    context.clock.go_on_from(progress.elapsed_s)
    context.curves.compare_with(progress.baseline.get("figures", {}))
    run.progress = context.processes.agree(lambda: _rewind(context, checkpoint))
    context.processes.agree(lambda: keep_last(run))
    step, path = progress.position.total, context.folder.path
    context.callbacks.on_note(f"going on after step {step}")
    if _finished(context, progress):
        context.callbacks.on_note(f"the run in {path} is finished: {step} steps")
    return run


def _rewind(context: RunContext, checkpoint: Checkpoint) -> Progress:
    progress, folder, callbacks = checkpoint.progress, context.folder, context.callbacks
    context.log.check(progress.log_bytes, _without_rows(folder))
    set_later_aside(folder, checkpoint, callbacks)
    continue_record(context, progress.position.total)
    context.log.cut(progress.log_bytes)
    stage = context.plan.stages[progress.position.stage].stage
    kept = with_kept_best(folder, stage.name, progress)
    if _finished(context, progress):
        return kept
    return with_best_of(context.data.judges, stage.name, kept, callbacks)


def _without_rows(folder: RunFolder) -> str:
    """Return the way on for a run whose metrics.csv has lost what a checkpoint needs."""
    step = step_with_rows(folder)
    back = (
        "" if step is None else f"{folder.resumes().replace('--resume', f'--resume {step}')}, or "
    )
    return f"copy it back; {back}{folder.begins_anew()}"


def _opened_trackers(run: StageRun) -> AbstractContextManager[Trackers]:
    context, step = run.context, run.progress.position.total
    environment = read_environment(context.folder.path) or {}
    folder, identity = context.folder.path, environment.get("id", "")
    tracked = RunInfo(folder, context.recipe.to_dict(), identity, step)
    names = context.options.track if context.processes.is_main else ()
    trackers = [make_tracker(context.registry, name) for name in names]
    return open_trackers(trackers, tracked, context.callbacks)


def _check_length(context: RunContext, progress: Progress) -> None:
    """Refuse to make a run shorter than it is already."""
    length = context.intervals[progress.position.stage].length
    if progress.position.step > length:
        name = context.plan.stages[progress.position.stage].stage.name
        raise RecipeError(
            f"stage '{name}' has {progress.position.step} steps behind it, more than {length}",
            hint="--resume without --steps goes on as begun",
        )


def _finished(context: RunContext, progress: Progress) -> bool:
    last, position = len(context.plan.stages) - 1, progress.position
    over = progress.ended or position.step >= context.intervals[last].length
    return position.stage == last and over


def _check_batches(planned: Plan, processes: Processes) -> None:
    world = processes.world
    for stage in (one.stage for one in planned.stages):
        shares, batch = world * stage.accumulate, stage.batch
        if batch % shares:
            alone = stage.accumulate == 1
            by = f"{world} processes" if alone else f"{shares} microbatches"
            raise IncompatibleError(
                f"a batch of {batch} cannot be shared by {by}",
                hint=f"--batch {shares * max(batch // shares, 1)}",
            )
