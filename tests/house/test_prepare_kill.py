"""Does a preparation that is killed again and again, here or on a cluster, end as an undisturbed
one does?

Slow: processes are killed for real. Moments are drawn from SEED, by how many pictures are done.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

SEED = 20261120
PICTURES = 36
PATIENCE = 120.0
KILLS = {"packed": 6, "degraded": 3, "files": 3}
WAYS = {
    "packed": ["--patch", "64"],
    "degraded": ["--patch", "64", "--degrade", "blur(sigma=0.2..2) | bicubic | noise(sigma=1..10)"],
    "files": [
        "--patch",
        "128",
        "--format",
        "files",
        "--names",
        "{index:05d}.png",
        "--variants",
        "2",
    ],
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Pictures that differ, one of them twice, and a broken one."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(PICTURES):
        _picture(number).save(folder / f"{number:03d}.png", compress_level=1)
    _picture(7).save(folder / "copy.jpg", quality=95)
    (folder / "050.png").write_bytes((folder / "005.png").read_bytes()[:-900])
    return folder


def _picture(number, side=400):
    coarse = np.random.default_rng((SEED, number)).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side, side - number % 5 * 8), Image.Resampling.BICUBIC)


def _start(photos, out, *words):
    command = [
        sys.executable,
        "-m",
        "srkit_core",
        "prepare",
        str(photos),
        str(out),
        "--workers",
        "2",
        *words,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _finish(photos, out, *words):
    process = _start(photos, out, *words)
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    return printed


def _everything(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def _done(out):
    return sum(1 for _ in (out / ".prepare" / "records").glob("*.json")) if out.is_dir() else 0


def _wait(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.002)


@pytest.mark.parametrize("way", WAYS)
def test_killed_again_and_again(photos, tmp_path, way, tell):
    rng, words = random.Random(SEED), WAYS[way]
    _finish(photos, tmp_path / "undisturbed", *words)
    out, kills = tmp_path / "out", 0
    for moment in sorted(rng.sample(range(1, PICTURES), KILLS[way])):
        process = _start(photos, out, *words)
        _wait(lambda: _done(out) >= moment or process.poll() is not None, f"{moment} pictures")  # noqa: B023
        time.sleep(rng.uniform(0, 0.03))
        children = (
            psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        )
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        assert (out / "manifest.json").exists() is (process.returncode == 0)
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []
    printed = _finish(photos, out, *words)
    assert kills >= 2
    assert _everything(out) == _everything(tmp_path / "undisturbed")
    tell(f"{way}: killed {kills} times, the last run said: {printed.splitlines()[-1]}")


def test_a_killed_child_costs_one_picture(photos, tmp_path):
    _finish(photos, tmp_path / "undisturbed", *WAYS["packed"])
    process = _start(photos, tmp_path / "out", *WAYS["packed"])
    _wait(lambda: _done(tmp_path / "out") >= 5, "5 pictures")
    children = psutil.Process(process.pid).children(recursive=True)
    workers = [child for child in children if child.ppid() != process.pid]
    workers[0].kill()
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    assert printed.count("it crashed the process that worked on it") <= 1
    _finish(photos, tmp_path / "out", *WAYS["packed"])
    assert _everything(tmp_path / "out") == _everything(tmp_path / "undisturbed")


def test_ctrl_c_is_said_in_two_lines(photos, tmp_path):
    process = _start(photos, tmp_path / "out", *WAYS["files"])
    _wait(lambda: _done(tmp_path / "out") >= 1, "the first picture")
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert printed.splitlines()[-2] == "error: interrupted"
    assert printed.splitlines()[-1].startswith("try: run the same command again")
    assert "Traceback" not in printed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_stops_it_and_space_lets_it_go_on(photos, tmp_path):
    import resource

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    command = [
        sys.executable,
        "-m",
        "srkit_core",
        "prepare",
        str(photos),
        str(tmp_path / "out"),
        *WAYS["packed"],
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=small, timeout=PATIENCE, check=False
    )
    assert done.returncode == 4
    assert done.stderr.splitlines()[0].startswith("error: ")
    assert done.stderr.splitlines()[1:] == [
        "try: free some space, and run the same command again: it goes on"
    ]
    assert not (tmp_path / "out" / "manifest.json").exists()
    _finish(photos, tmp_path / "out", *WAYS["packed"])
    _finish(photos, tmp_path / "undisturbed", *WAYS["packed"])
    assert _everything(tmp_path / "out") == _everything(tmp_path / "undisturbed")


def test_a_second_one_is_refused_while_the_first_works(photos, tmp_path):
    first = _start(photos, tmp_path / "out", *WAYS["files"])
    _wait((tmp_path / "out" / ".prepare" / "options.json").exists, "the first to begin")
    second = _start(photos, tmp_path / "out", *WAYS["files"])
    printed, _ = second.communicate(timeout=PATIENCE)
    assert (second.returncode, first.poll()) == (2, None)
    assert f"error: another process is preparing {tmp_path / 'out'}" in printed
    first.kill()
    first.communicate()
    _finish(photos, tmp_path / "out", *WAYS["packed"], "--redo")


def _peak(photos, out):
    """Prepare while looking at the memory of all processes together (PSS, so that shared pages
    count once), in MiB.
    """
    process, peak = _start(photos, out, "--patch", "64"), 0
    while process.poll() is None:
        try:
            family = [
                psutil.Process(process.pid),
                *psutil.Process(process.pid).children(recursive=True),
            ]
            peak = max(peak, sum(one.memory_full_info().pss for one in family))
        except psutil.Error:
            continue
        time.sleep(0.02)
    assert process.returncode == 0, process.communicate()[0]
    return peak / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="PSS is Linux's")
def test_memory_does_not_grow_with_the_number_of_files(tmp_path, tell):
    for count in (10, 1000):
        (tmp_path / f"in{count}").mkdir()
        for number in range(count):
            _picture(number, side=256).save(tmp_path / f"in{count}" / f"{number:04d}.jpg")
    few, many = (_peak(tmp_path / f"in{count}", tmp_path / f"out{count}") for count in (10, 1000))
    tell(f"memory of a preparation: {few:.0f} MiB with 10 files, {many:.0f} MiB with 1,000")
    assert len(json.loads((tmp_path / "out1000" / "manifest.json").read_text())["pictures"]) > 900
    assert many < few * 1.1 + 8


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _cluster(folder):
    """A Dask scheduler and two workers on this machine; yields its address and the workers."""
    address = f"tcp://127.0.0.1:{_free_port()}"
    log = (folder / "cluster.log").open("w")

    def dask(*words):
        environment = os.environ | {"DASK_DISTRIBUTED__WORKER__DAEMON": "True"}
        command = [sys.executable, "-m", "dask", *words]
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)

    worker = [
        "worker",
        address,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--local-directory",
        str(folder),
    ]
    scheduler = dask(
        "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"
    )
    workers = [dask(*worker, "--name", name) for name in ("one", "two")]
    try:
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            for child in (
                psutil.Process(process.pid).children(recursive=True)
                if process.poll() is None
                else []
            ):
                child.kill()
            process.kill()
            process.wait()
        log.close()


def test_on_a_cluster_that_loses_a_worker(photos, tmp_path, tell):
    distributed = pytest.importorskip("distributed")
    _finish(photos, tmp_path / "here", *WAYS["degraded"])
    out = tmp_path / "there"
    with _cluster(tmp_path) as (address, workers):
        with distributed.Client(address, timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        process = _start(photos, out, *WAYS["degraded"], "--cluster", address)
        _wait(lambda: _done(out) >= 8 or process.poll() is not None, "8 pictures")
        assert process.poll() is None, process.communicate()[0]
        left = PICTURES - _done(out)
        for child in psutil.Process(workers[0].pid).children(recursive=True):
            child.kill()
        workers[0].kill()
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    assert _everything(out) == _everything(tmp_path / "here")
    tell(
        f"cluster: a worker was killed with about {left} pictures to go; {printed.splitlines()[-1]}"
    )


def test_a_cluster_that_is_not_there_is_named(photos, tmp_path):
    pytest.importorskip("distributed")
    process = _start(photos, tmp_path / "out", "--cluster", f"tcp://127.0.0.1:{_free_port()}")
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:" in printed
    assert Path(tmp_path / "out" / "manifest.json").exists() is False
