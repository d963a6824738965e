"""How long is a score of a picture, beside BasicSR's and lpips's?"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from tests.benchmarks.bench import FP32, PEER, Bench, Case
from tests.benchmarks.made_pictures import write_pictures
from tests.benchmarks.paired import Way
from tests.benchmarks.peers import BASICSR

SIZE = (512, 768)
SCORES = {
    "psnr": ("PSNR-Y", BASICSR),
    "ssim": ("SSIM-Y", BASICSR),
    "lpips": ("LPIPS, AlexNet", "lpips 0.1.4"),
}


def cases() -> Sequence[Case]:
    """Return the works."""
    return [
        Case(
            work=f"{name} of {SIZE[1]} x {SIZE[0]}",
            open=partial(opened, metric),
            peer=peer,
            per="a picture",
            pairs=9,
            note="one thread each, from pixels that are read",
        )
        for metric, (name, peer) in SCORES.items()
    ]


def opened(metric: str, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start peer and srkit, with the same two files."""
    folder = bench.folder / "scored"
    if not folder.exists():
        write_pictures(folder, [SIZE] * 2)
    files = sorted(folder.iterdir())
    ways: dict[str, Way] = {}
    if bench.peer_python:
        ways[PEER] = bench.theirs(stack, "metrics", metric, *files, threads=1)
    ways[FP32] = bench.ours(stack, "metrics", metric, *files, threads=1)
    return ways
