"""How many processes load pictures, on which machine and beside how many others?"""

import os
from datetime import timedelta
from fractions import Fraction
from types import SimpleNamespace

import pytest
from torch import distributed

from srkit_core.engine.machine import processes as module
from srkit_core.engine.machine.cpu_share import CpuRoom, cpu_room
from srkit_core.engine.machine.processes import Processes, open_processes
from srkit_core.engine.run_context import loader_workers


def room(first, count, *, machine=0, limit=None):
    return CpuRoom(machine, frozenset(range(first, first + count)), limit)


@pytest.mark.parametrize(
    ("mine", "others", "share"),
    [
        (room(0, 16), [], 16),
        (room(0, 16), [room(0, 16)] * 3, 4),
        (room(0, 16), [room(0, 16, machine=8)] * 8, 16),  # those of other machines take nothing
        (room(0, 8), [room(8, 8)], 8),  # each process was given CPUs of its own
        (room(0, 8), [room(4, 8)], 6),  # half of them are shared
        (room(0, 64, limit=Fraction(4)), [], 4),
        (room(0, 64, limit=Fraction(4)), [room(0, 64)], 2),
        (room(0, 2, limit=Fraction(100)), [], 2),
        (room(0, 1), [room(0, 1)], Fraction(1, 2)),
    ],
)
def test_each_cpu_counts_by_how_many_may_use_it(mine, others, share):
    assert mine.share([*others, mine]) == share


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        (
            {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "250000 100000\n"},
            Fraction(5, 2),
        ),
        (
            {
                "proc/self/cgroup": "0::/job/step\n",
                "sys/fs/cgroup/job/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/job/step/cpu.max": "max 100000\n",
            },
            4,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/docker/a\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us": "100000\n",
            },
            Fraction(3, 2),
        ),
        ({"proc/self/cgroup": "0::/../x\n", "sys/fs/cgroup/cpu.max": "7\n"}, None),
    ],
)
def test_the_limit_of_a_container_is_read(tmp_path, monkeypatch, files, limit):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert cpu_room(2, tmp_path) == CpuRoom(2, frozenset({3, 5, 7}), limit)


def test_a_system_without_affinity_counts_all_cpus(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cpu_room(0, tmp_path).share([cpu_room(0, tmp_path)]) == 6


@pytest.mark.parametrize(
    ("asked", "feeds", "cpus", "count"),
    [
        *((None, True, 16, 8), (None, True, 4, 4), (None, True, 3.5, 3), (None, True, 0.25, 1)),
        *((None, False, 16, 0), (5, False, 1, 5), (0, True, 16, 0)),
    ],
)
def test_loader_processes_follow_the_cpus_of_this_process(asked, feeds, cpus, count):
    on = SimpleNamespace(backend=SimpleNamespace(feeds=feeds))
    assert loader_workers(asked, on, cpus) == count


def test_one_of_four_processes_has_a_quarter_however_few_threads_it_computes_with(monkeypatch):
    """Torchrun sets OMP_NUM_THREADS=1, by which each process used to have one loader."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(32)), raising=False)
    monkeypatch.setattr(Processes, "collect", lambda self, mine: [*mine, *[room(0, 32)] * 3])
    fourth = SimpleNamespace(local_process_index=3, process_index=3, num_processes=4)
    assert Processes(fourth, "fp32").cpus() == 8


def test_processes_may_wait_for_each_other_for_half_an_hour(monkeypatch):
    asked = {}

    def init(backend, **wanted):
        asked.update(wanted, backend=backend)
        raise InterruptedError

    monkeypatch.setattr(distributed, "init_process_group", init)
    monkeypatch.setattr(module, "_store", lambda place: distributed.HashStore())
    monkeypatch.setattr(module, "launch", lambda: SimpleNamespace(rank=0, local_rank=0, world=2))
    with pytest.raises(InterruptedError), open_processes("cpu"):
        pass
    assert (asked["backend"], asked["timeout"]) == ("gloo", timedelta(minutes=30))


def test_collecting_waits_by_the_board_first_which_has_no_limit(monkeypatch):
    """A validation may take one process an hour longer than another: NCCL would give it up."""
    order = []
    board = SimpleNamespace(each=lambda work: order.append("board"))
    monkeypatch.setattr(distributed, "all_gather_object", lambda *_: order.append("gather"))
    two = SimpleNamespace(num_processes=2)
    Processes(two, "fp32", board).collect([1])
    assert order == ["board", "gather"]
