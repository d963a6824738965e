"""Does a crash or a hang cost one process, and name its item?"""

import multiprocessing
import os
import signal
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest

from srkit_core.data.preparation import executor as executor_module
from srkit_core.data.preparation.executor import ProcessExecutor, open_executor
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.records import Unusable
from srkit_core.errors import DataError


def _work(item):
    kind, number = item
    if kind == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "hang":
        time.sleep(60)
    if kind == "nap":
        time.sleep(0.4)
    if kind == "raise":
        raise DataError("a fact", hint="a hint", path=Path("x"))
    return number, os.getpid()


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
        if Path(f"/proc/{pid}").exists()
        else True
    )


def test_a_crash_and_a_hang_are_named_and_the_rest_is_done():
    items = [
        ("fine", 0),
        ("crash", 1),
        ("fine", 2),
        ("hang", 3),
        *(("fine", number) for number in range(4, 12)),
    ]
    with ProcessExecutor(2, limit=6) as executor:
        results = dict(executor.run(_work, items))
        pids = {result[1] for result in results.values() if isinstance(result, tuple)}
    assert len(results) == 12
    assert results["crash", 1] == Unusable(
        "it crashed the process that worked on it", lasting=False
    )
    assert results["hang", 3] == Unusable("it took more than 6 seconds", lasting=False)
    assert [results["fine", number][0] for number in (0, 2, *range(4, 12))] == [0, 2, *range(4, 12)]
    assert os.getpid() not in pids
    assert not any(_alive(pid) for pid in pids)


def test_a_hang_does_not_stop_the_other_process():
    with ProcessExecutor(2, limit=30) as executor:
        results = executor.run(_work, [("hang", 0), *(("fine", number) for number in range(1, 20))])
        first = [next(results)[0][1] for _ in range(19)]
    assert first == list(range(1, 20))


def test_no_more_is_taken_than_is_worked_on():
    taken = []

    def items():
        for number in range(50):
            taken.append(number)
            yield "fine", number

    with ProcessExecutor(2, limit=30) as executor:
        for done, _ in enumerate(executor.run(_work, items()), start=1):
            assert len(taken) <= done + 2
    assert len(taken) == 50


def test_what_work_raises_is_raised():
    with (
        ProcessExecutor(1, limit=30) as executor,
        pytest.raises(DataError, match="a fact") as caught,
    ):
        list(executor.run(_work, [("raise", 0)]))
    assert (caught.value.hint, caught.value.path) == ("a hint", Path("x"))


def test_workers_are_used_again():
    with ProcessExecutor(1, limit=30) as executor:
        first = [result for _, result in executor.run(_work, [("fine", 1)])]
        second = [result for _, result in executor.run(_work, [("fine", 1)])]
    assert first == second


def _slow_start(*_):
    time.sleep(1.5)


def test_the_time_limit_does_not_count_the_start_of_a_worker(monkeypatch):
    monkeypatch.setattr(executor_module, "_begin", _slow_start)
    with ProcessExecutor(2, limit=1) as executor:
        results = dict(executor.run(_work, [("nap", 0), ("hang", 1), ("nap", 2), ("nap", 3)]))
    assert results.pop(("hang", 1)) == Unusable("it took more than 1 seconds", lasting=False)
    assert sorted(result[0] for result in results.values()) == [0, 2, 3]


def _is_loaded(module):
    return module in sys.modules


def test_a_worker_is_ready_when_it_has_imported_what_it_needs(monkeypatch):
    monkeypatch.setattr(
        executor_module, "worker_context", lambda preload: multiprocessing.get_context("spawn")
    )
    with ProcessExecutor(1, limit=30, preload=("wave",)) as executor:
        assert dict(executor.run(_is_loaded, ["wave", "sndhdr"])) == {"wave": True, "sndhdr": False}


@pytest.mark.parametrize(
    ("options", "loaded"),
    [
        ({}, False),
        ({"degrade": "bicubic"}, False),
        ({"degrade": "bilinear | nearest(factor=1)"}, False),
        ({"format": "files"}, False),
        ({"degrade": "lanczos"}, True),
        ({"degrade": "bicubic(quantise=false)"}, True),
        ({"degrade": "bicubic | noise(sigma=1)"}, True),
        ({"variants": 2}, True),
    ],
)
def test_torch_is_imported_for_what_needs_it_alone(tmp_path, options, loaded):
    forkserver._forkserver._stop()  # that of an earlier test has what that test wanted
    with open_executor(PrepareOptions(**options), tmp_path, workers=1) as executor:
        assert dict(executor.run(_is_loaded, ["numpy", "torch"])) == {
            "numpy": True,
            "torch": loaded,
        }
