"""Does memory that was freed come back without being cleared by the system?"""

import subprocess
import sys

import pytest

_MEASURED = """
import resource, statistics, sys, torch
from srkit_core.engine.machine.malloc import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def work():
    return [torch.ones(40 * 2**20, dtype=torch.uint8) for _ in range(2)]
def faults_so_far():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def faults_of_one():
    before = faults_so_far()
    work()
    return faults_so_far() - before
for _ in range(10):  # until the heap has found its shape
    work()
print(int(statistics.median(faults_of_one() for _ in range(20))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="page faults are counted on Linux")
def test_a_step_faults_no_pages_that_the_step_before_had():
    faults = {}
    for way in ("kept", "given back"):
        told = subprocess.run(
            [sys.executable, "-c", _MEASURED, way], capture_output=True, text=True, check=True
        )
        faults[way] = int(told.stdout)
    assert faults["given back"] > 10_000
    assert faults["kept"] < 100
