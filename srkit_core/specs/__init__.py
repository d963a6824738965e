"""Which classes announce what a plugin brings? It imports all of them from here."""

from srkit_core.announced import FIRST_PARTY_LICENCE, AnnouncedSpec
from srkit_core.command_spec import CommandSpec
from srkit_core.component_kinds import KINDS, Kind
from srkit_core.specs.components import (
    EVERYWHERE,
    SPEC_CLASSES,
    Alternatives,
    Amount,
    ComponentSpec,
    DegradationSpec,
    DiscriminatorSpec,
    GeneratorSpec,
    LossSpec,
    MetricSpec,
    OptionFunction,
    PixelDegradation,
)
from srkit_core.specs.extensions import (
    AugmentationSpec,
    CallbackSpec,
    DataSourceSpec,
    FormatSpec,
    OptimizerSpec,
    RecipeSpec,
    ScheduleSpec,
    TrackerSpec,
)
from srkit_core.specs.factories import CONTEXT, Factory, FactorySpec
from srkit_core.specs.known_weights import (
    Home,
    Packaged,
    Shipped,
    WeightsFile,
    WeightsSpec,
)
from srkit_core.specs.layouts import (
    ForeignNetwork,
    LayoutSpec,
    Replacement,
    Shapes,
    numbered,
)

__all__ = [
    "CONTEXT",
    "EVERYWHERE",
    "FIRST_PARTY_LICENCE",
    "KINDS",
    "SPEC_CLASSES",
    "Alternatives",
    "Amount",
    "AnnouncedSpec",
    "AugmentationSpec",
    "CallbackSpec",
    "CommandSpec",
    "ComponentSpec",
    "DataSourceSpec",
    "DegradationSpec",
    "DiscriminatorSpec",
    "Factory",
    "FactorySpec",
    "ForeignNetwork",
    "FormatSpec",
    "GeneratorSpec",
    "Home",
    "Kind",
    "LayoutSpec",
    "LossSpec",
    "MetricSpec",
    "OptimizerSpec",
    "OptionFunction",
    "Packaged",
    "PixelDegradation",
    "RecipeSpec",
    "Replacement",
    "ScheduleSpec",
    "Shapes",
    "Shipped",
    "TrackerSpec",
    "WeightsFile",
    "WeightsSpec",
    "numbered",
]
