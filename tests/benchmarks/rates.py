"""How are the machine's rates measured without torch in the process that starts all others?"""

import json
import subprocess
import sys

from tests.benchmarks.machine import has_bf16, machine_facts, measured_rates
from tests.benchmarks.worker import ROOT


def measured_apart() -> dict[str, float]:
    """Return `measured_rates()` of a process of its own.

    A processor without units for bf16 takes minutes for one product in it, which nobody asks for.
    """
    words = [sys.executable, "-m", "tests.benchmarks.rates"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


if __name__ == "__main__":
    print(json.dumps(measured_rates(bf16=has_bf16(machine_facts()))))
