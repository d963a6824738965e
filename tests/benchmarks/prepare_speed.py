"""How many times the megapixels per second of BasicSR's flow does `srkit prepare` make, LR
included, on two processes?

usage: prepare_speed.py PEER_PYTHON PEER_SCRIPT PHOTOS [--rounds 3]

The peer's script prints a JSON line with `seconds` and `megapixels_per_s`; the two run in turn. The
peer's clock starts when its processes are there, srkit's when they are and also when the command is
typed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from srkit_core.data.preparation.executor import open_executor
from srkit_core.data.preparation.prepare_folder import prepare_folder
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import PrepareRequest

OPTIONS = PrepareOptions(degrade="bicubic")


def peer(python, script, photos, workers):
    with tempfile.TemporaryDirectory() as out:
        command = [python, str(script), str(photos), out, "--workers", str(workers)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=script.parent
        )
    return json.loads(done.stdout.splitlines()[-1])


def typed(photos, workers):
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        words = [
            "prepare",
            str(photos),
            f"{out}/packed",
            "--degrade",
            "bicubic",
            "--workers",
            str(workers),
        ]
        subprocess.run(
            [sys.executable, "-m", "srkit_core", *words], check=True, capture_output=True
        )
        return time.perf_counter() - start


def warm(photos, workers):
    with (
        tempfile.TemporaryDirectory() as out,
        open_executor(OPTIONS, Path(out), workers=workers) as executor,
    ):
        list(executor.run(abs, range(workers * 4)))
        start = time.perf_counter()
        request = PrepareRequest([str(photos)], Path(out, "packed"), OPTIONS)
        prepare_folder(request, executor, lambda *_: None)
        return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer_python")
    parser.add_argument("peer_script", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    ratios = {"warm": [], "typed": []}
    for _ in range(args.rounds):
        theirs = peer(args.peer_python, args.peer_script, args.photos, args.workers)
        for name, measure in (("warm", warm), ("typed", typed)):
            seconds = measure(args.photos, args.workers)
            ratios[name].append(theirs["seconds"] / seconds)
            print(
                json.dumps(
                    {"peer_s": theirs["seconds"], f"{name}_s": seconds, "ratio": ratios[name][-1]}
                ),
                flush=True,
            )
    print(json.dumps({name: statistics.median(values) for name, values in ratios.items()}))
