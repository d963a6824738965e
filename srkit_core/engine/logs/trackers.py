"""Who else keeps the figures and pictures of a run?

Accelerate speaks to TensorBoard, Weights & Biases and others; none of them may stop a run that goes
well without them.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker, get_available_trackers

from srkit_core.callbacks import Callback
from srkit_core.errors import RecipeError
from srkit_core.io.images import Pixels
from srkit_core.recipe import Recipe

_PROJECT = "srkit"
_EXTRAS = ("tensorboard", "wandb")
_PICTURE_OPTIONS: Mapping[str, Mapping[str, Any]] = {"tensorboard": {"dataformats": "NHWC"}}


@dataclass(frozen=True)
class TrackedRun:
    """What trackers are told of a run first.

    `done` counts the steps behind it, `identity` stays the same over resumes.
    """

    folder: Path
    recipe: Recipe
    identity: str
    done: int


class Trackers:
    """Trackers that were started; without any, everything said is forgotten."""

    def __init__(
        self, live: Sequence[GeneralTracker] = (), callback: Callback | None = None
    ) -> None:
        self._live = live
        self._callback = callback or Callback()
        self._complained = set[str]()

    def row(self, step: int, split: str, figures: Mapping[str, float]) -> None:
        """Log a row under `<split>/<column>`."""
        named = {f"{split}/{column}": value for column, value in figures.items()}
        self._each(lambda tracker: tracker.log(named, step=step))

    def pictures(self, step: int, sheet: Pixels) -> None:
        """Log a sheet of validation pictures, uint8 (H, W, 3), where a tracker takes pictures."""
        self._each(lambda tracker: _log_pictures(tracker, step, sheet))

    def close(self) -> None:
        """Let every tracker write what it still holds."""
        self._each(lambda tracker: tracker.finish())

    def _each(self, action: Callable[[GeneralTracker], object]) -> None:
        for tracker in self._live:
            try:
                action(tracker)
            except Exception as error:
                self._complain(str(tracker.name), error)

    def _complain(self, name: str, error: Exception) -> None:
        if name not in self._complained:
            self._complained.add(name)
            self._callback.on_note(
                f"warning: the tracker {name} has failed and may miss figures: {error}; "
                "metrics.csv has them all"
            )


def check_trackers(names: Sequence[str]) -> None:
    """Raise RecipeError when a tracker is unknown, or its package is not installed."""
    for name in names:
        if name not in LOGGER_TYPE_TO_CLASS:
            nearest = difflib.get_close_matches(name, LOGGER_TYPE_TO_CLASS, n=1)
            hint = (
                f"did you mean '{nearest[0]}'?"
                if nearest
                else f"--track {', '.join(LOGGER_TYPE_TO_CLASS)}"
            )
            raise RecipeError(f"there is no tracker '{name}'", hint=hint)
        if name not in map(str, get_available_trackers()):
            package = f"'srkit[{name}]'" if name in _EXTRAS else name.replace("_", "-")
            raise RecipeError(f"the tracker {name} is not installed", hint=f"pip install {package}")


@contextmanager
def open_trackers(names: Sequence[str], run: TrackedRun, callback: Callback) -> Iterator[Trackers]:
    """Start trackers, and let them write what they hold at the end.

    Raises RecipeError when one does not start.
    """
    trackers = Trackers([_started(name, run) for name in names], callback)
    try:
        yield trackers
    finally:
        trackers.close()


def _started(name: str, run: TrackedRun) -> GeneralTracker:
    try:
        tracker: GeneralTracker = LOGGER_TYPE_TO_CLASS[name](**_options(name, run))
        tracker.start()
        if run.done == 0:
            tracker.store_init_configuration(_flat(run.recipe.to_dict()))
    except Exception as error:
        hint = (
            "WANDB_MODE=offline needs no account"
            if name == "wandb"
            else f"look into the settings of {name}, or leave out --track"
        )
        raise RecipeError(f"the tracker {name} does not start: {error}", hint=hint) from error
    return tracker


def _options(name: str, run: TrackedRun) -> dict[str, Any]:
    if (
        name == "tensorboard"
    ):  # steps that a killed run had logged beyond its last checkpoint come again
        return {"run_name": name, "logging_dir": run.folder, "purge_step": run.done + 1}
    if name == "wandb":
        return {
            "run_name": _PROJECT,
            "name": run.folder.name,
            "dir": str(run.folder),
            "id": run.identity,
            "resume": "allow",
        }
    folder = (
        {"logging_dir": run.folder} if LOGGER_TYPE_TO_CLASS[name].requires_logging_directory else {}
    )
    return {"run_name": run.folder.name, **folder}


def _log_pictures(tracker: GeneralTracker, step: int, sheet: Pixels) -> None:
    log = getattr(tracker, "log_images", None)
    if log is not None:
        log({"validation": sheet[None]}, step=step, **_PICTURE_OPTIONS.get(str(tracker.name), {}))


def _flat(value: Any, place: str = "") -> dict[str, str | float | bool]:
    """Return nested tables under dotted names."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else None
    )
    if items is None:
        return {place: value}
    return {
        name: one
        for key, inner in items
        for name, one in _flat(inner, f"{place}.{key}".lstrip(".")).items()
    }
