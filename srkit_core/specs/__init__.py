"""Which classes announce what a plugin brings?"""

from srkit_core.specs.announced import (
    CONTEXT,
    FIRST_PARTY_LICENCE,
    AnnouncedSpec,
    Factory,
    FactorySpec,
)
from srkit_core.specs.components import (
    KINDS,
    SPEC_CLASSES,
    Alternatives,
    Amount,
    ComponentSpec,
    DegradationSpec,
    DiscriminatorSpec,
    GeneratorSpec,
    Kind,
    LossSpec,
    MetricSpec,
    OptionFunction,
)
from srkit_core.specs.extensions import (
    AugmentationSpec,
    CallbackSpec,
    CommandSpec,
    OptimizerSpec,
    RecipeSpec,
    ScheduleSpec,
    TrackerSpec,
)
from srkit_core.specs.known_weights import (
    Home,
    Packaged,
    Shipped,
    WeightsFile,
    WeightsSpec,
)
from srkit_core.specs.layouts import (
    LayoutSpec,
    Shapes,
    numbered,
)

__all__ = [
    "CONTEXT",
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
    "DegradationSpec",
    "DiscriminatorSpec",
    "Factory",
    "FactorySpec",
    "GeneratorSpec",
    "Home",
    "Kind",
    "LayoutSpec",
    "LossSpec",
    "MetricSpec",
    "OptimizerSpec",
    "OptionFunction",
    "Packaged",
    "RecipeSpec",
    "ScheduleSpec",
    "Shapes",
    "Shipped",
    "TrackerSpec",
    "WeightsFile",
    "WeightsSpec",
    "numbered",
]
