"""Does a run that is killed again and again, or fills its disk, end as an undisturbed one does?

Slow: processes are killed for real, `--kills` times. Moments are drawn from SEED, in seconds of
    undisturbed training.
"""

import csv
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file

from srkit_core.engine.logs.columns import columns_of_kind
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict

pytestmark = pytest.mark.slow

SEED = 20261120
WARMUP, STEPS, CHECKPOINT_EVERY = 50, 120, 7
PATIENCE = 180.0
UNREPEATABLE = columns_of_kind("timing")
STAGE = {
    "batch": 8,
    "patch": 48,
    "log_every": 1,
    "checkpoint_every": CHECKPOINT_EVERY,
    "validate_every": 10,
    "ema": 0.99,
    "lr": 1e-3,
    "schedule": "cosine",
}
RECIPE = {
    "generator": "srvgg(features=48, blocks=4)",
    "discriminator": "vgg-sn(features=16)",
    "degradation": "blur(sigma=0.2..2) | bicubic",
    "validation": {"pictures": 1},
    "stages": [
        STAGE | {"name": "warmup", "loss": "l1", "steps": WARMUP},
        STAGE | {"name": "main", "loss": "l1 + 0.1*ragan", "steps": STEPS - WARMUP},
    ],
}


@dataclass(frozen=True)
class Moment:
    """When a life ends: at a second of undisturbed training or, `inside`, while the next checkpoint
    after it is written.
    """

    second: float
    inside: bool
    everyone: bool


@dataclass(frozen=True)
class Death:
    """What a kill left: the last step in the log, the newest complete checkpoint, and the files of
    an unfinished one.
    """

    moment: Moment
    born_at: int
    step: str
    newest: int
    unfinished: tuple[str, ...] | None

    def row(self, number):
        planned = (
            f"{self.moment.second:5.1f} s "
            f"{'in a checkpoint' if self.moment.inside else 'by the clock'}"
        )
        whom = "all processes" if self.moment.everyone else "the main process"
        left = "-" if self.unfinished is None else ", ".join(self.unfinished) or "an empty folder"
        return (
            f"{number:3d}  {planned:24s} {whom:17s} {self.born_at:9d} {self.step:>12s} "
            f"{self.newest:10d}  {left}"
        )


