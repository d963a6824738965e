"""What is a new plugin called in its files, and may it be called so?"""

import builtins
import importlib.util
import keyword
import re
from dataclasses import dataclass
from typing import Final

from srkit_core.errors import RecipeError
from srkit_core.reserved_names import name_fault

PREFIX: Final = "srkit-"
_LONGEST: Final = 40
"""Letters of a name beyond which lines of the templates are longer than a line may be."""

_MODULES: Final = frozenset(("model", "loss", "metric", "degradation", "hookimpl"))
"""Names that the templates give to other things of the package: a factory of such a name would be
overwritten, or overwrite them.
"""


@dataclass(frozen=True)
class PluginNames:
    """The name of what a plugin brings, as people type it, and what follows from it."""

    name: str

    @property
    def distribution(self) -> str:
        """What is installed: `srkit-my-loss`, in the spelling of package indexes (PEP 503)."""
        return PREFIX + re.sub(r"[-_.]+", "-", self.name).lower()

    @property
    def package(self) -> str:
        """What is imported: `srkit_my_loss`."""
        return self.distribution.replace("-", "_")

    @property
    def identifier(self) -> str:
        """What the factory is called: `my_loss`."""
        return self.package.removeprefix(PREFIX.replace("-", "_"))

    @property
    def full_name(self) -> str:
        """What people write where a name is provided more than once: `srkit-my-loss/my-loss`."""
        return f"{self.distribution}/{self.name}"


def check_plugin_name(kind: str, name: str) -> PluginNames:
    """Return what follows from a name.

    Raises RecipeError when a plugin cannot have it, or its package is there already.
    """
    names = PluginNames(name)
    fault = _fault(kind, names)
    if fault:
        raise RecipeError(
            f"a {kind} cannot be named '{name}': {fault}",
            hint=f"another name: srkit plugin new my-{kind} --kind {kind}",
        )
    if importlib.util.find_spec(names.package):
        raise RecipeError(
            f"'{name}' would be the package {names.package}, which is installed already",
            hint=f"another name, or pip uninstall {names.distribution}",
        )
    return names


def _fault(kind: str, names: PluginNames) -> str | None:
    name, word = names.name, names.identifier
    fault = name_fault(kind, name) or name_fault("generator", name)
    if fault:
        return fault
    if name.casefold().startswith(PREFIX):
        return f"srkit adds '{PREFIX}' itself; leave it out"
    if name[-1] in "-_":
        return "it ends in a sign, which no distribution may"
    if len(name) > _LONGEST:
        return f"it has {len(name)} letters, and may have {_LONGEST}"
    if keyword.iskeyword(word) or hasattr(builtins, word):
        return f"'{word}' is a word of Python"
    return f"its package has another '{word}'" if word in _MODULES else None
