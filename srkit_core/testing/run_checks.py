"""Which checks does an installed component pass?"""

from dataclasses import dataclass

from srkit_core.errors import WeightsError
from srkit_core.registry import Component
from srkit_core.specs import GeneratorSpec, LossSpec
from srkit_core.testing.checks import ExpectedFailureError, Topic, checks_of, run_check
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.degradation_contract import DegradationContract
from srkit_core.testing.discriminator_contract import DiscriminatorContract
from srkit_core.testing.explanations import explanation
from srkit_core.testing.generator_contract import GeneratorContract
from srkit_core.testing.loss_contract import AdversarialLossContract, ReferenceLossContract
from srkit_core.testing.metric_contract import MetricContract


@dataclass(frozen=True)
class CheckResult:
    """What one check found: `why` says how the component fails it, None that it passes.

    `expected` is the declared reason of a check that fails as its component said; it passes.
    """

    topic: Topic
    name: str
    why: str | None
    expected: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the component passes it."""
        return self.why is None


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


def checks_for(component: Component) -> list[tuple[Topic, str]]:
    """Return the checks that say something about a component: what learns nothing has no gradients
    and no weights.
    """
    learns = not isinstance(component.spec, GeneratorSpec) or component.spec.trainable
    return [
        (topic, name)
        for topic, name in checks_of(contract_of(component))
        if learns or topic not in ("gradient", "file")
    ]


def run_checks(component: Component) -> list[CheckResult]:
    """Try every check on a component.

    Raises WeightsError when a pretrained network it needs cannot be had.
    """
    contract = contract_of(component)
    return [_tried(contract, topic, name) for topic, name in checks_for(component)]


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


def _tried(contract: type[ComponentContract], topic: Topic, name: str) -> CheckResult:
    try:
        run_check(contract(), getattr(contract, name))
    except WeightsError:
        raise
    except ExpectedFailureError as expected:
        return CheckResult(topic, name, None, str(expected))
    except Exception as error:  # a component may raise anything
        return CheckResult(topic, name, explanation(error))
    return CheckResult(topic, name, None)
