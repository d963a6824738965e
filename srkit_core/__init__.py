"""srkit: a plugin-based toolkit for image super-resolution. These are the names that need no torch.

Each is imported when it is first asked for: building the models of recipes takes longer than all of
`srkit list`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srkit_core.errors import SrkitError
    from srkit_core.plan import Plan
    from srkit_core.recipe import Recipe, Stage
    from srkit_core.recipe_files import read_recipe
    from srkit_core.registry import Registry, discover

    __version__: str

__all__ = [
    "Plan",
    "Recipe",
    "Registry",
    "SrkitError",
    "Stage",
    "__version__",
    "discover",
    "read_recipe",
]

_HOMES = {
    "Plan": "plan",
    "Recipe": "recipe",
    "Registry": "registry",
    "SrkitError": "errors",
    "Stage": "recipe",
    "discover": "registry",
    "read_recipe": "recipe_files",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("srkit")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
