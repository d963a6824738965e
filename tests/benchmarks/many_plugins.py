"""How much longer does `srkit list` take with 200 plugins than with one?

`python tests/benchmarks/many_plugins.py [--plugins 200] [--repeats 7]` makes them in a temporary
folder, with one, then with all of them on the path, in turn, and prints the medians, their ratio,
and the time of an interpreter that imports what srkit imports and loads no plugin.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODULE = '''"""A plugin made by a benchmark."""

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec


def loss_{number}(*, power: float = 1.0, terms: int = 3) -> ReferenceLoss:
    """A loss of a plugin made by a benchmark.

    Args:
        power: of the difference.
        terms: how many there are.
    """
    raise NotImplementedError


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce it."""
    return [LossSpec(name="loss-{number}", factory=loss_{number}, summary="made by a benchmark")]
'''


def make_plugins(folder: Path, count: int) -> None:
    """Write so many distributions, as an installer leaves them: a module and its metadata."""
    for number in range(count):
        (folder / f"zz_plugin_{number}.py").write_text(MODULE.format(number=number))
        about = folder / f"zz_plugin_{number}-0.1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: zz-plugin-{number}\nVersion: 0.1.0\n"
        )
        (about / "entry_points.txt").write_text(
            f"[srkit.plugins]\nplugin-{number} = zz_plugin_{number}\n"
        )


def seconds(words: list[str], folder: Path) -> float:
    """Run Python on these words with a folder on its path; return how long it takes."""
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, *words], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        one, many = Path(parent) / "one", Path(parent) / "many"
        for folder, count in ((one, 1), (many, given.plugins)):
            folder.mkdir()
            make_plugins(folder, count)
        listing = ["-m", "srkit_core", "list"]
        cases = {
            "imports": (["-c", "import srkit_core.registry, srkit_core.cli.list"], one),
            "one plugin": (listing, one),
            f"{given.plugins} plugins": (listing, many),
        }
        for words, folder in cases.values():
            seconds(words, folder)  # byte code is written once
        taken = {name: [] for name in cases}
        for _ in range(given.repeats):
            for name, (words, folder) in cases.items():
                taken[name].append(seconds(words, folder))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, median in medians.items():
        print(f"{name:>14}: {median:.3f} s (best {min(taken[name]):.3f})")
    *_, single, several = medians.values()
    print(f"{'ratio':>14}: {several / single:.2f} (wanted: at most 2)")


if __name__ == "__main__":
    main()
