"""Do the processes that load batches live and die as the main process wants?"""

import errno
import json
import multiprocessing
import multiprocessing.connection
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace

import numpy as np
import psutil
import pytest

from srkit_core.callbacks import Callback
from srkit_core.data.dataset import CropDataset
from srkit_core.data.loader import batch_indices, lost_worker_guard, training_batches
from srkit_core.data.picture_set import open_picture_set
from srkit_core.engine.stage_run import crop_rule
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, LostProcessError, ResourceError
from srkit_core.io.images import write_image
from srkit_core.plan import plan
from srkit_core.process_start import starting_processes
from srkit_core.recipe import Recipe, recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="who sent a signal is known on Linux"
)
MESSAGE = "a process that loads pictures was ended from outside"
WISH = {
    "generator": "srvgg(features=4, blocks=1)",
    "validation": {"pictures": 0},
    "stages": [
        {"loss": "l1", "steps": 40, "batch": 2, "patch": 32, "log_every": 1, "checkpoint_every": 2}
    ],
}


@pytest.fixture
def photos(tmp_path):
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(tmp_path / f"photos/{number}.png", pixels)
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def wish() -> Recipe:
    return recipe_from_dict(WISH)


def begun(wish, photos, steps):
    """Return an iterator over `steps` batches, one of them taken, and its two processes."""
    pictures = open_picture_set(str(photos), paired=False, scale=4, smallest=32).pictures
    others = psutil.Process().children()  # such as the server that other tests fork from
    samples = CropDataset(pictures, crop_rule(plan(wish, discover()), 0))
    batches = training_batches(samples, batch_indices(0, steps, 2), workers=2, pin=False)
    next(batches)
    return batches, [child for child in psutil.Process().children() if child not in others]


def said_by(lose):
    """Return message and hint, and let go of the error: while it is held, torch keeps the lost
    process in mind.
    """
    try:
        with lost_worker_guard("fewer"):
            lose()
    except LostProcessError as error:
        return error.message, error.hint
    return None


def signal_from_elsewhere(workers):
    """Send what a launcher sends; a signal of this process would be the main process's own."""
    for number in (signal.SIGTERM, signal.SIGINT):
        subprocess.run(
            ["kill", f"-{number:d}", *(str(worker.pid) for worker in workers)], check=True
        )


@pytest.mark.parametrize("again", range(3))
def test_a_signal_to_all_leaves_them_at_work_even_at_their_beginning(wish, photos, again):
    batches, workers = begun(wish, photos, 8)
    assert len(workers) == 2
    signal_from_elsewhere(workers)
    assert len(list(batches)) == 7
    assert not psutil.wait_procs(workers, timeout=20)[1]


def test_a_lost_one_takes_the_others_along(wish, photos):
    batches, workers = begun(wish, photos, 1000)
    workers[0].kill()
    message, hint = said_by(lambda: list(batches))
    assert (message.startswith(MESSAGE), hint) == (True, "fewer")
    assert not psutil.wait_procs(workers, timeout=20)[1]


class KillsALoader(Callback):
    """Ends a loading process after the fifth step, as the system does when memory runs out."""

    def __init__(self, others):
        self._others = others

    def on_step(self, event):
        if event.step == 5:
            next(child for child in psutil.Process().children() if child not in self._others).kill()


def test_a_run_that_loses_one_says_how_to_go_on_and_can(wish, photos, tmp_path):
    out = tmp_path / "my run"
    where, killer = (
        RunOptions(data=str(photos), out=out, device="cpu", workers=2),
        KillsALoader(psutil.Process().children()),
    )
    message, hint = said_by(lambda: train(wish, where, callbacks=[killer]))
    assert re.fullmatch(rf"{MESSAGE}(: number \d+, by signal Killed)?", message)
    assert hint.startswith(f"srkit train --resume --out '{out}' --workers 1 ")
    options = RunOptions(data=str(photos), out=out, device="cpu", workers=1)
    assert train(wish, options, resume="newest").folder == out
    assert json.loads((out / "summary.json").read_text())["steps"] == 40


@pytest.fixture
def far_away(tmp_path, monkeypatch):
    """A folder of temporary files whose name is too long for sockets, in a program that begins."""
    folder = tmp_path / ("t" * 100)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    config = multiprocessing.current_process()._config
    before = config.pop("tempdir", None)
    yield folder
    config["tempdir"] = before


def test_batches_arrive_whatever_temporary_files_are_called(wish, photos, far_away):
    batches, workers = begun(wish, photos, 6)
    assert len(list(batches)) == 5
    assert not psutil.wait_procs(workers, timeout=20)[1]


def test_sockets_get_a_folder_with_a_short_name(far_away):
    with starting_processes("--workers 0"):
        address = multiprocessing.connection.arbitrary_address("AF_UNIX")
    assert len(address) < 60
    assert tempfile.gettempdir() == str(far_away)


class Unsendable:
    """Pictures that nothing can send: a sample that cannot be pickled."""

    def __init__(self, samples):
        self._samples = samples

    def __getitem__(self, index):
        sample = self._samples[index]
        return replace(sample, name=lambda: None) if index >= 6 else sample


def test_a_batch_that_cannot_be_sent_ends_the_wait(wish, photos):
    pictures = open_picture_set(str(photos), paired=False, scale=4, smallest=32).pictures
    samples = Unsendable(CropDataset(pictures, crop_rule(plan(wish, discover()), 0)))
    batches = training_batches(samples, batch_indices(0, 9, 2), workers=1, pin=False)
    message, _ = said_by(lambda: list(batches))
    assert re.fullmatch(rf"{MESSAGE}(: number \d+, by exit code 1)?", message)


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (
            OSError(errno.EMFILE, "Too many open files"),
            "too many files are open at once: this system allows ",
            "ulimit -n 4096 before the same command, or --workers 0",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "processes cannot be started: No space left on device in /dev/shm or ",
            "make room in both (docker run --shm-size=1g), or --workers 0",
        ),
        (OSError("AF_UNIX path too long"), "TMPDIR=", "TMPDIR=/var/tmp, or --workers 0"),
        (
            OSError(errno.EAGAIN, "Resource temporarily unavailable"),
            "processes cannot be started: Resource temporarily unavailable",
            "ulimit -u and free memory limit them; or --workers 0",
        ),
    ],
    ids=str,
)
def test_what_processes_lack_is_named(error, message, hint):
    with pytest.raises(ResourceError) as caught, starting_processes("--workers 0"):
        raise error
    assert caught.value.message.startswith(message)
    assert caught.value.hint == hint


def test_a_picture_is_not_to_blame_for_files_that_cannot_be_opened(wish, photos, monkeypatch):
    def none_left(path):
        error = DataError(f"cannot read {path}", hint="", path=path)
        raise error from OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("srkit_core.data.dataset.read_image", none_left)
    with pytest.raises(ResourceError, match=r"too many files are open at once"):
        begun(wish, photos, 2)
