"""How is a process that waits for its turns started, asked and ended?

The process uses `tests.benchmarks.turns`.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.benchmarks.paired import Turn
from tests.benchmarks.turns import MARK

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A process that does its work once for each call.

    It runs in a temporary folder of its own, without a GPU: what is compared here is the CPU.
    """

    def __init__(self, words: Sequence[str | Path], *, threads: int | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._said = Path(self._folder.name, "standard-error")
        own = {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
        if threads:
            own |= {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        with self._said.open("w") as said:
            self._process = subprocess.Popen(
                list(map(str, words)),
                cwd=self._folder.name,
                env=os.environ | own,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def __call__(self) -> Turn:
        """Let it do its work once. Raises RuntimeError with its last words where it ended."""
        answer = ""
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            while not answer.startswith(MARK):
                answer = self._process.stdout.readline()
                if not answer:
                    break
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(f"{self._process.args} ended:\n{self._last_words()}")
        return Turn(**json.loads(answer.removeprefix(MARK)))

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def _last_words(self) -> str:
        return self._said.read_text("utf-8", errors="replace")[-3000:]
