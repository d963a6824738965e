"""How is a row told in a terminal, and a figure in words?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.paired import Spread
from tests.benchmarks.row import BF16, FP32, PEER, Row

_NAMES = {PEER: "peer", FP32: "srkit", BF16: "srkit bf16"}


def duration(seconds: float) -> str:
    """Return seconds in words: 12.3 s, 45.6 ms or 7.89 us, with three digits."""
    units = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
    unit = next((name for name, least in units.items() if seconds >= least), "us")
    value = seconds / units[unit]
    return f"{value:.{max(0, 2 - len(str(int(value))) + 1)}f} {unit}"


def count_words(count: float) -> str:
    """Return a count or size: 0.1, 64 or 1,000,000."""
    return f"{count:,.0f}" if count >= 1000 else f"{count:g}"


def ratio_words(found: Spread) -> str:
    """Return a ratio with its spread: 1.42 (1.38 to 1.45)."""
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def flops_words(rates: Mapping[str, float]) -> str:
    """Return how many operations a second there are, in each precision that was measured."""
    told = f"{rates['flops/fp32'] / 1e9:,.0f} GFLOP/s in fp32"
    return told + (f", {rates['flops/bf16'] / 1e9:,.0f} in bf16" if "flops/bf16" in rates else "")


def load_words(cores: int, loads: Mapping[str, Sequence[float]]) -> str:
    """Return how busy the machine was before and after what was measured, and beside what of it
    there was other work: one computing thread more than there are cores.
    """
    known = {name: load for name, load in loads.items() if load}
    if not known:
        return "How busy the machine was meanwhile is not recorded."
    every = [one for load in known.values() for one in load]
    told = f"The machine's load average before and after each was {min(every):.1f} to "
    told += f"{max(every):.1f}, of which a work itself makes up to {cores}."
    busy = [name for name, load in known.items() if max(load) > cores + 1]
    if busy:
        told += f" Taken beside other work: {'; '.join(busy)}."
    unknown = [name for name, load in loads.items() if not load]
    return told + (f" Not recorded: {'; '.join(unknown)}." if unknown else "")


def machine_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what machine this is, and its rates."""
    rates, units = facts["rates"], ", ".join(facts["units"]) or "none of those that matter"
    yield f"{facts['processor']} ({facts['model']}), {facts['cores']} cores; units: {units}"
    yield (
        f"{flops_words(rates)}; copies {rates['bytes copied'] / 1e9:.1f} GB/s, writes "
        f"{rates['bytes written'] / 1e6:,.0f} MB/s, {rates['fsyncs']:,.0f} fsyncs/s"
    )


def row_lines(row: Row) -> Iterator[str]:
    """Yield a row in lines of at most 80 columns."""
    yield f"{row.family}: {row.work}"
    if row.skipped:
        yield f"  left out: {row.skipped}"
    yield from (f"  {_NAMES[way]}: not measured, {why}" for way, why in row.left_out.items())
    for way in (PEER, FP32, BF16):
        if time := row.time(way):
            told = f"  {_NAMES[way]:10} {duration(time.median):>8}"
            told += f" {row.per:12}" if way == PEER or PEER not in row.seconds else " " * 13
            if way != PEER and (found := row.ratio(way)):
                told += f" {ratio_words(found):22}"
            if way in row.limits:
                told += f" limit {duration(row.limits[way])}"
            if way in row.memory_mb:
                told += f" {row.memory_mb[way]:,.0f} MB"
            yield told.rstrip()
    if row.missed():
        yield f"  wanted: {', '.join(f'{row.goals[way]:.3g} ({way})' for way in row.missed())}"
