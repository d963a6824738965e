"""How are the pictures of one page upscaled, and how far is each of them?"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Literal

from srkit_app.wishes import Wish
from srkit_core import Registry, Upscaler
from srkit_core.errors import SrkitError

JobState = Literal["waiting", "working", "done", "failed", "stopped"]
_LOOK_EVERY: Final = 0.25
"""Seconds between two looks at how far the work is."""
_TURN: Final = Lock()
"""Whose pictures are computed: those of one page at a time."""


class WorkStoppedError(Exception):
    """Somebody has asked for an end."""


@dataclass
class Job:
    """A picture, its result, and how far it is: `share` of 0 to 1.

    `said` is what became of it, such as its size, or the fact of an error, whose way on is `hint`.
    """

    source: Path
    target: Path
    state: JobState = "waiting"
    share: float = 0.0
    said: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of the picture."""
        return self.source.name

    def fail(self, said: str, hint: str) -> None:
        """Note why there is no result."""
        self.state, self.said, self.hint = "failed", said, hint


@dataclass
class PictureBatch:
    """Pictures to upscale into a folder of their own, as a person wished."""

    folder: Path
    wish: Wish
    jobs: list[Job]
    stop: Event = field(default_factory=Event)
    ended: bool = False

    @property
    def done(self) -> list[Job]:
        """Return those that have a result."""
        return [one for one in self.jobs if one.state == "done"]

    def run(self, registry: Registry) -> None:
        """Upscale all, one after the other; one that fails is noted, and the rest done."""
        try:
            with _TURN:
                self._run(registry)
        finally:
            for job in self.jobs:
                if job.state in ("waiting", "working"):
                    job.state = "stopped"
            self.ended = True

    def watch(self, registry: Registry) -> Iterator[None]:
        """Do it in a thread, and come back now and then until all is done; who looks no more ends
        it.
        """
        worker = Thread(target=self.run, args=(registry,), daemon=True, name="srkit-app")
        worker.start()
        try:
            while not self.ended:
                yield
                worker.join(_LOOK_EVERY)
        finally:
            self.stop.set()
        yield

    def forget(self) -> None:
        """End it, and remove what it wrote."""
        self.stop.set()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, registry: Registry) -> None:
        wish = self.wish
        try:
            ready = Upscaler(
                wish.model,
                scale=wish.scale,
                size=wish.size,
                quality=wish.quality,
                registry=registry,
            )
        except SrkitError as error:
            for job in self.jobs:
                job.fail(error.message, error.hint)
            return
        for job in self.jobs:
            if not self.stop.is_set():
                self._upscale(ready, job)

    def _upscale(self, ready: Upscaler, job: Job) -> None:
        def report(done: int, total: int) -> None:
            if self.stop.is_set():
                raise WorkStoppedError
            job.share = done / total

        job.state = "working"
        try:
            told = ready(job.source, job.target, report=report)
        except SrkitError as error:
            job.fail(_without_folder(error.message, job), _without_folder(error.hint, job))
        except WorkStoppedError:
            job.state = "stopped"
        except Exception as error:
            said = f"srkit failed unexpectedly: {type(error).__name__}: {error}"
            job.fail(said, "please report it")
        else:
            (height, width), (taller, wider) = told.before, told.after
            job.said = f"{width} x {height} became {wider} x {taller} pixels"
            job.state, job.share, job.notes = "done", 1.0, told.notes


def make_batch(folder: Path, wish: Wish, sources: Sequence[Path]) -> PictureBatch:
    """Return pictures with the names of their results, none of them alike, in a new folder."""
    folder.mkdir(parents=True)
    stems = Counter(one.stem.casefold() for one in sources)
    taken, jobs = Counter[str](), list[Job]()
    for source in sources:
        stem = source.stem if stems[source.stem.casefold()] == 1 else source.name
        name = f"{stem}{wish.added}"
        taken[name.casefold()] += 1
        again = taken[name.casefold()]
        ended = f"{name}.{wish.picture_format}" if again == 1 else _again(name, again, wish)
        jobs.append(Job(source, folder / ended))
    return PictureBatch(folder, wish, jobs)


def _again(name: str, number: int, wish: Wish) -> str:
    return f"{name}-{number}.{wish.picture_format}"


def _without_folder(text: str, job: Job) -> str:
    """Return what srkit says of files without the temporary folder that they are in."""
    for path in (job.source, job.target):
        text = text.replace(str(path), path.name)
    return text
