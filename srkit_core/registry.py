"""Which components are installed, from where, and which plugins are broken?"""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from srkit_core import hooks
from srkit_core.catalogue import core_distributions
from srkit_core.errors import AmbiguousError, PluginError
from srkit_core.misses import OWN_DISTRIBUTION, WITHOUT_PACKAGE, miss, miss_of_others
from srkit_core.plugin_loading import LoadedPlugin, Problem, distribution_of, load_plugin
from srkit_core.reserved_names import distribution_fault
from srkit_core.spec_faults import check_specs
from srkit_core.specs import AnnouncedSpec, ComponentSpec, Kind, LayoutSpec, WeightsSpec

LIMIT_VARIABLE = "SRKIT_PLUGINS"
SpecT_co = TypeVar("SpecT_co", bound=AnnouncedSpec, covariant=True)


@dataclass(frozen=True)
class Installed(Generic[SpecT_co]):
    """Something that is installed: what it announced, and which distribution brought it."""

    spec: SpecT_co
    distribution: str
    version: str

    @property
    def name(self) -> str:
        """The name people write."""
        return self.spec.name

    @property
    def full_name(self) -> str:
        """The name that is never ambiguous: `srkit-rrdb/rrdb`."""
        return f"{self.distribution}/{self.name}"


InstalledT = TypeVar("InstalledT", bound=Installed[AnnouncedSpec])


@dataclass(frozen=True)
class Component(Installed[ComponentSpec]):
    """An installed component."""

    @property
    def kind(self) -> Kind:
        """Which of the five kinds it is."""
        return self.spec.kind


