"""Who would provide a component that is not installed?

`registry.toml` as a model. It only ever advises: nothing here loads, imports or installs anything.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Literal

from srkit_core.resources import bundled
from srkit_core.specs import Kind


@dataclass(frozen=True)
class CatalogueEntry:
    """A component, or pretrained weights (the kind `weights`), that some published distribution
    provides.
    """

    kind: Kind | Literal["weights"]
    name: str
    distribution: str
    summary: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install {self.distribution}"


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return every entry of `registry.toml`, in the file's order."""
    document = tomllib.loads(bundled("registry.toml").read_text(encoding="utf-8"))
    return tuple(
        CatalogueEntry(
            kind=component["kind"],
            name=component["name"],
            distribution=distribution["name"],
            summary=component["summary"],
        )
        for distribution in document["distribution"]
        for component in distribution["components"]
    )


def providers(kind: str, name: str) -> tuple[CatalogueEntry, ...]:
    """Return the entries that would provide this component, named bare (`rrdb`) or full
    (`srkit-rrdb/rrdb`).
    """
    return tuple(
        entry
        for entry in catalogue()
        if entry.kind == kind and name in (entry.name, f"{entry.distribution}/{entry.name}")
    )
