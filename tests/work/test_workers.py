"""Do the processes that load batches live and die as the main process wants?"""

import json
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest

from srkit_core.callbacks import Callback
from srkit_core.data.dataset import CropDataset
from srkit_core.data.loader import batch_indices, lost_worker_guard, training_batches
from srkit_core.data.picture_set import open_picture_set
from srkit_core.engine.stage_run import crop_rule
from srkit_core.engine.trainer import train
from srkit_core.errors import LostProcessError
from srkit_core.io.images import write_image
from srkit_core.plan import plan
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
    assert said_by(lambda: list(batches)) == (MESSAGE, "fewer")
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
    assert message == MESSAGE
    assert hint.startswith(f"srkit train --resume --out '{out}' --workers 1 ")
    options = RunOptions(data=str(photos), out=out, device="cpu", workers=1)
    assert train(wish, options, resume="newest").folder == out
    assert json.loads((out / "summary.json").read_text())["steps"] == 40
