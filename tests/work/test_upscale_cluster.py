"""Do the workers of a cluster make the pictures that this machine makes?"""

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from srkit_core.cli.app import run
from srkit_core.data.own_work import written_in
from srkit_core.io.images import write_image
from srkit_core.upscaling import cluster_batch

distributed = pytest.importorskip("distributed")

PATIENCE = 120.0
QUIET = {"dashboard_address": None, "worker_dashboard_address": None}


@pytest.fixture(scope="module")
def address():
    """A scheduler with a worker in this process."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, **QUIET
    ) as local:
        yield local.scheduler_address


@pytest.fixture
def here(tmp_path, monkeypatch, smooth):
    """A folder of photographs, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos/more").mkdir(parents=True)
    for name in ("a", "b", "more/c"):
        write_image(tmp_path / f"photos/{name}.png", smooth(12, 16 + len(name)))
    return tmp_path


def words(more):
    return shlex.split(f"upscale nearest photos --scale 2 --device cpu {more}")


def pictures(folder):
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file() and one.name != ".srkit-written"
    }


def test_workers_make_the_same_bytes_and_the_client_remembers_them(address, here, capsys):
    assert run(words("--out alone")) == 0
    assert run(words(f"--out shared --cluster {address}")) == 0
    assert pictures(here / "shared") == pictures(here / "alone")
    assert len(pictures(here / "shared")) == 3
    for folder in ("", "more"):
        assert written_in(here / "shared" / folder) == written_in(here / "alone" / folder)
    capsys.readouterr()
    assert run(words(f"--out shared --cluster {address}")) == 0
    assert "3 of 3 are done already" in capsys.readouterr().out


def test_a_bad_picture_is_named_and_the_rest_done(address, here, capsys):
    whole = (here / "photos/b.png").read_bytes()
    (here / "photos/b.png").write_bytes(whole[: len(whole) // 2])
    assert run(words(f"--out shared --cluster {address}")) == 4
    assert "not upscaled: photos/b.png: " in capsys.readouterr().err
    assert sorted(pictures(here / "shared")) == ["a.png", "more/c.png"]
    (here / "photos/b.png").write_bytes(whole)
    assert run(words(f"--out shared --cluster {address}")) == 0
    assert sorted(pictures(here / "shared")) == ["a.png", "b.png", "more/c.png"]


def test_what_a_stopped_client_left_is_no_obstacle(address, here):
    (here / "shared").mkdir()
    (here / "shared/.unfinished-a.png").write_bytes(b"half")
    assert run(words(f"--out shared --cluster {address}")) == 0
    assert sorted(pictures(here / "shared")) == ["a.png", "b.png", "more/c.png"]


def test_no_scheduler_is_said(here, capsys):
    assert run(words("--out shared --cluster nowhere")) == 4
    assert "no Dask scheduler answers at nowhere" in capsys.readouterr().err


def die_once(item):
    """Kill the worker that is given the first picture, once."""
    marker = item.target.with_name(".killed")
    if item.source.name == "a.png" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return cluster_batch.upscale_shared(item)


@pytest.mark.slow
def test_a_killed_worker_is_survived(here, monkeypatch):
    assert run(words("--out alone")) == 0
    monkeypatch.setattr(cluster_batch, "upscale_shared", die_once)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **QUIET) as local:
        assert run(words(f"--out shared --cluster {local.scheduler_address}")) == 0
    (here / "shared/.killed").unlink()
    assert pictures(here / "shared") == pictures(here / "alone")


def until(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def names(folder):
    return sorted(one.name for one in folder.glob("*") if one.name != ".srkit-written")


def nothing_is_made(folder):
    """Whether no picture is begun or ended for longer than one takes."""
    before = names(folder)
    time.sleep(3)
    return names(folder) == before and not any(one.startswith(".") for one in before)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_command_stops_its_workers_and_goes_on(here, smooth, stop):
    """Ctrl-C, and a command that is killed, while pictures are made that take a second each."""
    pytest.importorskip("srkit_compact")
    for number in range(6):
        write_image(here / f"large ones/{number}.png", smooth(96, 128))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **QUIET) as local:
        words = ["upscale", "compact-x2", "large ones", "--out", "shared", "--device", "cpu"]
        words += ["--self-ensemble", "--tile", "64", "--cluster", local.scheduler_address]
        command = [sys.executable, "-m", "srkit_core", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        until((here / "shared/.srkit-written").exists, "the first picture")
        process.send_signal(stop)
        said = process.communicate(timeout=PATIENCE)[0].decode()
        until(lambda: nothing_is_made(here / "shared"), "the workers to stop")
        assert 1 <= len(names(here / "shared")) < 6
        if stop == signal.SIGINT:
            assert process.returncode == 130, said
            assert said.splitlines()[-2:-1] == ["error: interrupted"]
        assert run(words) == 0
    assert names(here / "shared") == [f"{number}.png" for number in range(6)]
