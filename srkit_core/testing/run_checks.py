"""Which laws does an installed component keep?"""

from collections.abc import Iterable
from dataclasses import dataclass

from srkit_core.errors import WeightsError
from srkit_core.registry import Component
from srkit_core.specs import GeneratorSpec, LossSpec
from srkit_core.testing.checks import Check, laws_of
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.degradation_contract import DegradationContract
from srkit_core.testing.discriminator_contract import DiscriminatorContract
from srkit_core.testing.generator_contract import GeneratorContract
from srkit_core.testing.loss_contract import AdversarialLossContract, ReferenceLossContract
from srkit_core.testing.metric_contract import MetricContract


@dataclass(frozen=True)
class CheckResult:
    """What one law said of a component: `broken` tells how it is broken, None that it is kept."""

    check: Check
    check_name: str
    broken: str | None


def contract_of(component: Component) -> type[ComponentContract]:
    """Return the contract of a component, tried on the small instance that its spec names."""
    spec = component.spec
    scales = spec.scales if isinstance(spec, GeneratorSpec) else (4,)
    attributes = {
        "expression": spec.small.replace(spec.name, component.full_name, 1)
        if spec.small
        else component.full_name,
        "scale": 4 if 4 in scales else scales[-1],
    }
    return type(f"Contract of {component.full_name}", (_kind_of_contract(component),), attributes)


def laws_for(component: Component) -> list[tuple[Check, str]]:
    """Return the laws that say something about a component: what learns nothing has no gradients
    and no weights.
    """
    learns = not isinstance(component.spec, GeneratorSpec) or component.spec.trainable
    return [
        (check, name)
        for check, name in laws_of(contract_of(component))
        if learns or check not in ("gradient", "file")
    ]


def run_checks(component: Component) -> list[CheckResult]:
    """Try every law on a component.

    Raises WeightsError when a pretrained network it needs cannot be had.
    """
    contract = contract_of(component)
    return [
        CheckResult(check, name, _broken(contract, name)) for check, name in laws_for(component)
    ]


def broken_checks(verdicts: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the verdicts that are not favourable."""
    return [one for one in verdicts if one.broken is not None]


def _kind_of_contract(component: Component) -> type[ComponentContract]:
    if isinstance(component.spec, LossSpec):
        return AdversarialLossContract if component.spec.adversarial else ReferenceLossContract
    kinds: list[type[ComponentContract]] = [
        GeneratorContract,
        DiscriminatorContract,
        MetricContract,
        DegradationContract,
    ]
    return next(contract for contract in kinds if contract.kind == component.kind)


def _broken(contract: type[ComponentContract], name: str) -> str | None:
    try:
        getattr(contract(), name)()
    except WeightsError:
        raise
    except Exception as error:  # a component may raise anything
        return (
            str(error).partition("\n")[0]
            if isinstance(error, AssertionError)
            else f"{type(error).__name__}: {error}"
        )
    return None