@dataclass(frozen=True)
class Registry:
    """Everything discovery found, sorted by kind, name and distribution.

    `others` are announcements of everything that is no component, such as weights; `loud` are
    plugins that printed when they were imported; `preferred` distributions settle a bare name.
    """

    components: tuple[Component, ...]
    others: tuple[Installed[AnnouncedSpec], ...] = ()
    problems: tuple[Problem, ...] = ()
    loud: tuple[LoadedPlugin, ...] = ()
    preferred: tuple[frozenset[str], ...] = ()

    @cached_property
    def weights(self) -> tuple[WeightsSpec, ...]:
        """Every pretrained network that is announced."""
        return tuple(one.spec for one in self.installed(WeightsSpec))

    @cached_property
    def layouts(self) -> tuple[LayoutSpec, ...]:
        """Every layout of files that is announced."""
        return tuple(one.spec for one in self.installed(LayoutSpec))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the distributions that announce something, by name."""
        every = sorted((*self.components, *self.others), key=lambda one: one.distribution)
        return {one.distribution: one.version for one in every}

    def with_components(self, *specs: AnnouncedSpec, distribution: str = "local") -> "Registry":
        """Return a registry that has more, without packaging: a network, loss, metric or callback
        of one's own. They take part wherever a registry is given.

        Raises PluginError when a spec is not sound, or the distribution has one of that name.
        """
        if fault := distribution_fault(distribution):
            raise PluginError(fault, hint="distribution='mine'")
        try:
            check_specs(specs)
        except PluginError as error:
            hint = "give it a name of its own and a factory that is keyword-only and typed"
            raise PluginError(error.message, hint=hint) from None
        added = [(spec, (distribution, WITHOUT_PACKAGE)) for spec in specs]
        there = {(one.spec.kind, one.full_name) for one in (*self.components, *self.others)}
        for spec in specs:
            if (spec.kind, f"{distribution}/{spec.name}") in there:
                fact = f"{spec.kind} '{distribution}/{spec.name}' is there already"
                raise PluginError(fact, hint="another name, or distribution='mine'")
        return replace(
            self,
            components=_sorted((*self.components, *_components(added))),
            others=_sorted((*self.others, *_others(added))),
        )

    def installed(self, cls: type[SpecT_co]) -> tuple[Installed[SpecT_co], ...]:
        """Return everything that was announced as a spec of that class."""
        found = (one for one in (*self.components, *self.others) if isinstance(one.spec, cls))
        return cast("tuple[Installed[SpecT_co], ...]", tuple(found))

    def knows(self, cls: type[AnnouncedSpec], name: str) -> bool:
        """Whether something of that class is installed under a name, bare or full."""
        return any(name in (one.name, one.full_name) for one in self.installed(cls))

    def one(self, cls: type[SpecT_co], name: str) -> Installed[SpecT_co]:
        """Return the one announcement of that class under that name, bare or full.

        Raises UnknownComponentError when nothing installed has it, AmbiguousError when several
        distributions announce the bare name.
        """
        every = self.installed(cls)
        named = [one for one in every if name in (one.name, one.full_name)]
        if found := self._the_one(cls.kind, name, named):
            return found
        known = [one.name for one in every]
        raise miss_of_others(cls.kind, name, known, self.versions, self.problems)

    def preferring(self, *distributions: Collection[str]) -> "Registry":
        """Return a registry in which a bare name that several distributions announce is that of the
        one of them that is in the first of these groups, else in the next: for what srkit wrote
        itself, or recorded with its versions.
        """
        return replace(self, preferred=tuple(map(frozenset, distributions)))

    def for_defaults(self, written: object, default: object) -> "Registry":
        """Return the registry to look names up in: for what a field has where nobody wrote
        anything, one in which a bare name is srkit's own, whatever else is installed.
        """
        return self.preferring(core_distributions()) if written == default else self

    def _the_one(self, kind: str, name: str, found: Sequence[InstalledT]) -> InstalledT | None:
        """Return what a name means, None for nothing; raises AmbiguousError for several."""
        for group in self.preferred if len(found) > 1 else ():
            preferred = [one for one in found if one.distribution in group]
            if len(preferred) == 1:
                return preferred[0]
        if len(found) > 1:
            candidates = [one.full_name for one in found]
            raise AmbiguousError(kind=kind, name=name, candidates=candidates)
        return found[0] if found else None

    def of_kind(self, kind: Kind) -> tuple[Component, ...]:
        """Return the components of one kind."""
        return tuple(component for component in self.components if component.kind == kind)

    def named(self, name: str) -> tuple[Component, ...]:
        """Return the components of any kind with this name, bare or full."""
        return tuple(
            component
            for component in self.components
            if name in (component.name, component.full_name)
        )

    def find(self, kind: Kind, name: str) -> Component:
        """Return the one component of that kind and name.

        Raises UnknownComponentError when nothing installed has the name, AmbiguousError when
        several distributions provide the bare name, PluginError when only a broken plugin would
        provide it.
        """
        every = (component for component in self.named(name) if component.kind == kind)
        if found := self._the_one(kind, name, list(every)):
            return found
        known = [(one.kind, one.name) for one in self.components]
        raise miss(kind, name, known, self.versions, self.problems)

    def pretrained(self, name: str) -> WeightsSpec:
        """Return the pretrained network of that name.

        One that several distributions announce with the same files is one. Raises
        UnknownComponentError and AmbiguousError as `one` does.
        """
        every = self.installed(WeightsSpec)
        found = [one for one in every if name in (one.name, one.full_name)]
        if len({one.spec.files for one in found}) == 1 and not self.preferred:
            return found[0].spec
        return self.one(WeightsSpec, name).spec


def discover(
    points: Iterable[EntryPoint] | None = None, *, limit: Sequence[str] | None = None
) -> Registry:
    """Load every plugin, each behind its own guard; a broken one becomes a `Problem`.

    `points` default to the installed entry points; `limit` (names of entry points or distributions;
    default: the comma-separated SRKIT_PLUGINS, without which everything is loaded) restricts which
    are imported. srkit's own components come through the same door and are always there.
    """
    found = list(entry_points(group=hooks.ENTRY_POINT_GROUP) if points is None else points)
    wanted = _limit_from_environment() if limit is None else tuple(limit)
    results = [load_plugin(point) for point in found if _is_wanted(point, wanted)]
    loaded = tuple(result for result in results if isinstance(result, LoadedPlugin))
    announced = [(spec, (one.distribution, one.version)) for one in loaded for spec in one.specs]
    return Registry(
        components=_sorted(_components(announced)),
        others=_sorted(_others(announced)),
        problems=tuple(
            [result for result in results if isinstance(result, Problem)] + _absent(found, wanted)
        ),
        loud=tuple(one for one in loaded if one.printed.strip()),
    )


def _components(announced: Iterable[tuple[AnnouncedSpec, tuple[str, str]]]) -> list[Component]:
    return [Component(spec, *home) for spec, home in announced if isinstance(spec, ComponentSpec)]


def _others(
    announced: Iterable[tuple[AnnouncedSpec, tuple[str, str]]],
) -> list[Installed[AnnouncedSpec]]:
    return [
        Installed(spec, *home) for spec, home in announced if not isinstance(spec, ComponentSpec)
    ]


def _sorted(found: Iterable[InstalledT]) -> tuple[InstalledT, ...]:
    return tuple(sorted(found, key=lambda one: (one.spec.kind, one.name, one.distribution)))


def _limit_from_environment() -> tuple[str, ...] | None:
    text = os.environ.get(LIMIT_VARIABLE)
    return None if text is None else tuple(filter(None, (name.strip() for name in text.split(","))))


def _is_wanted(point: EntryPoint, wanted: tuple[str, ...] | None) -> bool:
    if wanted is None or point.name in wanted:
        return True
    return distribution_of(point)[0] in (OWN_DISTRIBUTION, *wanted)


def _absent(found: list[EntryPoint], wanted: tuple[str, ...] | None) -> list[Problem]:
    if not wanted:
        return []
    known = {name for point in found for name in (point.name, distribution_of(point)[0])}
    return [
        Problem(name, name, "", f"{LIMIT_VARIABLE} names it, but it is not installed", "")
        for name in wanted
        if name not in known
    ]
