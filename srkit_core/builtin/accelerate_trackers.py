"""How does a tracker that Accelerate knows keep a run?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker, get_available_trackers
from numpy.typing import NDArray

from srkit_core.errors import RecipeError
from srkit_core.interfaces import RunInfo

_PROJECT = "srkit"
_EXTRAS = ("tensorboard", "wandb")
_IN_THE_RUN_FOLDER = ("tensorboard",)
_PICTURE_OPTIONS: Mapping[str, Mapping[str, Any]] = {"tensorboard": {"dataformats": "NHWC"}}


class AccelerateTracker:
    """A tracker of Accelerate's, under our protocol.

    Raises RecipeError where the package it speaks to is not installed.
    """

    def __init__(self, name: str) -> None:
        if name not in map(str, get_available_trackers()):
            package = f"'srkit[{name}]'" if name in _EXTRAS else name.replace("_", "-")
            raise RecipeError(f"the tracker {name} is not installed", hint=f"pip install {package}")
        self.sends_away = name not in _IN_THE_RUN_FOLDER
        self._name = name
        self._live: GeneralTracker | None = None

    def start(self, run: RunInfo, /) -> None:
        """Begin, and tell the recipe where nothing was told before."""
        try:
            self._live = LOGGER_TYPE_TO_CLASS[self._name](**self._options(run))
            self._live.start()
            if run.done == 0:
                self._live.store_init_configuration(_flat(dict(run.recipe)))
        except Exception as error:
            if self._name != "wandb":
                raise
            hint = "WANDB_MODE=offline needs no account"
            raise RecipeError(f"the tracker wandb does not start: {error}", hint=hint) from error

    def row(self, step: int, figures: Mapping[str, float], /) -> None:
        """Log figures."""
        if self._live is not None:
            self._live.log(dict(figures), step=step)

    def pictures(self, step: int, sheet: NDArray[np.uint8], /) -> None:
        """Log a sheet, where this one takes pictures."""
        log = getattr(self._live, "log_images", None)
        if log is not None:
            log({"validation": sheet[None]}, step=step, **_PICTURE_OPTIONS.get(self._name, {}))

    def close(self) -> None:
        """Write what is still held."""
        if self._live is not None:
            self._live.finish()

    def _options(self, run: RunInfo) -> dict[str, Any]:
        if (
            self._name == "tensorboard"
        ):  # steps that a killed run had logged beyond its last checkpoint come again
            return {"run_name": self._name, "logging_dir": run.folder, "purge_step": run.done + 1}
        if self._name == "wandb":
            return {
                "run_name": _PROJECT,
                "name": run.folder.name,
                "dir": str(run.folder),
                "id": run.identity,
                "resume": "allow",
            }
        needs_folder = LOGGER_TYPE_TO_CLASS[self._name].requires_logging_directory
        folder = {"logging_dir": run.folder} if needs_folder else {}
        return {"run_name": run.folder.name, **folder}


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