HEADER = (
    "  #  moment                   killed            from step   died after   complete  unfinished"
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Twenty-three pictures of coloured squares; a batch of 8 does not divide the rest of them."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(23):
        squares = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
        write_image(folder / f"{number:02d}.png", squares.repeat(9, axis=0).repeat(9, axis=1))
    return folder


@pytest.fixture(scope="module")
def begin(photos):
    """Start `srkit train` as a person would, in a group of processes of its own.

    Its words go to a file beside the run.
    """
    recipe = photos.parent / "recipe.toml"
    recipe.write_text(recipe_from_dict(RECIPE).to_toml())

    def start(out):
        given = [recipe, "--data", photos, "--device", "cpu", "--workers", "2"]
        words = ["--resume"] if (out / "recipe.toml").exists() else given
        with told_by(out).open("w") as told:
            return subprocess.Popen(
                [Path(sys.executable).with_name("srkit"), "train", *words, "--out", out],
                stdout=told,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    return start


@pytest.fixture(scope="module")
def undisturbed(begin, tmp_path_factory):
    """A whole run, when each of its checkpoints was complete, and how long one takes to be written,
    in seconds.
    """
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    process = begin(out)
    assert seen(lambda: "training on" in told_by(out).read_text(), process)
    start, times, writing = time.monotonic(), {0: 0.0}, 0.0
    while process.poll() is None:
        before = time.monotonic()
        time.sleep(0.001)
        writing += time.monotonic() - before if unfinished(out) else 0.0
        times.setdefault(newest(out), time.monotonic() - start)
    assert process.returncode == 0, told_by(out).read_text()
    assert newest(out) == STEPS
    return out, times, writing / (len(times) - 1)


def test_a_run_that_is_killed_at_random_moments_ends_as_an_undisturbed_one(
    begin, undisturbed, request, tell, tmp_path
):
    whole, times, writing = undisturbed
    rng, kills, deaths, runs = random.Random(SEED), request.config.getoption("kills"), [], 0
    tell(
        f"\nseed {SEED}; undisturbed: {STEPS} steps in {times[STEPS]:.1f} s, a checkpoint in "
        f"{1000 * writing:.0f} ms\n{HEADER}"
    )
    while (
        len(deaths) < kills
    ):  # a run that was faster than its killer is compared as well, and another one begun
        out, runs = tmp_path / f"killed-{runs}", runs + 1
        for death in lives(
            begin,
            out,
            times,
            drawn(rng, times, kills - len(deaths)),
            lambda: rng.uniform(0, writing),
        ):
            deaths.append(death)
            tell(death.row(len(deaths)))
        assert_same_run(out, whole)
    inside = sum(death.moment.inside for death in deaths)
    tell(
        f"{len(deaths)} kills in {runs} run(s), {inside} inside the writing of a checkpoint; "
        "every run ended as undisturbed"
    )
    assert inside >= kills // 3


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_disk_that_fills_up_in_the_second_stage_leaves_a_run_that_goes_on(
    begin, undisturbed, tmp_path
):
    whole, out = undisturbed[0], tmp_path / "full"
    sizes = {
        path.stem: path.stat().st_size
        for path in (whole / f"checkpoints/step-{STEPS:08d}").iterdir()
    }
    limit = (sizes["discriminator"] + sizes["discriminator-optimizer"]) // 2
    assert all(size < limit for name, size in sizes.items() if name != "discriminator-optimizer")
    process = begin(out)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    assert process.wait(PATIENCE) == 4
    told = told_by(out).read_text().splitlines()
    file = rf"\.step-{WARMUP + CHECKPOINT_EVERY:08d}.*/discriminator-optimizer\.safetensors"
    assert re.fullmatch(
        rf"error: .*{file} was not written: it would be larger than a file may be here", told[-2]
    )
    assert told[-1].startswith("try: ulimit -f")
    assert [line for line in told if line.startswith(("error:", "Traceback"))] == told[-2:-1]
    assert newest(out) == WARMUP
    assert [name for name in files(out) if ".part" in name] == []
    process = begin(out)
    assert process.wait(PATIENCE) == 0
    assert said(out) == [f"going on after step {WARMUP}"]
    assert_same_run(out, whole)


def drawn(rng, times, count):
    """Draw moments in order: the first before the first checkpoint, of the others every second
    inside one.
    """
    seconds = sorted(
        rng.uniform(times[CHECKPOINT_EVERY], 0.95 * times[STEPS]) for _ in range(count - 1)
    )
    early = Moment(rng.uniform(0, 0.5 * times[CHECKPOINT_EVERY]), inside=False, everyone=True)
    victims = [number % 4 < 2 for number in range(count - 1)]
    rng.shuffle(victims)
    return [
        early,
        *(
            Moment(second, number % 2 == 0, victims[number])
            for number, second in enumerate(seconds)
        ),
    ]


def lives(begin, out, times, moments, delay):
    """Yield the deaths of a run, and let it end after the last of them.

    Nothing of it is left running.
    """
    family = []
    for moment in moments:
        born_at, old = newest(out), unfinished(out)
        process = begin(out)
        if lived_until(moment, process, out, times[born_at], old, delay):
            family += psutil.Process(process.pid).children(recursive=True)
            os.killpg(process.pid, signal.SIGKILL) if moment.everyone else process.kill()
        if process.wait() != -signal.SIGKILL:
            break
        assert said(out) in (
            [],
            [f"going on after step {born_at}" if born_at else "starting at step 0"],
        )
        yield Death(moment, born_at, last_step(out), newest(out), left_by(out, old))
    else:
        born_at = newest(out)
        process = begin(out)
        process.wait(PATIENCE)
        told = f"going on after step {born_at}" if born_at else "starting at step 0"
        assert said(out) == [told]
    assert process.returncode == 0, told_by(out).read_text()
    assert seen(lambda: not any(alive(one) for one in family))


def lived_until(moment, process, out, start, old, delay):
    """Wait for a moment of a life that goes on from second `start`; False when it ended before."""
    if not seen(lambda: "training on" in told_by(out).read_text(), process):
        return False
    at = time.monotonic() + moment.second - start
    if not seen(lambda: time.monotonic() >= at, process):
        return False
    if not moment.inside:
        return True
    return stopped_inside(process, out, old, delay)


def stopped_inside(process, out, old, delay):
    """Stop a process while it writes a checkpoint.

    One that was done with it meanwhile goes on to its next.
    """
    while seen(lambda: unfinished(out).items() - old.items(), process):
        time.sleep(delay())
        process.send_signal(signal.SIGSTOP)
        seen(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, process)
        if unfinished(out).items() - old.items():
            return True
        process.send_signal(signal.SIGCONT)
    return False


def seen(look, process=None):
    """Look every millisecond until something is there; False when the process ends before."""
    end = time.monotonic() + PATIENCE
    while not look():
        if process is not None and process.poll() is not None:
            return False
        assert time.monotonic() < end
        time.sleep(0.001)
    return True


def left_by(out, old):
    """Return the short names of the files of a checkpoint that was being written, None where none
    was.
    """
    folders = unfinished(out).items() - old.items()
    return (
        tuple(
            sorted(
                path.name.removesuffix(".safetensors")
                for folder, _ in folders
                for path in folder.iterdir()
            )
        )
        if folders
        else None
    )


def said(out):
    """Return what a resumed run said where it goes on."""
    return re.findall(r"going on after step \d+|starting at step 0", told_by(out).read_text())


def told_by(out):
    return out.with_name(f"{out.name}.txt")


def unfinished(out):
    """Return the checkpoints that are being written or were left half written, with the time of
    their last change.
    """
    found = {}
    for path in out.glob("checkpoints/.step-*"):
        try:
            found[path] = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue
    return found


def newest(out):
    """Return the step of the newest complete checkpoint, 0 where there is none."""
    return max(
        (int(path.name.removeprefix("step-")) for path in out.glob("checkpoints/step-*")), default=0
    )


def last_step(out):
    found = rows(out)
    return f"{found[-1]['step']} {found[-1]['stage']}" if found else "0"


def rows(out):
    if not (out / "metrics.csv").exists():
        return []
    with (out / "metrics.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name not in UNREPEATABLE}
            for row in csv.DictReader(file)
        ]


def alive(process):
    """Whether a process still does something.

    An orphan may stay as a zombie where nobody asks for its exit code.
    """
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_same_run(one, other):
    """Compare two run folders: the same files, tensors, pictures, figures and progress."""
    names = files(one)
    assert names == files(other)
    assert [
        name
        for name in names
        if name.endswith(".safetensors") and not same_tensors(one / name, other / name)
    ] == []
    assert [
        name
        for name in names
        if name.startswith("pictures") and (one / name).read_bytes() != (other / name).read_bytes()
    ] == []
    assert rows(one) == rows(other)
    assert progress(one) == progress(other)
    assert (one / "summary.json").read_text() == (other / "summary.json").read_text()


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def same_tensors(one, other):
    left, right = load_file(one), load_file(other)
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def progress(out):
    documents = [
        json.loads(path.read_text()) for path in sorted(out.glob("checkpoints/*/state.json"))
    ]
    return [
        document | {"progress": document["progress"] | {"log_bytes": None, "elapsed_s": None}}
        for document in documents
    ]
