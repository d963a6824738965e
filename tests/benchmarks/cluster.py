"""What would a cluster do, reckoned from pieces that were measured?

Nothing here was run on a cluster: a step's time, its gradients and a network's rate are put
together by the ring algorithm's arithmetic (Patarasuk and Yuan 2009), in which each of N machines
sends and receives 2 (N - 1) / N times the gradients.
"""

from collections.abc import Iterator, Sequence

from tests.benchmarks.row import BF16, FP32, Row
from tests.benchmarks.told import duration

MACHINES = (1, 2, 8, 64)
NETWORKS = (1.25e9, 3.125e9, 12.5e9)
"""Bytes a second of 10, 25 and 100 Gbit/s, which are supposed and not measured."""
H200_IMAGES, H200_BATCH = 308.0, 16
"""Images a second of RRDB-23 with a VGG discriminator in bf16 on one H200, measured in November
2026 (299 to 317)."""
RRDB_PARAMETERS = 16_697_987
GRADIENTS = 4 * RRDB_PARAMETERS
"""Bytes of the gradients of RRDB-23, in fp32."""
AVERAGED, PARAMETERS = "gradients are averaged between two processes, gloo", "parameters"
"""The curve that holds how long that takes on a machine."""
BACKWARD = 2 / 3
"""The share of a step in which gradients come, bucket by bucket, and can be sent meanwhile: a
backward pass has twice the operations of a forward pass."""


def ring_seconds(size: float, machines: int, rate: float) -> float:
    """Return how long a ring of machines takes to average `size` bytes at `rate` bytes a second."""
    return 2 * (machines - 1) / machines * size / rate


def efficiency(step: float, exchange: float, *, hidden: float = 0.0) -> float:
    """Return the share of a step that is left for computing when gradients are exchanged.

    `hidden` is the share of the step during which the exchange can go on beside it.
    """
    return step / (step + max(0.0, exchange - hidden * step))


def cluster_lines(averaged: float | None, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the section of the page: pieces, then what they come to.

    `averaged` are the seconds in which two processes averaged the gradients of RRDB-23.
    """
    step = H200_BATCH / H200_IMAGES
    yield "| piece | value | measured where |"
    yield "| --- | ---: | --- |"
    yield (
        f"| gradients of RRDB-23 | {GRADIENTS / 1e6:.1f} MB ({RRDB_PARAMETERS:,} parameters "
        "in fp32) | counted |"
    )
    if averaged:
        told = f"{duration(averaged)}, {GRADIENTS / averaged / 1e9:.2f} GB/s"
        yield f"| averaging them between two processes | {told} | here, gloo over loopback |"
    yield (
        f"| a step on one H200, VGG discriminator, bf16, batch {H200_BATCH} | {duration(step)} "
        f"({H200_IMAGES:.0f} images/s) | one H200, November 2026 |"
    )
    for row in rows:
        if row.work == "RRDB-23, ESRGAN's losses, a VGG discriminator" and not row.skipped:
            times = [row.time(way) for way in (FP32, BF16)]
            told = " / ".join(duration(one.median) for one in times if one)
            yield f"| that step on this CPU, batch 4, fp32 / bf16 | {told} | [Speed](speed.md) |"
        if row.family == "loader" and not row.skipped and (time := row.time(FP32)):
            crops = f"{16 / time.median:,.0f} a CPU second"
            yield f"| {row.work} | {crops} | [Speed](speed.md) |"
    yield ""
    yield from _scaling(GRADIENTS, step)


def _scaling(size: int, step: float) -> Iterator[str]:
    """Yield images a second of clusters of H200s, for each supposed network."""
    yield (
        "| H200s, one a machine | "
        + " | ".join(f"{network * 8 / 1e9:g} Gbit/s" for network in NETWORKS)
        + " |"
    )
    yield "| ---: |" + " ---: |" * len(NETWORKS)
    for machines in MACHINES:
        cells = [f"{machines}"]
        for network in NETWORKS:
            exchange = ring_seconds(size, machines, network)
            worst = efficiency(step, exchange)
            best = efficiency(step, exchange, hidden=BACKWARD)
            images = machines * H200_IMAGES
            cells.append(
                f"{images * worst:,.0f} to {images * best:,.0f} ({worst:.0%} to {best:.0%})"
            )
        yield f"| {' | '.join(cells)} |"
