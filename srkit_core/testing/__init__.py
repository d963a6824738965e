"""Contracts that authors of plugins subclass: everything of a kind passes the same checks.

A plugin's test subclasses the contract of its kind and names the component, options and all::

    from srkit_core.testing import GeneratorContract


    class TestRRDB(GeneratorContract):
        expression = "rrdb(blocks=1, features=8, growth=4)"

The component is found among the installed plugins, as srkit itself finds it. Small options keep the
tests quick: most checks build the component, some of them more than once. A failure says which
check it was. Each contract is imported when it is first asked for: importing this imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from srkit_core.testing.announcement_contract import AnnouncementContract
    from srkit_core.testing.augmentation_contract import AugmentationContract
    from srkit_core.testing.callback_contract import CallbackContract
    from srkit_core.testing.command_contract import CommandContract
    from srkit_core.testing.data_source_contract import DataSourceContract
    from srkit_core.testing.degradation_contract import DegradationContract
    from srkit_core.testing.discriminator_contract import DiscriminatorContract
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
    from srkit_core.testing.weights_contract import WeightsContract
    from srkit_core.testing.wheel_contract import WheelContract

_HOMES: Final = {
    "AdversarialLossContract": "loss_contract",
    "AnnouncementContract": "announcement_contract",
    "AugmentationContract": "augmentation_contract",
    "CallbackContract": "callback_contract",
    "CommandContract": "command_contract",
    "DataSourceContract": "data_source_contract",
    "DegradationContract": "degradation_contract",
    "DiscriminatorContract": "discriminator_contract",
    "FormatContract": "format_contract",
    "GeneratorContract": "generator_contract",
    "LayoutContract": "layout_contract",
    "MetricContract": "metric_contract",
    "OptimizerContract": "optimizer_contract",
    "RecipeContract": "recipe_contract",
    "ReferenceLossContract": "loss_contract",
    "ScheduleContract": "schedule_contract",
    "SetMetricContract": "set_metric_contract",
    "TrackerContract": "tracker_contract",
    "WeightsContract": "weights_contract",
    "WheelContract": "wheel_contract",
}
__all__ = [
    "AdversarialLossContract",
    "AnnouncementContract",
    "AugmentationContract",
    "CallbackContract",
    "CommandContract",
    "DataSourceContract",
    "DegradationContract",
    "DiscriminatorContract",
    "FormatContract",
    "GeneratorContract",
    "LayoutContract",
    "MetricContract",
    "OptimizerContract",
    "RecipeContract",
    "ReferenceLossContract",
    "ScheduleContract",
    "SetMetricContract",
    "TrackerContract",
    "WeightsContract",
    "WheelContract",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
