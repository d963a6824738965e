"""Which precision does `auto` take for a recipe on this card?

Half precision saves memory everywhere and time on some cards, for some networks: so both are timed,
on steps that are thrown away. A run that goes on keeps what it began with.
"""

from dataclasses import replace
from pathlib import Path

from srkit_core.devices import Precision, backend_of, choose_device
from srkit_core.engine.step_timing import time_stages
from srkit_core.errors import OutOfMemoryError
from srkit_core.launch import launch
from srkit_core.plan import Plan
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions


def with_faster_precision(
    options: RunOptions, planned: Plan, *, goes_on: bool
) -> tuple[RunOptions, list[str]]:
    """Return options with the precision that `auto` stands for, and a line that says so; as they
    are where there is nothing to choose, and in several processes, which would have to agree.
    """
    device = choose_device(options.device)
    kind = backend_of(device)
    choices = kind.precisions()
    if options.precision != "auto" or len(choices) < 2 or launch() is not None:
        return options, []
    before = read_environment(Path(options.out)) if goes_on and options.out else None
    if before and str(before.get("device")).partition(":")[0] == device.type:
        return replace(options, precision=before["precision"]), []
    speeds = {one: _pictures_a_second(planned, options, one) for one in choices}
    chosen = max(choices, key=lambda one: speeds[one])
    figures = ", ".join(f"{one} {speed:.4g}" for one, speed in speeds.items())
    said = f"precision {chosen}: pictures a second in steps on noise: {figures}"
    return replace(options, precision=chosen), [said]


def _pictures_a_second(planned: Plan, options: RunOptions, precision: Precision) -> float:
    """Return how many pictures a second the slowest stage takes; 0 where one does not fit."""
    try:
        timings = list(time_stages(planned, replace(options, precision=precision)))
    except OutOfMemoryError:
        return 0.0
    return min(one.computed for one in timings)
