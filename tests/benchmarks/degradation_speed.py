"""How long is LR of a batch, beside Real-ESRGAN's?"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from tests.benchmarks.bench import FP32, PEER, Bench, Case
from tests.benchmarks.paired import Way
from tests.benchmarks.peers import REAL_ESRGAN

NONE = "what others have for this chain is in no package"
CHAINS = {
    "realesrgan of sharpened HR": ("realesrgan", "sharpen", f"{REAL_ESRGAN}, with BasicSR 1.4.2"),
    "bsrgan": ("bsrgan", "", NONE),
    "blur, bicubic, noise, JPEG": (
        "blur(sigma=0.2..3) | bicubic | noise | jpeg(quality=30..95)",
        "",
        NONE,
    ),
    "bicubic": ("bicubic", "", NONE),
}


def cases() -> Sequence[Case]:
    """Return the works."""
    return [
        Case(
            work=f"{name}, batch 4, HR 400 x 400",
            open=partial(opened, *chain),
            peer=peer,
            per="a batch",
            pairs=9,
            note="random draws differ from turn to turn" if name != "bicubic" else "",
        )
        for name, (*chain, peer) in CHAINS.items()
    ]


def opened(chain: str, target: str, bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
    """Start srkit, and the peer where there is one."""
    ways: dict[str, Way] = {}
    if bench.peer_python and chain == "realesrgan":
        ways[PEER] = bench.theirs(stack, "degradation")
    words = ["--target", target] if target else []
    ways[FP32] = bench.ours(stack, "degradation", chain, *words)
    return ways
