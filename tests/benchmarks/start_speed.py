"""How long is a command before its work begins?

Nearest to a peer is an interpreter that imports what no command can do without; of the others'
commands, what their first line costs.
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import FP32, PEER, Bench, Case
from tests.benchmarks.paired import Way, command
from tests.benchmarks.peers import BASICSR

BARE = "python -c 'import typer, pluggy, pydantic', in srkit's environment"
IMPORTED = f"python -c 'import basicsr', which every command of {BASICSR} begins with"
LIGHT = ("list", "--help", "show rrdb", "recipes", "check srresnet", "runs .", "models")
SETTLED_S = 2.5
"""So long nothing may have changed before `srkit list` keeps what it found for the next time."""
HEAVY = ("doctor", "train --help", "upscale --help", "eval --help")


def cases() -> Sequence[Case]:
    """Return the works."""
    bare = [
        _case(f"srkit {words}, into a pipe", words.split(), BARE, {FP32: 1 / 1.1})
        if words == "list"
        else _case(f"srkit {words}", words.split(), BARE, {})
        for words in (*LIGHT, *HEAVY)
    ]
    return [*bare, _case("srkit list, beside BasicSR", ["list"], IMPORTED, {})]


def _case(work: str, words: Sequence[str], peer: str, goals: Mapping[str, float]) -> Case:
    return Case(
        work=work,
        open=partial(opened, words, peer),
        peer=peer,
        per="a command",
        pairs=9 if goals else 5,
        goals=goals,
    )


def opened(words: Sequence[str], peer: str, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Both are commands; each runs in a folder of its own, without runs. The first one of a fresh
    environment, which writes byte code, is not counted.
    """
    del stack
    ways: dict[str, Way] = {PEER: command([sys.executable, "-c", "import typer, pluggy, pydantic"])}
    if peer == IMPORTED:
        ways = {}
        if bench.peer_python:
            ways[PEER] = command([bench.peer_python, "-c", "import basicsr"], cwd=bench.folder)
    ours = [Path(sys.executable).with_name("srkit"), *words]
    subprocess.run(ours, cwd=bench.folder, capture_output=True, check=False)
    time.sleep(SETTLED_S)
    ways[FP32] = command(ours, cwd=bench.folder)
    return ways
