"""Which callbacks and trackers are broken in one way?"""

import json

from mutants.extension_rows import extension, rows
from mutants.machinery import also

from srkit_core.callbacks import Callback
from srkit_core.specs import CallbackSpec, TrackerSpec


class Lines(Callback):
    """A callback that writes a line per validation."""

    def __init__(self):
        self.lines, self.steps = None, 0

    def on_run_start(self, event):
        self.lines = event.folder / "validations.txt"

    def on_step(self, event):
        self.steps += 1

    def on_validation(self, event):
        with self.lines.open("a") as lines:
            lines.write(f"{event.run_step} {dict(event.scores)}\n")


class Late(Callback):
    def on_epoch(self, event):
        pass


class Wrong(Callback):
    def on_checkpoint(self, event):
        event.path.exists()


class Columns(Callback):
    def on_step(self, event):
        event.values["loss/total"]


class Mean(Lines):
    def on_run_end(self, event):
        1 / self.steps


class Scores(Callback):
    def on_validation(self, event):
        max(event.scores)


class Once(Callback):
    def on_run_start(self, event):
        (event.folder / "once").mkdir()


ONE = Lines()


class Kept:
    """A tracker that writes lines of JSON."""

    def __init__(self):
        self.file = None

    def start(self, run):
        self.file = (run.folder / "figures.jsonl").open("a")

    def row(self, step, figures):
        self.file.write(json.dumps({"step": step, **figures}))

    def pictures(self, step, sheet):
        pass

    def close(self):
        self.file.close()


class Blind:
    start = row = close = Kept.close


class Painter(Kept):
    def pictures(self, step, sheet):
        sheet[:] = 9


class Losses(Kept):
    def row(self, step, figures):
        figures["train/loss/total"]


class Transposed(Kept):
    def pictures(self, step, sheet):
        sheet.reshape(3, 5)


class New(Kept):
    def start(self, run):
        self.file = (run.folder / "figures.jsonl").open("x")


class Lazy(Kept):
    def start(self, run):
        pass

    def row(self, step, figures):
        self.file = self

    def close(self):
        if self.file is None:
            raise ValueError("nothing was kept")


class Strict(Kept):
    def row(self, step, figures):
        self.file.write(json.dumps(figures, allow_nan=False))


ONE_KEPT = Kept()


SOUND = (
    ("a callback", extension(CallbackSpec, Lines)),
    ("a tracker", extension(TrackerSpec, Kept)),
)
MUTANTS = rows(
    {
        CallbackSpec: (
            ("no-callback", object, "makes_a_callback", "no srkit_core.Callback", {}),
            ("one-for-all-runs", lambda: ONE, "makes_a_callback", "one object for all runs", {}),
            ("on-epoch", Late, "hears_what_is_told", "nobody calls on_epoch", {}),
            (
                "no-such-field",
                Wrong,
                "hears_a_whole_run",
                "on_checkpoint raised AttributeError",
                {},
            ),
            ("every-step-has-values", Columns, "hears_a_whole_run", "KeyError: 'loss/total'", {}),
            (
                "a-run-has-steps",
                Mean,
                "hears_a_run_that_fails_at_once",
                "ZeroDivisionError",
                also("no step is told there either", "it_hears_a_validation_without_scores"),
            ),
            ("a-run-begins-once", Once, "hears_a_run_that_fails_at_once", "FileExistsError", {}),
            ("something-is-scored", Scores, "hears_a_validation_without_scores", "ValueError", {}),
        ),
        TrackerSpec: (
            ("no-pictures", Blind, "makes_a_tracker", "without start, row, pictures", {}),
            (
                "one-for-all-runs",
                lambda: ONE_KEPT,
                "makes_a_tracker",
                "one object for all runs",
                {},
            ),
            ("writes-into-pictures", Painter, "keeps_a_run", "changes the sheet", {}),
            ("validations-have-losses", Losses, "keeps_a_run", "row raised KeyError", {}),
            ("pictures-of-one-size", Transposed, "keeps_a_run", "pictures raised ValueError", {}),
            ("a-run-begins-once", New, "keeps_a_run_that_goes_on", "FileExistsError", {}),
            ("a-run-has-rows", Lazy, "closes_a_run_without_figures", "nothing was kept", {}),
            (
                "finite-alone",
                Strict,
                "takes_figures_that_are_not_finite",
                "row raised ValueError",
                {},
            ),
        ),
    }
)
