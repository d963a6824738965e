"""How long do srkit's own functions take in this process, for ever larger work?

`python -m tests.benchmarks.ours.growth upscale MODEL FILE...`, `open FOLDER...`, `rows RUN...`,
`tasks COUNT...`: a line of JSON a point, with seconds and the most memory until then.
"""

import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.turns import peak_memory_mb

Work = tuple[str, Callable[[], object]]


def upscale(words: Sequence[str]) -> Iterator[Work]:
    """Yield a picture file after the other, enlarged by one model."""
    from srkit_core import Upscaler

    upscaler = Upscaler(words[0], scale=4, device="cpu", backend="torch", precision="fp32")
    for file in words[1:]:
        yield file, lambda file=file: upscaler(file, Path(file).with_suffix(".larger.png"))


def open_folders(words: Sequence[str]) -> Iterator[Work]:
    """Yield the opening of folders of pictures, as training does it."""
    from srkit_core.data.picture_set import open_picture_set

    open_picture_set(words[0])
    for folder in words:
        yield folder, lambda folder=folder: open_picture_set(folder)


def rows(words: Sequence[str]) -> Iterator[Work]:
    """Yield, for the metrics.csv of run folders: a row appended, made safe, and curves drawn."""
    from srkit_core.callbacks import Callback
    from srkit_core.engine.logs.columns import Column
    from srkit_core.engine.logs.csv_log import CsvLog
    from srkit_core.engine.logs.curves.curves_file import CurvesFile
    from srkit_core.run_folder import RunFolder

    CurvesFile(RunFolder(Path(words[0])), {}, Callback()).draw()  # matplotlib is imported
    for folder in words:
        file = Path(folder, "metrics.csv")
        names = file.open(encoding="utf-8").readline().strip().split(",")
        log = CsvLog(file, [Column(name) for name in names])
        row = {"step": 1, "epoch": 1, "stage": "main", "split": "train", "loss/total": 0.1875}
        yield f"a row of metrics.csv {folder}", lambda log=log, row=row: log.write(row)
        yield f"rows made safe {folder}", log.flush
        curves = CurvesFile(RunFolder(Path(folder)), {}, Callback())
        yield f"curves.png {folder}", curves.draw


def tasks(words: Sequence[str]) -> Iterator[Work]:
    """Yield so many tasks that do nothing, which another process of this machine gets by Dask."""
    from distributed import LocalCluster

    from srkit_core.data.preparation.dask_executor import DaskExecutor

    quiet = {"dashboard_address": None, "worker_dashboard_address": None}
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=1, threads_per_worker=1, **quiet) as local,
        DaskExecutor(local.scheduler_address, Path(folder)) as executor,
    ):
        deque(executor.run(abs, range(10)), maxlen=0)
        for count in map(int, words):
            yield f"{count} tasks", partial(deque, executor.run(abs, range(count)), maxlen=0)


WORKS = {"upscale": upscale, "open": open_folders, "rows": rows, "tasks": tasks}

if __name__ == "__main__":
    for told, work in WORKS[sys.argv[1]](sys.argv[2:]):
        began = time.perf_counter()
        work()
        point = {"what": told, "seconds": time.perf_counter() - began}
        print(json.dumps({**point, "memory_mb": peak_memory_mb()}), flush=True)
