"""Which metrics does a sum name, and what is each called and shown?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from srkit_core.binding import BoundComponent, bind
from srkit_core.errors import ExpressionError
from srkit_core.expressions import Sum
from srkit_core.registry import Registry
from srkit_core.specs import MetricSpec


@dataclass(frozen=True)
class MetricTerm:
    """One metric, under the label of its column."""

    label: str
    bound: BoundComponent

    @property
    def spec(self) -> MetricSpec:
        """Its direction, unit and domain."""
        return self.bound.spec(MetricSpec)


def bind_metrics(registry: Registry, metrics: Sum) -> tuple[MetricTerm, ...]:
    """Bind a sum of metrics; a weight in it is refused, because nothing adds metrics up."""
    weighted = [term for term in metrics.terms if term.weight is not None]
    if weighted:
        raise ExpressionError(
            "a metric has no weight",
            text=str(metrics),
            position=str(metrics).index(str(weighted[0])),
        )
    components = [bind(registry, "metric", term.call, {}) for term in metrics.terms]
    return tuple(
        MetricTerm(label, bound)
        for label, bound in zip(column_labels(components), components, strict=True)
    )


def column_labels(components: Sequence[BoundComponent]) -> list[str]:
    """Name columns, and files: a repeated component is numbered from its second appearance, and so
    is one that differs in small and capital letters alone.
    """
    seen, labels = Counter[str](), []
    for bound in components:
        name = bound.component.name
        seen[name.casefold()] += 1
        number = seen[name.casefold()]
        labels.append(name if number == 1 else f"{name}.{number}")
    return labels
