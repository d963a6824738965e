"""What does a loss or a metric take beside its own options?

These mean the same with every one of their kind, and srkit acts on them: a component never sees
them. Where it has an option of the same name, that one is meant.
"""

from collections.abc import Collection
from typing import Annotated, Literal

from srkit_core.errors import OptionError
from srkit_core.interfaces import Between
from srkit_core.options import Option, options_of
from srkit_core.specs import ComponentSpec, Factory, FactorySpec, LossSpec, MetricSpec


def common_options(spec: ComponentSpec) -> tuple[Option, ...]:
    """Return what can be written for a component beside the options of its factory."""
    declared = _declared(spec)
    own = {option.name for option in options_of(spec.factory)} if declared else set[str]()
    offered = options_of(declared) if declared else ()
    return tuple(option for option in offered if option.name not in own)


def check_common(spec: ComponentSpec, name: str, written: Collection[str]) -> None:
    """Raise OptionError where a metric that sees whole RGB pictures is told to see others."""
    if not isinstance(spec, MetricSpec) or spec.domain != "rgb":
        return
    own = {option.name for option in options_of(spec.factory)}
    for option in options_of(_measured):
        if option.name in written and option.name not in own:
            raise OptionError(
                f"{name} sees whole RGB pictures whatever the protocol is, and takes no "
                f"'{option.name}'",
                component=name,
                option=option.name,
                hint=f"{name} without it",
            )


def all_options(spec: FactorySpec) -> tuple[Option, ...]:
    """Return everything that can be written for what was announced, its own options first."""
    own = options_of(spec.factory)
    return (*own, *common_options(spec)) if isinstance(spec, ComponentSpec) else own


def _declared(spec: ComponentSpec) -> Factory | None:
    if isinstance(spec, LossSpec):
        if spec.adversarial:
            return _judged
        return _compared if spec.needs_reference else None
    return _measured if isinstance(spec, MetricSpec) and spec.domain == "protocol" else None


def _compared(*, target: bool = True) -> None:
    """Declare what every reference loss takes.

    Args:
        target: whether SR is compared with the recipe's `target` of HR, or with HR itself.
    """


def _judged(*, target: bool = False) -> None:
    """Declare what every adversarial loss takes.

    Args:
        target: whether the discriminator's real pictures are the recipe's `target` of HR, or HR
            itself.
    """


def _measured(
    *,
    protocol: Literal["y", "rgb"] | None = None,
    border: Annotated[int, Between(low=0)] | None = None,
) -> None:
    """Declare what every metric takes that sees what the protocol prepares.

    Args:
        protocol: luma (y) or RGB, for this metric alone; none: as the others.
        border: HR pixels cut from each side, for this metric alone; none: as the others.
    """
