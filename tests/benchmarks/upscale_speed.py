"""How long is the way from a picture file to one four times as large, beside Real-ESRGAN's, and
beside the same engine without srkit?
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import (
    BF16,
    FP32,
    NO_UNITS,
    PEER,
    ROOT,
    Bench,
    Case,
    SkippedError,
)
from tests.benchmarks.made_pictures import write_pictures
from tests.benchmarks.paired import Turn, Way, command
from tests.benchmarks.peers import REAL_ESRGAN
from tests.benchmarks.step_speed import computed

NOTE = "from file to PNG, random weights, srkit with its usual overlap of tiles"
BY_HAND = {
    "openvino": "OpenVINO by hand: the network exported by torch for these sides, and converted",
    "onnx": "onnxruntime by hand: the ONNX file that srkit exports",
}


@dataclass(frozen=True)
class Enlarged:
    """A picture of (height, width) and the network that enlarges it, by what its peers call it."""

    theirs: tuple[str, int]
    ours: str
    size: tuple[int, int]
    tile: int | None = None

    def work(self, backend: str) -> str:
        """What it is called by an engine."""
        named = {"rrdb": f"RRDB-{self.theirs[1]}", "srvgg": "SRVGG, 32 convolutions"}
        height, width = self.size
        cut = f"tiles of {self.tile}" if self.tile else "whole"
        return f"{named[self.theirs[0]]}, {width} x {height}, {cut}, {backend}"

    def smaller(self) -> "Enlarged":
        """Return one that shows in seconds that it runs."""
        height, width = self.size
        size, tile = (height // 8, width // 8), self.tile and self.tile // 8
        shallow = self.ours.replace(f"blocks={self.theirs[1]}", "blocks=1")
        return Enlarged((self.theirs[0], 1), shallow, size, tile)


RRDB = ("rrdb", 23), "rrdb(blocks=23, upsampler=nearest)"
SRVGG = ("srvgg", 32), "srvgg(features=64, blocks=32)"
SMALL, MIDDLE = Enlarged(*RRDB, (192, 192)), Enlarged(*RRDB, (256, 256))
TILED, COMPACT = Enlarged(*RRDB, (256, 320), 256), Enlarged(*SRVGG, (256, 384))
MANY = Enlarged(*SRVGG, (128, 192))
PICTURES = 8


def cases() -> Sequence[Case]:
    """Return the works: those of one picture are measured together."""
    return [
        *_engines(SMALL, ("torch", "openvino", "onnx"), by_hand=True),
        *_engines(MIDDLE, ("torch", "openvino"), warm=0),
        *_engines(TILED, ("torch", "openvino"), warm=0),
        *_engines(COMPACT, ("torch", "openvino")),
        Case(
            work=f"a folder of {PICTURES} pictures, SRVGG, 192 x 128, torch",
            open=opened_folder,
            peer=f"{REAL_ESRGAN}, one after the other, as its script does",
            per="a command",
            pairs=3,
            note="as a whole command, with its start",
        ),
    ]


def _engines(
    one: Enlarged, backends: Sequence[str], *, by_hand: bool = False, warm: int = 1
) -> Iterator[Case]:
    for backend in backends:
        case = partial(
            Case, per="a picture", pairs=3, warm=warm, group=one.work(""), limit=computed, note=NOTE
        )
        work, bf16 = one.work(backend), backend != "onnx"
        yield case(work, partial(opened, one, backend), REAL_ESRGAN, bf16=bf16)
        if by_hand and backend in BY_HAND:
            for way in (FP32, BF16) if bf16 else (FP32,):
                named = f"{work} beside it by hand" + (" in bf16" if way == BF16 else "")
                yield case(named, partial(opened_by_hand, one, backend, way), BY_HAND[backend])


def opened(one: Enlarged, backend: str, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start peer and srkit."""
    one = one.smaller() if bench.quick else one
    weights, picture, *tile = words = _words(one, bench)
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "upscale", *one.theirs, weights, picture, *tile)
    ways[FP32] = _ours(words, backend, FP32, bench, stack)
    if bench.bf16 and backend != "onnx":
        ways[BF16] = _ours(words, backend, BF16, bench, stack)
    return ways


def opened_by_hand(
    one: Enlarged, backend: str, way: str, bench: Bench, stack: ExitStack
) -> Mapping[str, Way]:
    """Start srkit and the same engine without it. Raises SkippedError where bf16 has no units."""
    if way == BF16 and not bench.bf16:
        raise SkippedError(NO_UNITS)
    words = _words(one.smaller() if bench.quick else one, bench)
    hand = bench.ours(stack, "by_hand", backend, *words, "--precision", way)
    return {PEER: hand, way: _ours(words, backend, way, bench, stack)}


def _ours(words: Sequence[object], backend: str, way: str, bench: Bench, stack: ExitStack) -> Way:
    return bench.ours(stack, "upscale", *words, "--backend", backend, "--precision", way)


def _words(one: Enlarged, bench: Bench) -> list[object]:
    """Return the weights, the picture, and the tile where there is one."""
    height, width = one.size
    folder = bench.folder / f"lr-{width}x{height}"
    if not folder.exists():
        write_pictures(folder, [one.size])
    tile: list[object] = ["--tile", one.tile] if one.tile else []
    return [_weights(one, bench.folder), folder / "picture-00000.png", *tile]


def opened_folder(bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Both are commands."""
    del stack
    pictures, weights = bench.folder / "many", _weights(MANY, bench.folder)
    if not pictures.exists():
        write_pictures(pictures, [MANY.size] * (2 if bench.quick else PICTURES))
    threads = {"OMP_NUM_THREADS": str(bench.threads)}
    ways: dict[str, Way] = {}
    if bench.peer_python:
        script = [bench.peer_python, "-m", "tests.benchmarks.theirs.upscale", *MANY.theirs, weights]
        there = {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
        ways[PEER] = _into_new_folder([*script, pictures], bench.folder, **there, **threads)
    ours = [sys.executable, "-m", "srkit_core", "upscale", weights, pictures]
    ours += ["--backend", "torch", "--device", "cpu"]
    ways[FP32] = _into_new_folder(ours, bench.folder, **threads)
    return ways


def _into_new_folder(words: Sequence[object], parent: Path, **env: str) -> Way:
    """Return the way that lets a command write into a folder, and removes it afterwards."""

    def upscale() -> Turn:
        out = parent / "many-larger"
        try:
            return command([*map(str, words), "--out", out], **env)()
        finally:
            shutil.rmtree(out, ignore_errors=True)

    return upscale


def _weights(one: Enlarged, folder: Path) -> Path:
    path = folder / f"{one.theirs[0]}-{one.theirs[1]}.pth"
    if not path.exists():
        words = [sys.executable, "-m", "tests.benchmarks.ours.weights", one.ours, str(path)]
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return path
