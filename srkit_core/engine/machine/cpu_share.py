"""How many CPUs has this process, among the others of its run on this machine?"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/")
_GROUPS: Final = "sys/fs/cgroup"


@dataclass(frozen=True)
class CpuRoom:
    """Where a process may run: the `cpus` of its machine by number, and for how many CPUs' time its
    group of processes has leave (None: no limit).

    Processes of one `machine`, named by the rank of its first, share both.
    """

    machine: int
    cpus: frozenset[int]
    limit: Fraction | None = None

    def share(self, everyone: Sequence["CpuRoom"]) -> Fraction:
        """Return the CPUs that are this process's own: each counts by how many may use it."""
        here = [one for one in everyone if one.machine == self.machine]
        users = (sum(cpu in one.cpus for one in here) for cpu in self.cpus)
        free = sum((Fraction(1, count) for count in users), Fraction())
        return free if self.limit is None else min(free, self.limit / len(here))


def cpu_room(machine: int = 0, root: Path = _ROOT) -> CpuRoom:
    """Return where this process may run, by its affinity and by the limits of its cgroups under
    `root`.
    """
    return CpuRoom(machine, _cpus(), min(_limits(root), default=None))


def _cpus() -> frozenset[int]:
    if hasattr(os, "sched_getaffinity"):  # neither Windows nor macOS has it
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _limits(root: Path) -> Iterator[Fraction]:
    """Yield the limits of this process's cgroup and of those above it, of version 2 and of 1."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers not in ("", "cpu", "cpu,cpuacct"):
            continue
        top = root / _GROUPS / controllers
        group = top / name.strip("/")
        for folder in (group, *(one for one in group.parents if one.is_relative_to(top))):
            files = ("cpu.max",) if not controllers else ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            words = " ".join(_text(folder / file) for file in files).split()
            if len(words) == 2 and words[0].isdigit() and words[1].isdigit():
                yield Fraction(int(words[0]), int(words[1]))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
