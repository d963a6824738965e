"""What does a new plugin of this kind and name hold?"""

import re
from dataclasses import dataclass
from importlib.metadata import requires, version
from typing import Final

from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.scaffold.plugin_names import PluginNames
from srkit_core.scaffold.template_files import TemplateFacts, plugin_files, read_facts

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class NewPlugin:
    """The files of a plugin by their paths, and what its templates say of themselves."""

    facts: TemplateFacts
    files: dict[str, bytes]


def new_plugin(
    template: str, names: PluginNames, *, licence: str, year: int, alone: bool
) -> NewPlugin:
    """Fill the templates of a kind; `alone` says that nobody else has something of that name."""
    values = {
        "name": names.name,
        "reference": names.name if alone else names.full_name,
        "distribution": names.distribution,
        "package": names.package,
        "identifier": names.identifier,
        "licence": licence,
        "year": str(year),
        "srkit": version(OWN_DISTRIBUTION),
    }
    facts = read_facts(template, values)
    needed = [_requirement(one) for one in (OWN_DISTRIBUTION, *facts.dependencies)]
    described = {
        name: getattr(facts, name) for name in ("kind", "summary", "work", "use", "develop")
    }
    dependencies = ", ".join(f'"{one}"' for one in needed)
    return NewPlugin(
        facts, plugin_files(template, values | described | {"dependencies": dependencies})
    )


def _requirement(distribution: str) -> str:
    """Return a requirement as srkit itself has it, or of the version that srkit has."""
    for one in requires(OWN_DISTRIBUTION) or ():
        found = _NAME.match(one)
        if found and found[0] == distribution and ";" not in one:
            return one
    return f"{distribution}>={version(OWN_DISTRIBUTION)}"
