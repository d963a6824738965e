"""How long is a validation during training, beside BasicSR's?"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from tests.benchmarks.bench import BF16, FP32, PEER, Bench, Case
from tests.benchmarks.made_pictures import write_pictures
from tests.benchmarks.paired import Way
from tests.benchmarks.peers import BASICSR

SIZE, COUNT = (384, 512), 8
SMALL = ["--batch", "1", "--patch", "32"]


def cases() -> Sequence[Case]:
    """Return the work."""
    return [
        Case(
            work=f"{COUNT} pictures of {SIZE[1]} x {SIZE[0]}, PSNR-Y and SSIM-Y, SRVGG of 16 x 8",
            open=opened,
            peer=BASICSR,
            per="a validation",
            pairs=5,
            bf16=True,
            note="with one step on a crop of 32; LR from disk; srkit also takes the stage's loss",
        )
    ]


def opened(bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start peer and srkit, with the same pictures."""
    folder = _pairs(bench.folder / "validated")
    words = [*SMALL, "--val", folder]
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "step", "srvgg", 8, *words)
    ours = ["srvgg(features=16, blocks=8)", "l1", *words, "--steps", 2]
    ways[FP32] = bench.ours(stack, "step", *ours)
    if bench.bf16:
        ways[BF16] = bench.ours(stack, "step", *ours, "--precision", "bf16")
    return ways


def _pairs(folder: Path) -> Path:
    if not folder.exists():
        write_pictures(folder / "HR", [SIZE] * COUNT)
        (folder / "LR").mkdir()
        for path in sorted((folder / "HR").iterdir()):
            with Image.open(path) as hr:
                small = hr.resize((SIZE[1] // 4, SIZE[0] // 4), Image.Resampling.BICUBIC)
                small.save(folder / "LR" / path.name)
    return folder
