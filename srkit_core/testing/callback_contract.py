"""Which checks does a callback of training pass?"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from srkit_core.callbacks import (
    Callback,
    CheckpointEvent,
    PictureScoredEvent,
    RunEndEvent,
    RunStartEvent,
    StageEndEvent,
    StepEvent,
    ValidationEvent,
)
from srkit_core.recipe import recipe_from_dict
from srkit_core.specs import CallbackSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract

_STAGE = {"name": "main", "loss": "l1", "steps": 2, "batch": 1, "patch": 32}
_HEARD = frozenset(name for name in vars(Callback) if name.startswith("on_"))


class CallbackContract(ExtensionContract):
    """Checks of a callback: it hears a run that was made up, in a temporary folder, and raises
    nothing.

    Attributes:
        expression: its name, with options to try where it has some.
    """

    spec_class = CallbackSpec

    @check("values")
    def test_it_makes_a_callback(self) -> None:
        """A subclass of `Callback`, a new one for each run."""
        first, second = self.build(), self.build()
        assert isinstance(first, Callback), (
            f"its factory makes a {type(first).__name__}, which is no srkit_core.Callback"
        )
        assert first is not second, "its factory makes one object for all runs: make a new one"

    @check("inputs")
    def test_it_hears_what_is_told(self) -> None:
        """A method such as `on_epoch`, which nobody calls, is a misspelling."""
        every = {name for name in dir(self._made()) if name.startswith("on_")}
        unknown = sorted(every - _HEARD)
        assert not unknown, (
            f"nobody calls {', '.join(unknown)}; a run calls {', '.join(sorted(_HEARD))}"
        )

    @check("inputs")
    def test_it_hears_a_whole_run(self) -> None:
        """Every event once, two steps, one of them without values."""
        with _heard(self._made()) as run:
            run.start()
            run.tell("on_note", "a note")
            run.tell("on_download", "vgg19", 1, 0)
            run.tell("on_step", StepEvent("main", 1, 2, 1, {}))
            run.tell("on_step", StepEvent("main", 2, 2, 2, {"loss/total": 0.5, "lr": 1e-4}))
            run.tell("on_picture_scored", PictureScoredEvent("main", 2, "", "camera", 1, 1))
            losses, scores = {"loss/total": 0.5}, {"psnr": 30.0, "psnr/std": 1.0}
            run.tell("on_validation", ValidationEvent("main", 2, losses, scores, {"psnr": 29.0}))
            checkpoint = run.folder / "checkpoints" / "00000002"
            checkpoint.mkdir(parents=True)
            run.tell("on_checkpoint", CheckpointEvent("main", 2, checkpoint))
            run.tell("on_stage_end", StageEndEvent("main", 2, {"psnr": 30.0}, early=False))
            run.tell("on_run_end", RunEndEvent(run.folder, 2, "finished"))

    @check("inputs")
    def test_it_hears_a_run_that_fails_at_once(self) -> None:
        """A run can end before its first step, and goes on later in the same folder."""
        with _heard(self._made()) as run:
            run.start()
            run.tell("on_run_end", RunEndEvent(run.folder, 0, "diverged", "the loss is not finite"))
            again = _HeardRun(self._made(), run.folder)
            again.start(run_step=1)
            again.tell("on_run_end", RunEndEvent(run.folder, 1, "interrupted", "Ctrl-C"))

    @check("inputs")
    def test_it_hears_a_validation_without_scores(self) -> None:
        """A recipe may score nothing, and metrics may judge no picture."""
        with _heard(self._made()) as run:
            run.start()
            left_out = {"psnr": ("small",)}
            run.tell("on_validation", ValidationEvent("main", 1, {}, {}, {}, left_out))
            run.tell("on_run_end", RunEndEvent(run.folder, 1, "finished"))

    def _made(self) -> Callback:
        made = self.build()
        if not isinstance(made, Callback):
            raise NotTriedError("it is no callback")
        return made


@dataclass(frozen=True)
class _HeardRun:
    callback: Callback
    folder: Path

    def start(self, run_step: int = 0) -> None:
        recipe = recipe_from_dict({"generator": "srvgg", "stages": [_STAGE]})
        (self.folder / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
        event = RunStartEvent(self.folder, recipe, "cpu", "fp32", run_step, 2)
        self.tell("on_run_start", event)

    def tell(self, method: str, *told: object) -> None:
        try:
            getattr(self.callback, method)(*told)
        except Exception as error:  # a plugin may raise anything
            fault = f"{type(error).__name__}: {error}"
            raise AssertionError(f"{method} raised {fault}; told {told}"[:400]) from error


@contextmanager
def _heard(callback: Callback) -> Iterator[_HeardRun]:
    with tempfile.TemporaryDirectory() as folder:
        yield _HeardRun(callback, Path(folder))
