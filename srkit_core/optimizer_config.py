"""Which optimizer does each network get?"""

from typing import Any

from pydantic import ConfigDict, GetJsonSchemaHandler, PositiveFloat, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from srkit_core.fields import FreeOption, RecipeTable, Table, default


class OptimizerConfig(RecipeTable):
    """A class of `torch.optim` or a plugin's optimizer by name, with whatever options it has."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FreeOption]

    name: str = "Adam"
    """A class of `torch.optim`, or a plugin's of `srkit list optimizer`; its options stand beside
    it, such as betas = [0.9, 0.99]."""
    lr: PositiveFloat | None = None
    """Learning rate of this network; none: that of the stage."""

    @property
    def options(self) -> dict[str, Any]:
        """The options beside the learning rate, as written."""
        return dict(self.__pydantic_extra__)


class OptimizersConfig(RecipeTable):
    """One optimizer per network; a single `{name, lr, ...}` stands for both."""

    generator: Table[OptimizerConfig] = default(OptimizerConfig())
    """The generator's."""
    discriminator: Table[OptimizerConfig] = default(OptimizerConfig())
    """The discriminator's."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), handler(OptimizerConfig.__pydantic_core_schema__)]}

    @model_validator(mode="before")
    @classmethod
    def _for_both(cls, value: Any) -> Any:
        if isinstance(value, OptimizerConfig):
            return {"generator": value, "discriminator": value}
        single = (
            isinstance(value, dict) and value and not value.keys() & {"generator", "discriminator"}
        )
        return {"generator": value, "discriminator": value} if single else value
