"""How long is a training step, beside BasicSR's?"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.benchmarks.bench import BF16, FP32, PEER, Bench, Case, Limit
from tests.benchmarks.paired import Turn, Way
from tests.benchmarks.peers import BASICSR

GAN = "0.01*l1 + vgg(weights=random) + 0.005*gan"
SAME = "batch 4, HR 128 x 128, weights averaged; srkit cuts crops and makes LR in its step too"


@dataclass(frozen=True)
class Networks:
    """Networks of one step as srkit and as BasicSR call them."""

    name: str
    generator: str
    theirs: tuple[str, int]
    goals: Mapping[str, float] = field(default_factory=dict)


RRDB_4 = Networks(
    "RRDB-4", "rrdb(blocks=4, upsampler=nearest)", ("rrdb", 4), {FP32: 1.4, BF16: 2.4}
)
RRDB_23 = Networks(
    "RRDB-23", "rrdb(blocks=23, upsampler=nearest)", ("rrdb", 23), {FP32: 1.4, BF16: 2.3}
)
SRRESNET = Networks("SRResNet (MSRResNet)", "srresnet(layout=msr)", ("msr", 16))
TINY = Networks("SRVGG of 16 x 1, the loop around it", "srvgg(features=16, blocks=1)", ("srvgg", 1))
VGG, UNET = ("vgg", "a VGG discriminator"), ("unet", "a U-Net discriminator")
OURS = {"vgg": "vgg", "unet": "unet-sn"}


def cases() -> Sequence[Case]:
    """Return the works."""
    works = [(TINY, None), (RRDB_4, None), (RRDB_4, VGG), (RRDB_4, UNET), (SRRESNET, None)]
    works += [(RRDB_23, None), (RRDB_23, VGG), (RRDB_23, UNET)]
    return [_case(networks, disc) for networks, disc in works]


def _case(networks: Networks, disc: tuple[str, str] | None) -> Case:
    losses = f"ESRGAN's losses, {disc[1]}" if disc else "L1"

    def opened(bench: Bench, stack: ExitStack) -> Mapping[str, Way]:
        name = disc[0] if disc else None
        size = ["--batch", "1"] if bench.quick else []
        ours = [networks.generator, GAN if disc else "l1", *size]
        ours += ["--disc", OURS[name]] if name else []
        ways: dict[str, Way] = {}
        if bench.peer_python:
            theirs = ["--disc", name] if name else []
            ways[PEER] = bench.theirs(stack, "step", *networks.theirs, *theirs, *size)
        ways[FP32] = bench.ours(stack, "step", *ours)
        if bench.bf16:
            ways[BF16] = bench.ours(stack, "step", *ours, "--precision", "bf16")
        return ways

    return Case(
        work=f"{networks.name}, {losses}",
        open=opened,
        peer=BASICSR,
        per="a step",
        pairs=3 if disc or networks is RRDB_23 else 5,
        bf16=True,
        limit=computed,
        goals=networks.goals,
        note=SAME,
    )


def computed(rates: Mapping[str, float], turns: Mapping[str, Sequence[Turn]]) -> Limit | None:
    """Return how long the operations of srkit's work take at the machine's best rate."""
    known = [way for way in (FP32, BF16) if turns.get(way) and turns[way][0].flop]
    seconds = {way: turns[way][0].flop / rates[f"flops/{way}"] for way in known}
    told = f"{turns[known[0]][0].flop / 1e9:,.0f} GFLOP" if known else ""
    what = "srkit's operations at the rate of products and convolutions"
    return Limit(f"{told}: {what}", seconds) if known else None
