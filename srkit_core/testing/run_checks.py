"""Which checks does something that is installed pass?"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from srkit_core.binding import bind
from srkit_core.errors import SrkitError, WeightsError
from srkit_core.expressions import parse_call
from srkit_core.pinning import found_here
from srkit_core.registry import Component, Installed, Registry
from srkit_core.specs import (
    AnnouncedSpec,
    CommandSpec,
    FactorySpec,
    GeneratorSpec,
    LayoutSpec,
    LossSpec,
    MetricSpec,
    RecipeSpec,
    WeightsSpec,
)
from srkit_core.testing.augmentation_contract import AugmentationContract
from srkit_core.testing.callback_contract import CallbackContract
from srkit_core.testing.checks import (
    CheckOutcome,
    CheckResult,
    ExpectedFailureError,
    NotTriedError,
    Topic,
    checks_of,
    run_check,
)
from srkit_core.testing.command_contract import CommandContract
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.component_under_test import installed_registry
from srkit_core.testing.data_source_contract import DataSourceContract
from srkit_core.testing.degradation_contract import DegradationContract
from srkit_core.testing.discriminator_contract import DiscriminatorContract
from srkit_core.testing.explanations import explanation
from srkit_core.testing.extension_contract import ExtensionContract
from srkit_core.testing.format_contract import FormatContract
from srkit_core.testing.generator_contract import GeneratorContract
from srkit_core.testing.layout_contract import LayoutContract
from srkit_core.testing.loss_contract import AdversarialLossContract, ReferenceLossContract
from srkit_core.testing.metric_contract import MetricContract
from srkit_core.testing.optimizer_contract import OptimizerContract
from srkit_core.testing.recipe_contract import RecipeContract
from srkit_core.testing.schedule_contract import ScheduleContract
from srkit_core.testing.set_metric_contract import SetMetricContract
from srkit_core.testing.tracker_contract import TrackerContract
from srkit_core.testing.weights_contract import OF_MODELS, WeightsContract

Something: TypeAlias = Installed[AnnouncedSpec]

_EXTENSIONS: Final[dict[str, type[ExtensionContract]]] = {
    contract.spec_class.kind: contract
    for contract in (
        AugmentationContract,
        CallbackContract,
        DataSourceContract,
        FormatContract,
        OptimizerContract,
        ScheduleContract,
        TrackerContract,
    )
}
_NAMED: Final[dict[type[AnnouncedSpec], type]] = {
    CommandSpec: CommandContract,
    LayoutSpec: LayoutContract,
    RecipeSpec: RecipeContract,
    WeightsSpec: WeightsContract,
}
_SAID: Final[tuple[Topic, ...]] = ("announced", "options")


def contract_of(something: Something, registry: Registry | None = None) -> type | None:
    """Return the contract of something that is installed; None where there is none for its kind.

    A component is tried on the small instance that its spec names.
    """
    found = _contract_and_instance(something)
    if found is None:
        return None
    contract, attributes = found
    own = {"registry": lambda _: registry} if registry else {}
    return type(f"Contract of {something.full_name}", (contract,), {**attributes, **own})


def checks_for(something: Something) -> list[tuple[Topic, str]]:
    """Return the checks that say something about what is installed: what learns nothing has no
    gradients and no weights, and a network of losses no SR.
    """
    spec, contract = something.spec, contract_of(something)
    learns = not isinstance(spec, GeneratorSpec) or spec.trainable
    model = not isinstance(spec, WeightsSpec) or spec.generator
    return [
        (topic, name)
        for topic, name in (checks_of(contract) if contract else ())
        if (learns or topic not in ("gradient", "file")) and (model or name not in OF_MODELS)
    ]


def run_checks(something: Something, registry: Registry | None = None) -> Iterator[CheckResult]:
    """Try every check on something that is installed, one after the other.

    What needs a network that is not on this machine is not tried.
    """
    contract = contract_of(something, registry)
    if contract is None:
        return
    missing = _missing_networks(something, registry or installed_registry())
    for topic, name in checks_for(something):
        if missing and topic not in _SAID:
            yield CheckResult(topic, name, "not tried", missing)
        else:
            outcome, why = _tried(contract(), name, missing)
            yield CheckResult(topic, name, outcome, why)


def run_contract(contract: type) -> Iterator[CheckResult]:
    """Try every check of a contract."""
    for topic, name in checks_of(contract):
        outcome, why = _tried(contract(), name, None)
        yield CheckResult(topic, name, outcome, why)


def _tried(contract: Any, name: str, missing: str | None) -> tuple[CheckOutcome, str | None]:
    try:
        run_check(contract, getattr(contract, name))
    except NotTriedError as reason:
        return "not tried", str(reason)
    except ExpectedFailureError as reason:
        return "expected", str(reason)
    except BaseException as error:  # a component may raise anything, also to end the process
        if missing and isinstance(error, WeightsError):
            return "not tried", missing
        return "failed", explanation(error)
    return "passed", None


def _contract_and_instance(something: Something) -> tuple[type, dict[str, Any]] | None:
    spec, name = something.spec, something.full_name
    if isinstance(something, Component):
        return _component_contract(something), _instance(something)
    if isinstance(spec, FactorySpec):
        return _EXTENSIONS[spec.kind], {"expression": _small(spec, name)}
    contract = _NAMED.get(type(spec))
    return (contract, {spec.kind: name}) if contract else None


def _instance(component: Component) -> dict[str, Any]:
    spec = component.spec
    scales = spec.scales if isinstance(spec, GeneratorSpec) else (4,)
    small = _small(spec, component.full_name)
    return {"expression": small, "scale": 4 if 4 in scales else scales[-1]}


def _small(spec: FactorySpec, full_name: str) -> str:
    return spec.small.replace(spec.name, full_name, 1) if spec.small else full_name


def _component_contract(component: Component) -> type[ComponentContract]:
    if isinstance(component.spec, LossSpec):
        return AdversarialLossContract if component.spec.adversarial else ReferenceLossContract
    if isinstance(component.spec, MetricSpec) and component.spec.of_set:
        return SetMetricContract
    kinds: list[type[ComponentContract]] = [
        GeneratorContract,
        DiscriminatorContract,
        MetricContract,
        DegradationContract,
    ]
    return next(contract for contract in kinds if contract.kind == component.kind)


def _missing_networks(something: Something, registry: Registry) -> str | None:
    """Say which network a component needs that is not on this machine."""
    if not isinstance(something, Component):
        return None
    try:
        call = parse_call(_instance(something)["expression"])
        bound = bind(registry, something.kind, call, {"scale": 4, "patch": 32})
        needed = [names for one in bound.with_nested() for names in one.pretrained]
        missing = [names for names in needed if not found_here(names, registry)]
    except SrkitError:
        return None  # a check says what is wrong with it
    return f"the network {' or '.join(missing[0])} is not on this machine" if missing else None
