"""How long is the way from a picture file to one four times as large, beside Real-ESRGAN's?"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import BF16, FP32, PEER, ROOT, Bench, Case
from tests.benchmarks.made_pictures import write_pictures
from tests.benchmarks.paired import Way
from tests.benchmarks.peers import REAL_ESRGAN
from tests.benchmarks.step_speed import computed

NOTE = "from file to PNG, random weights, srkit with its usual overlap of tiles"


@dataclass(frozen=True)
class Enlarged:
    """A picture of (height, width) and the network that enlarges it."""

    theirs: tuple[str, int]
    ours: str
    size: tuple[int, int]
    tile: int | None = None
    backend: str = "torch"

    @property
    def work(self) -> str:
        """What it is called."""
        named = {"rrdb": f"RRDB-{self.theirs[1]}", "srvgg": "SRVGG, 32 convolutions"}
        height, width = self.size
        cut = f"tiles of {self.tile}" if self.tile else "whole"
        return f"{named[self.theirs[0]]}, {width} x {height}, {cut}, {self.backend}"


RRDB, SRVGG = (("rrdb", 23), "rrdb(blocks=23)"), (("srvgg", 32), "srvgg(features=64, blocks=32)")


def cases() -> Sequence[Case]:
    """Return the works."""
    works = [Enlarged(*RRDB, (96, 128), backend=one) for one in ("torch", "openvino", "onnx")]
    works += [Enlarged(*RRDB, (144, 192), tile=96)]
    works += [Enlarged(*SRVGG, (256, 384), backend=one) for one in ("torch", "openvino")]
    return [
        Case(
            work=one.work,
            open=partial(opened, one),
            peer=REAL_ESRGAN,
            per="a picture",
            pairs=3,
            limit=computed,
            note=NOTE,
        )
        for one in works
    ]


def opened(one: Enlarged, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start peer and srkit."""
    height, width = one.size
    folder = bench.folder / f"lr-{width}x{height}"
    if not folder.exists():
        write_pictures(folder, [one.size])
    picture, weights = folder / "picture-00000.png", _weights(one, bench.folder)
    tile = ["--tile", one.tile] if one.tile else []
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "upscale", *one.theirs, weights, picture, *tile)
    ours = [weights, picture, "--backend", one.backend, *tile]
    ways[FP32] = bench.ours(stack, "upscale", *ours)
    if bench.bf16 and one.backend != "onnx":
        ways[BF16] = bench.ours(stack, "upscale", *ours, "--precision", "bf16")
    return ways


def _weights(one: Enlarged, folder: Path) -> Path:
    path = folder / f"{one.theirs[0]}-{one.theirs[1]}.pth"
    if not path.exists():
        words = [sys.executable, "-m", "tests.benchmarks.ours.weights", one.ours, str(path)]
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return path
