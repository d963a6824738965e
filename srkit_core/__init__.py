"""srkit: a plugin-based toolkit for image super-resolution. These are the names that need no torch."""

from importlib.metadata import version

from srkit_core.errors import SrkitError
from srkit_core.plan import Plan, plan
from srkit_core.recipe import Recipe, Stage, read_recipe
from srkit_core.registry import Registry, discover

__version__ = version("srkit")
__all__ = ["Plan", "Recipe", "Registry", "SrkitError", "Stage", "__version__", "discover", "plan", "read_recipe"]
