"""Who would provide a component that is not installed?

`registry.toml` as a model. It only ever advises: nothing here loads, imports or installs anything.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Literal

from srkit_core.errors import RegistryError
from srkit_core.field_bounds import AtLeast, NotNegative, OneLine
from srkit_core.field_types import field_faults
from srkit_core.reserved_names import distribution_fault, name_fault
from srkit_core.resources import bundled

Tier = Literal["core", "verified", "community"]

TIERS: Final[Mapping[Tier, str]] = {
    "core": "released with srkit",
    "verified": "its author's; checked with `srkit plugin check` for the catalogue",
    "community": "its author's; nobody of srkit has reviewed it",
}
"""What is known of who made a distribution, from the nearest to the farthest."""


@dataclass(frozen=True, kw_only=True)
class LastCheck:
    """When `srkit plugin check` was last run on a distribution, with which srkit, and how it
    ended.
    """

    date: date
    srkit: OneLine
    result: Literal["passed", "failed"]


@dataclass(frozen=True, kw_only=True)
class Provided:
    """What a distribution provides: a component or anything else that is announced under a name;
    `licence` is given for weights, which may have another than the code.
    """

    kind: OneLine
    name: OneLine
    summary: OneLine
    licence: OneLine = ""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A published distribution: `licence` is that of its code, `interface` the oldest and the
    newest interface that its announcements were written for, `yanked` why nobody should install
    it any more (nothing: they may).
    """

    name: OneLine
    tier: Tier
    licence: OneLine
    interface: tuple[NotNegative, NotNegative] = (1, 1)
    checked: LastCheck | None = None
    yanked: OneLine = ""
    components: Annotated[tuple[Provided, ...], AtLeast(1)] = field(default=())

    @property
    def standing(self) -> str:
        """Say how far it can be trusted, in a few words."""
        if self.yanked:
            return f"withdrawn: {self.yanked}"
        return f"{self.tier}: {TIERS[self.tier]}"


@dataclass(frozen=True)
class CatalogueEntry:
    """Something that a published distribution provides."""

    kind: str
    name: str
    distribution: str
    summary: str
    home: Distribution
    licence: str = ""

    @property
    def install(self) -> str:
        """The command that installs it; of what was withdrawn, none."""
        return "" if self.home.yanked else f"pip install {self.distribution}"

    @property
    def advice(self) -> str:
        """The command that installs it, and a warning where nobody has reviewed it."""
        return install_line(self.distribution)


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return every entry of `registry.toml`, in the file's order."""
    return parse_catalogue(bundled("registry.toml").read_text(encoding="utf-8"))


@cache
def distributions() -> dict[str, Distribution]:
    """Return every distribution of `registry.toml`, by its name."""
    return {entry.distribution: entry.home for entry in catalogue()}


@cache
def core_distributions() -> frozenset[str]:
    """Return the distributions that are released with srkit."""
    return frozenset(name for name, home in distributions().items() if home.tier == "core")


def providers(kind: str, name: str) -> tuple[CatalogueEntry, ...]:
    """Return the entries that would provide this, named bare (`rrdb`) or full (`srkit-rrdb/rrdb`);
    what was withdrawn is not among them.
    """
    return tuple(
        entry
        for entry in catalogue()
        if entry.kind == kind
        and name in (entry.name, f"{entry.distribution}/{entry.name}")
        and not entry.home.yanked
    )


def withdrawn(kind: str, name: str) -> tuple[CatalogueEntry, ...]:
    """Return the entries that did provide this, and were withdrawn."""
    return tuple(
        entry
        for entry in catalogue()
        if entry.kind == kind
        and name in (entry.name, f"{entry.distribution}/{entry.name}")
        and entry.home.yanked
    )


def install_line(distribution: str) -> str:
    """Return how to install a distribution, and what is known of it; of a withdrawn one, that it is
    not to be installed.
    """
    home, line = distributions().get(distribution), f"pip install {distribution}"
    if home is None:
        return f"{line} (srkit's catalogue does not know it: look at it first)"
    if home.yanked:
        return f"nothing: {distribution} was withdrawn ({home.yanked})"
    unreviewed = " (community: nobody of srkit has reviewed it)"
    return f"{line}{unreviewed if home.tier == 'community' else ''}"


def parse_catalogue(text: str) -> tuple[CatalogueEntry, ...]:
    """Read a catalogue; nothing that it names is imported.

    Raises RegistryError with everything that is wrong with it.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged([f"it is not TOML: {error}"]) from None
    tables = document.get("distribution", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise _damaged(["distribution is no list of tables"])
    faults = [f"there is a table '{name}'" for name in document if name != "distribution"]
    homes = [_read(Distribution, table, faults) for table in tables]
    sound = [home for home in homes if home is not None]
    faults += [fault for home in sound for fault in _faults_of(home)]
    names = [home.name for home in sound]
    faults += [f"{name} is there twice" for name in {*names} if names.count(name) > 1]
    if faults:
        raise _damaged(faults)
    return tuple(
        CatalogueEntry(one.kind, one.name, home.name, one.summary, home, one.licence)
        for home in sound
        for one in home.components
    )


_TABLES: Final[Mapping[str, type]] = {"checked": LastCheck, "components": Provided}


def _read(cls: type, table: Mapping[str, Any], faults: list[str]) -> Any:
    """Return a table as a dataclass; None, with its faults told, where it is none."""
    named = f"{cls.__name__.lower()} '{str(table.get('name', '?'))[:80]}'"
    own = {one.name: one for one in fields(cls)}
    unknown = [name for name in table if name not in own]
    try:
        made = cls(**{name: _value(name, one, faults) for name, one in table.items()})
    except TypeError:
        missing = [name for name, one in own.items() if name not in table and _is_needed(one)]
        faults += [f"{named} has a field '{name}'" for name in unknown]
        faults += [f"{named} has no {name}" for name in missing]
        return None
    found = [f"{named}: {fault}" for fault in field_faults(made)]
    faults += found
    return None if found else made


def _value(name: str, value: Any, faults: list[str]) -> Any:
    if name in _TABLES and isinstance(value, dict):
        return _read(_TABLES[name], value, faults)
    if isinstance(value, list):
        return tuple(_value(name, one, faults) for one in value)
    return value


def _is_needed(one: Any) -> bool:
    return one.default is one.default_factory  # both are MISSING


def _faults_of(home: Distribution) -> Iterator[str]:
    if fault := distribution_fault(home.name):
        yield fault
    for one in home.components:
        if fault := name_fault(one.kind, one.name):
            yield f"{home.name}, {one.kind} {one.name!r}: {fault}"
    oldest, newest = home.interface
    if oldest > newest:
        yield f"{home.name}: interface is oldest, then newest, not [{oldest}, {newest}]"


def _damaged(faults: list[str]) -> RegistryError:
    listed = "; ".join(faults)
    return RegistryError(f"the catalogue cannot be used: {listed}", hint="install srkit again")
