"""Does a sweep train every combination, go on after a stop, and compare what came of it?"""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from srkit_core.cli import train as typed
from srkit_core.cli.app import run
from srkit_core.errors import DataError
from srkit_core.io.images import write_image
from srkit_core.locks import locked
from srkit_core.models.weights_file import read_tensors
from srkit_core.run_state import run_state
from srkit_core.sweep import many_runs
from srkit_core.sweep.many_runs import LocalRuns, SweepTask, TaskEnd, train_many, visible_gpus

RECIPE = """
name = "small"
generator = "srvgg(features=4, blocks=1)"
scale = 2
validation = { pictures = 0, metrics = "psnr" }

[[stages]]
loss = "l1"
steps = 4
batch = 1
patch = 16
log_every = 1
validate_every = 2
checkpoint_every = 2
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a recipe and photographs, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(RECIPE)
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        write_image(tmp_path / f"photos/{number}.png", pixels)
    return tmp_path


def words(more):
    return ["sweep", *shlex.split(more), "--device", "cpu"]


SMALL = "small.toml --data photos --val photos --out swept"
RATES = f"{SMALL} --over 'lr=[1e-4, 1e-3]'"


def table(folder):
    return list(csv.DictReader((folder / "sweep.csv").read_text().splitlines()))


def tensors(run_folder):
    found = read_tensors(Path(run_folder) / "weights/last.safetensors")
    return {name: tensor.tolist() for name, tensor in found.items()}


def states(folder):
    return {
        path.name: run_state(path).state
        for path in folder.iterdir()
        if (path / "recipe.toml").exists()
    }


def test_every_combination_is_a_run_that_train_would_have_made(here, capsys):
    assert run(words(f"{SMALL} --over 'lr=[1e-4, 1e-3]' --over 'seed=[0, 1]'")) == 0
    told = capsys.readouterr().out
    names = [f"lr={rate},seed={seed}" for rate in ("1e-4", "1e-3") for seed in (0, 1)]
    rows = table(here / "swept")
    assert [row["run"] for row in rows] == names
    assert {(row["state"], row["step"], row["steps"]) for row in rows} == {("finished", "4", "4")}
    by_hand = "train small.toml --data photos --val photos --set lr=1e-3 --seed 1 --out hand"
    assert run([*by_hand.split(), "--device", "cpu"]) == 0
    assert tensors("hand") == tensors("swept/lr=1e-3,seed=1")
    best = max(rows, key=lambda row: float(row["psnr"]))
    (marked,) = [line for line in told.splitlines() if line.endswith(" *")]
    assert marked.split()[:2] == [best["lr"], best["seed"]]
    scores = [float(row["psnr"]) for row in rows[:2]]
    spread = f"{np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}"
    assert f"1e-4  2     {spread}" in told
    environment = json.loads((here / f"swept/{names[0]}/environment.json").read_text())
    assert environment["commands"][0][:3] == ["srkit", "train", f"swept/recipes/{names[0]}.toml"]


def test_a_run_that_fails_is_named_and_the_rest_done(here, capsys):
    more = f"{SMALL} --over 'lr=[1e30, 1e-4]'"
    assert run(words(more)) == 5
    told = capsys.readouterr()
    assert [row["state"] for row in table(here / "swept")] == ["diverged", "finished"]
    assert "lr=1e30 failed: loss/l1 became nan" in told.err
    assert told.err.splitlines()[-2] == (
        "error: 1 of 2 runs did not come to their end: lr=1e30 (diverged)"
    )
    before = tensors("swept/lr=1e-4")
    assert run(words(more)) == 5  # what diverged would again, and is left as it is
    assert "a sweep of 2 runs into swept, 2 of them are done already" in capsys.readouterr().out
    assert tensors("swept/lr=1e-4") == before


def test_an_unplanned_error_costs_one_run(here, capsys, monkeypatch):
    real = typed.train_as_asked

    def once(recipe, flags, where, out, resume):
        if out.name == "lr=1e-4":
            raise ZeroDivisionError("of a plugin")
        real(recipe, flags, where, out, resume)

    monkeypatch.setattr(typed, "train_as_asked", once)
    assert run(words(RATES)) == 1
    assert "lr=1e-4 (failed): ZeroDivisionError: of a plugin" in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert run(words("swept")) == 0
    assert states(here / "swept") == {"lr=1e-4": "finished", "lr=1e-3": "finished"}


def test_a_sweep_that_was_stopped_goes_on_where_it_was(here, capsys, monkeypatch):
    from srkit_core.cli.progress import ProgressView

    on_step = ProgressView.on_step

    def interrupted(view, event):
        on_step(view, event)
        if event.run_step == 3:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(ProgressView, "on_step", interrupted)
        assert run(words(RATES)) == 130
    told = capsys.readouterr().err.splitlines()
    assert told[-2:] == [
        "error: stopped with 0 of 2 runs finished; everything is saved in swept",
        "try: srkit sweep swept",
    ]
    assert states(here / "swept") == {"lr=1e-4": "stopped"}
    assert run(words("swept")) == 0
    assert "going on after step 3" in capsys.readouterr().out
    assert run(words(RATES.replace("swept", "whole"))) == 0
    for name in ("lr=1e-4", "lr=1e-3"):
        assert tensors(f"swept/{name}") == tensors(f"whole/{name}")


def test_the_same_command_without_a_folder_goes_on_and_begins_anew_once_all_is_done(here, capsys):
    more = "small.toml --data photos --val photos --over 'lr=[1e-4]' --device cpu"
    assert run(["sweep", *shlex.split(more)]) == 0
    end = here / "runs/small-sweep-1/lr=1e-4/summary.json"
    end.unlink()
    assert run(["sweep", *shlex.split(more)]) == 0
    assert end.exists()
    assert [path.name for path in (here / "runs").iterdir()] == ["small-sweep-1"]
    assert run(["sweep", *shlex.split(more), "--dry-run"]) == 0
    assert "1 runs, into runs/small-sweep-2" in capsys.readouterr().out


def test_all_runs_are_checked_before_the_first_one_begins(here, capsys):
    assert run(words(f"{SMALL} --over 'loss=[l1, l3]'")) == 3
    assert "error: the run loss=l3: no loss named 'l3'" in capsys.readouterr().err
    assert run(words(f"{SMALL} --over 'learning=[1, 2]'")) == 2
    assert run(words(f"{SMALL} --over 'lr=[1e-4, 0.0001]'")) == 2
    assert "lr=1e-4 and lr=0.0001 are one" in capsys.readouterr().err
    assert run(words(SMALL)) == 2
    assert not (here / "swept").exists()


def test_a_folder_of_another_sweep_or_of_anything_else_is_refused(here, capsys):
    assert run(words(f"{RATES} --dry-run")) == 0
    assert not (here / "swept").exists()
    assert run(words(f"{SMALL} --over 'lr=[1e-4]'")) == 0
    assert run(words(f"{SMALL} --over 'lr=[1e-4]' --steps 6")) == 2
    assert "in which lr=1e-4 has another recipe" in capsys.readouterr().err
    assert run(words("swept --over 'lr=[1e-4]'")) == 2
    assert run(words("small.toml --over 'lr=[1e-4]' --out photos")) == 2
    with locked(here / "swept/.lock", wait=False):
        assert run(words("swept")) == 2
    assert "another process works at the sweep in swept" in capsys.readouterr().err


def test_a_sweep_may_get_further_values(here):
    assert run(words(f"{SMALL} --over 'lr=[1e-4]'")) == 0
    first = (here / "swept/lr=1e-4/metrics.csv").stat().st_mtime_ns
    assert run(words(RATES)) == 0
    assert (here / "swept/lr=1e-4/metrics.csv").stat().st_mtime_ns == first
    assert states(here / "swept") == {"lr=1e-4": "finished", "lr=1e-3": "finished"}


def test_a_launcher_of_several_processes_is_refused(here, capsys, monkeypatch):
    several = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "29500"}
    for name, value in {**several, "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    assert run(words(RATES)) == 2
    assert "a sweep starts processes of its own" in capsys.readouterr().err


def test_several_at_once_have_slots_with_cores_and_gpus_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 5")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    tasks = [
        SweepTask(str(one), tmp_path, tmp_path / str(one), (), tmp_path / ".stop")
        for one in range(6)
    ]
    seen, ends = [], []

    def work(task):
        seen.append((task.variables["CUDA_VISIBLE_DEVICES"], task.variables["OMP_NUM_THREADS"]))
        time.sleep(0.01)
        return TaskEnd(0)

    def ended(task, end):
        ends.append(task.name)

    assert train_many(tasks, LocalRuns(2, visible_gpus()), work, ended, print) == 0
    assert set(seen) == {("2", "4"), ("5", "4")}
    assert sorted(ends) == list("012345")


def test_no_run_begins_after_a_stop_was_asked_for(tmp_path):
    tasks = [
        SweepTask(str(one), tmp_path, tmp_path / str(one), (), tmp_path / ".stop")
        for one in range(6)
    ]
    begun, told = [], []

    def work(task):
        begun.append(task.name)
        until = time.monotonic() + 10
        while task.name != "0" and not task.stop.exists() and time.monotonic() < until:
            time.sleep(0.01)
        return TaskEnd(143 if task.stop.exists() else 0)

    def ended(task, end):
        if task.name == "0":
            signal.raise_signal(signal.SIGINT)

    assert train_many(tasks, LocalRuns(2), work, ended, told.append) == signal.SIGINT
    assert begun == ["0", "1", "2"]
    assert told == ["no further run begins, those that run save and stop; once more to stop now"]
    assert not (tmp_path / ".stop").exists()


def test_a_process_tells_its_last_error(here):
    """(4 s: a process)"""
    task = SweepTask("bad", here / "nothing.toml", here / "bad", ("--device=cpu",), here / ".stop")
    code, error = many_runs.train_task(task)
    assert (code, error) == (
        2,
        f"there is no recipe file and no shipped recipe called '{task.recipe}'",
    )
    assert "try: " in (here / "bad/train.log").read_text()


@pytest.mark.slow
def test_several_processes_make_what_one_makes_and_json_is_all_that_is_printed(here, capsys):
    assert run(words(RATES.replace("swept", "alone"))) == 0
    capsys.readouterr()
    assert run(words(f"{RATES} --processes 2 --json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["state"] for one in document["runs"]] == ["finished"] * 2
    assert document["best"]["psnr"] in ("lr=1e-4", "lr=1e-3")
    for name in ("lr=1e-4", "lr=1e-3"):
        assert tensors(f"swept/{name}") == tensors(f"alone/{name}")
        assert "weights: " in (here / f"swept/{name}/train.log").read_text()


def _long(here):
    text = RECIPE.replace("steps = 4", "steps = 100000").replace("every = 2", "every = 1000")
    (here / "small.toml").write_text(text)


def _until(condition, seconds=90):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_saves_every_run_that_goes_on(here, processes):
    _long(here)
    line = [*words(RATES), "--processes", str(processes)]
    child = subprocess.Popen([sys.executable, "-m", "srkit_core", *line], stderr=subprocess.PIPE)
    logs = [here / f"swept/lr={rate}/metrics.csv" for rate in ("1e-4", "1e-3")[:processes]]
    _until(lambda: all(one.exists() and one.stat().st_size > 2000 for one in logs))
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=60)
    assert child.returncode == 130, told
    assert b"stopped with 0 of 2 runs finished" in told
    for one in logs:
        found = run_state(one.parent)
        assert found.state == "stopped"
        assert found.step == int(sorted(one.parent.glob("checkpoints/step-*"))[-1].name[5:])


def test_a_worker_sees_the_same_paths_from_anywhere(here):
    from srkit_core.registry import discover
    from srkit_core.sweep.planned_sweep import plan_sweep_again
    from srkit_core.sweep.sweep_folder import SweepFolder

    assert run(words(f"{SMALL} --over 'lr=[1e-4]'")) == 0
    planned = plan_sweep_again(SweepFolder(Path("swept")), {}, discover())
    task = planned.task("lr=1e-4", anywhere=True)
    assert task.words == [
        "train", "--out", f"{here}/swept/lr=1e-4", "--resume",
        f"--data={here}/photos", f"--val={here}/photos", "--device=cpu",
    ]  # fmt: skip
    (here / "swept/sweep.json").write_text("{}")
    with pytest.raises(DataError, match=r"sweep\.json is damaged"):
        plan_sweep_again(SweepFolder(Path("swept")), {}, discover())


def killed_once(task):
    """Kill the worker that trains the first run, once it has begun."""
    marker = task.out.parent / ".killed"
    if task.name == "lr=1e-4" and not marker.exists():
        from threading import Thread

        def kill():
            _until((task.out / "checkpoints/step-00000002").exists)
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

        Thread(target=kill, daemon=True).start()
    return many_runs.train_task(task)


@pytest.mark.slow
def test_a_cluster_trains_the_runs_and_a_killed_worker_is_survived(here, monkeypatch):
    distributed = pytest.importorskip("distributed")
    assert run(words(RATES.replace("swept", "alone"))) == 0
    monkeypatch.setattr(many_runs, "train_task_alone", killed_once)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, worker_dashboard_address=None
    ) as local:
        assert run([*words(RATES), "--cluster", local.scheduler_address]) == 0
    assert (here / "swept/.killed").exists()
    for name in ("lr=1e-4", "lr=1e-3"):
        assert tensors(f"swept/{name}") == tensors(f"alone/{name}")
