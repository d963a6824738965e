"""Which optimizer is this name, and do its options fit?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from srkit_core.binding import as_value, bind_options
from srkit_core.expressions import Call
from srkit_core.optimizer_config import OptimizerConfig
from srkit_core.registry import Registry
from srkit_core.specs import Factory, OptimizerSpec
from srkit_core.torch_optimizers import check_optimizer, optimizer_names


@dataclass(frozen=True)
class BoundOptimizer:
    """An optimizer with its options, and the network's own rate where it has one.

    Of a plugin `factory` makes it, and `owner` is its full name; None and "" of a class of
    `torch.optim`.
    """

    name: str
    lr: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    factory: Factory | None = None
    owner: str = ""

    def __str__(self) -> str:
        options = tuple((name, as_value(value)) for name, value in self.options.items())
        return str(Call(self.owner or self.name, options))

    @property
    def written_out(self) -> OptimizerConfig:
        """The table of a recipe, with the full name and all options of a plugin's."""
        options = {name: as_value(value) for name, value in self.options.items()}
        return OptimizerConfig.model_validate(
            {"name": self.owner or self.name, "lr": self.lr, **options}
        )


def bind_optimizer(registry: Registry, config: OptimizerConfig) -> BoundOptimizer:
    """Find an optimizer and fit its options: a class of `torch.optim`, which wins a bare name, or
    a plugin's.

    Raises OptionError for a name that neither has or an option that does not fit, AmbiguousError
    for one that several plugins announce.
    """
    name = config.name
    announced = registry.installed(OptimizerSpec)
    known = {word for one in announced for word in (one.name, one.full_name)}
    if name in known and name not in optimizer_names():
        one = registry.one(OptimizerSpec, name)
        options = bind_options(one.name, one.spec.factory, config.options)
        return BoundOptimizer(name, config.lr, options, one.spec.factory, one.full_name)
    check_optimizer(config, others=[one.name for one in announced])
    return BoundOptimizer(name, config.lr, config.options)
