"""What does the page do when a person asks for something, whatever it is drawn with?"""

import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Final

from srkit_app.model_choices import ModelChoice, fetch_model, model_choices
from srkit_app.page_jobs import Job, PictureBatch, make_batch
from srkit_app.rows import fetch_row
from srkit_app.wishes import Wish
from srkit_core import Registry, before_and_after
from srkit_core.errors import DataError, SrkitError, WeightsError

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")
"""What folders of batches are called, and nothing else is."""
_SHOWN: Final = "shown"
"""The folder beside results with what is shown of them."""


class Workshop:
    """The models that there are, and the folder that results are in: a folder a batch."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder, self.registry = folder, registry
        self.choices: dict[str, ModelChoice] = model_choices(registry)

    def begin(self, wish: Wish, sources: Sequence[str | Path] | None) -> PictureBatch:
        """Return the batch of pictures as a person wishes them, which is not begun yet.

        Raises DataError where there is no picture, WeightsError where the model is not on this
        machine: it is fetched when somebody asks for that, and never unasked.
        """
        if not sources:
            raise DataError("there is no picture yet", hint="drop some under Pictures")
        model = self.choices[wish.model]
        if not model.here:
            fact = f"{model.name} is not on this machine ({model.megabytes})"
            raise WeightsError(fact, hint="the button Fetch the model, or another model")
        folder = self.folder / secrets.token_urlsafe(12)
        return make_batch(folder, wish, [Path(one) for one in sources])

    def fetch(self, name: str) -> Iterator[str]:
        """Fetch a model, and tell how far that is, as HTML; raises WeightsError where it cannot be
        had.
        """
        told, failed = Queue[tuple[int, int]](), list[SrkitError]()

        def fetch() -> None:
            try:
                fetch_model(name, self.registry, lambda _, done, size: told.put((done, size)))
            except SrkitError as error:
                failed.append(error)

        worker = Thread(target=fetch, daemon=True, name="srkit-fetch")
        worker.start()
        while worker.is_alive():
            worker.join(0.25)
            if newest := _newest(told):
                yield fetch_row(name, *newest)
        if failed:
            raise failed[0]
        self.choices = model_choices(self.registry)

    def result(self, batch: str, name: str) -> Path | None:
        """Return a result by the names of its batch's folder and its own; None: there is none."""
        return next((one for one in self.results(batch) if one.name == name), None)

    def results(self, batch: str) -> list[Path]:
        """Return all results of a batch, by the name of its folder."""
        folder = self.folder / batch
        if not _TOKEN.fullmatch(batch) or not folder.is_dir():
            return []
        found = (one for one in folder.iterdir() if one.is_file() and one.name[0] != ".")
        return sorted(found)


def shown_pair(job: Job) -> tuple[str, str, bool]:
    """Return the files of what a picture was and what it became, of one size, and whether they show
    all of it.
    """
    folder = job.target.parent / _SHOWN
    folder.mkdir(exist_ok=True)
    before, after = (folder / f"{job.target.name}-{side}.png" for side in ("before", "after"))
    whole = before_and_after(job.source, job.target, before, after)
    return str(before), str(after), whole


def _newest(told: "Queue[tuple[int, int]]") -> tuple[int, int] | None:
    newest = None
    while True:
        try:
            newest = told.get_nowait()
        except Empty:
            return newest
