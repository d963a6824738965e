"""Which checks does a tracker pass?"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from srkit_core.errors import RecipeError
from srkit_core.interfaces import RunInfo, Tracker
from srkit_core.models.build import build_extension
from srkit_core.recipe import recipe_from_dict
from srkit_core.specs import TrackerSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract

_STAGE = {"name": "main", "loss": "l1", "steps": 4, "batch": 1, "patch": 32}


class TrackerContract(ExtensionContract):
    """Checks of a tracker: it keeps a run that was made up, in a temporary folder. One whose
    objects say `sends_away = True`, because they speak to a service, is made and not started; one
    that raises RecipeError when it is made, because a package is missing, is not tried.

    Attributes:
        expression: its name, with options to try where it has some.
    """

    spec_class = TrackerSpec

    def build(self) -> Any:
        """Build it; not tried where a package that it speaks to is not installed."""
        try:
            return build_extension(self.bound())
        except RecipeError as error:
            raise NotTriedError(error.message) from None

    @check("values")
    def test_it_makes_a_tracker(self) -> None:
        """An object with start, row, pictures and close, a new one for each run."""
        first, second = self.build(), self.build()
        assert isinstance(first, Tracker), (
            f"its factory makes a {type(first).__name__} without start, row, pictures and close"
        )
        assert first is not second, "its factory makes one object for all runs: make a new one"

    @check("inputs")
    def test_it_keeps_a_run(self) -> None:
        """Figures of training and validation, and a sheet of pictures."""
        sheet = np.zeros((24, 40, 3), dtype=np.uint8)
        with tempfile.TemporaryDirectory() as folder:
            tracker = self._started(folder)
            _told(tracker.row, 1, {"train/loss/total": 0.5, "train/lr": 1e-4})
            _told(tracker.row, 2, {"val/psnr": 30.0, "val/psnr/std": 1.0})
            _told(tracker.pictures, 2, sheet)
            _told(tracker.close)
        assert not sheet.any(), "it changes the sheet of pictures that it is given"

    @check("inputs")
    def test_it_keeps_a_run_that_goes_on(self) -> None:
        """A second start finds in the folder what the first one left."""
        with tempfile.TemporaryDirectory() as folder:
            for done in (0, 1):
                tracker = self._started(folder, done=done)
                _told(tracker.row, done + 1, {"train/loss/total": 0.5})
                _told(tracker.close)

    @check("inputs")
    def test_it_closes_a_run_without_figures(self) -> None:
        """A run can end before its first row."""
        with tempfile.TemporaryDirectory() as folder:
            _told(self._started(folder).close)

    @check("values")
    def test_it_takes_figures_that_are_not_finite(self) -> None:
        """A loss that diverged is what people look for."""
        with tempfile.TemporaryDirectory() as folder:
            tracker = self._started(folder)
            figures = {"train/loss/total": float("nan"), "train/grad": float("inf")}
            _told(tracker.row, 1, figures)
            _told(tracker.close)

    def _started(self, folder: str, done: int = 0) -> Any:
        tracker = self.build()
        if getattr(tracker, "sends_away", False):
            raise NotTriedError("it would send a run that was made up to a service")
        if not isinstance(tracker, Tracker):
            raise NotTriedError("it is no tracker")
        recipe: Mapping[str, Any] = recipe_from_dict(
            {"generator": "srvgg", "stages": [_STAGE]}
        ).model_dump(mode="json")
        _told(tracker.start, RunInfo(Path(folder), recipe, "0" * 16, done))
        return tracker


def _told(method: Callable[..., None], *told: object) -> None:
    try:
        method(*told)
    except Exception as error:  # a plugin may raise anything
        fault = f"{type(error).__name__}: {error}"
        name = getattr(method, "__name__", "it")
        raise AssertionError(f"{name} raised {fault}") from error
