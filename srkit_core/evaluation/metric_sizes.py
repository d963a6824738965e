"""Is every picture large enough for every metric? Known from headers, before the work."""

from collections.abc import Iterable, Iterator, Sequence

from srkit_core.data.picture import Picture
from srkit_core.errors import DataError
from srkit_core.evaluation.protocol import Protocol
from srkit_core.metric_binding import MetricTerm


def check_metric_sizes(
    pictures: Iterable[Picture], scale: int, protocol: Protocol, metrics: Sequence[MetricTerm]
) -> None:
    """Raise DataError that names the first picture that a metric cannot judge, and counts them."""
    small = [
        (picture, fault)
        for picture in pictures
        if (fault := too_small(picture.sides(scale), protocol, metrics))
    ]
    if not small:
        return
    picture, fault = small[0]
    others = f", and {len(small) - 1} more pictures are too small" if len(small) > 1 else ""
    raise DataError(
        f"{picture.name} {fault}{others}",
        hint="leave out small pictures, or --metrics without that one",
        path=picture.path,
    )


def left_out_as_small(
    pictures: Sequence[Picture], scale: int, protocol: Protocol, metrics: Sequence[MetricTerm]
) -> Iterator[str]:
    """Say which pictures a metric cannot judge, and why, metric by metric.

    Raises DataError where one can judge none of them, or would judge all of them as a set.
    """
    for term in metrics:
        faults = [(one, too_small(one.sides(scale), protocol, [term])) for one in pictures]
        small = [f"{one.name} {fault}" for one, fault in faults if fault]
        if small and (term.spec.of_set or len(small) == len(pictures)):
            check_metric_sizes(pictures, scale, protocol, [term])
        yield from (f"left out of the {term.label}: {fault}" for fault in small)


def too_small(sides: tuple[int, int], protocol: Protocol, metrics: Sequence[MetricTerm]) -> str:
    """Say which metric cannot judge a picture of (height, width), and why; "" where all can."""
    height, width = sides
    for term in metrics:
        needed, whole = max(term.bound.amount(term.spec.min_size), 1), term.spec.domain == "rgb"
        border = 0 if whole else protocol.of_metric(term.bound.common).border
        seen = min(sides) - 2 * border
        if seen < needed:
            inside = f", {max(seen, 0)} without a border of {border}" if border else ""
            return f"has {width}x{height} pixels{inside}: {term.label} needs {needed} a side"
    return ""
