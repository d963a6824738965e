"""Which components are installed, from where, and which plugins are broken?"""

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from srkit_core import hooks
from srkit_core.catalogue import CatalogueEntry, providers
from srkit_core.errors import AmbiguousError, PluginError, UnknownComponentError
from srkit_core.other_names import PROVIDED_BY_NOTHING, meant_by, near_names, plain
from srkit_core.plugin_loading import LoadedPlugin, Problem, distribution_of, load_plugin
from srkit_core.spec_faults import check_specs
from srkit_core.specs import AnnouncedSpec, ComponentSpec, Kind, LayoutSpec, WeightsSpec

OWN_DISTRIBUTION = "srkit"
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
    plugins that printed when they were imported.
    """

    components: tuple[Component, ...]
    others: tuple[Installed[AnnouncedSpec], ...] = ()
    problems: tuple[Problem, ...] = ()
    loud: tuple[LoadedPlugin, ...] = ()

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
        """Versions of the distributions that provide components, by name."""
        return {component.distribution: component.version for component in self.components}

    def with_components(self, *specs: AnnouncedSpec, distribution: str = "local") -> "Registry":
        """Return a registry that has more, without packaging: a network, loss, metric or callback
        of one's own. They take part wherever a registry is given.

        Raises PluginError when a spec is not sound, or the distribution has one of that name.
        """
        try:
            check_specs(specs)
        except PluginError as error:
            hint = "give it a name of its own and a factory that is keyword-only and typed"
            raise PluginError(error.message, hint=hint) from None
        added = [(spec, (distribution, "0")) for spec in specs]
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
        found = [one for one in every if name in (one.name, one.full_name)]
        if len(found) == 1:
            return found[0]
        if found:
            candidates = [one.full_name for one in found]
            raise AmbiguousError(kind=cls.kind, name=name, candidates=candidates)
        nearest = difflib.get_close_matches(name, [one.name for one in every], n=3)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"srkit list {cls.kind}"
        raise UnknownComponentError(
            f"no {cls.kind} named '{name}' is installed",
            kind=cls.kind,
            name=name,
            nearest=nearest,
            hint=hint,
        )

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
        found = [component for component in self.named(name) if component.kind == kind]
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousError(
                kind=kind, name=name, candidates=[component.full_name for component in found]
            )
        raise self._miss(kind, name)

    def pretrained(self, name: str) -> WeightsSpec:
        """Return the pretrained network of that name.

        One that several distributions announce with the same files is one. Raises
        UnknownComponentError when nothing installed announces it, AmbiguousError when several
        announce different ones.
        """
        every = self.installed(WeightsSpec)
        found = [one for one in every if name in (one.name, one.full_name)]
        if len({one.spec.files for one in found}) > 1:
            candidates = [one.full_name for one in found]
            raise AmbiguousError(kind="weights", name=name, candidates=candidates)
        if found:
            return found[0].spec
        nearest = difflib.get_close_matches(
            name, [spec.name for spec in self.weights], n=3, cutoff=0.6
        )
        offers = providers("weights", name)
        hint = offers[0].install if offers else (" or ".join(nearest) or "srkit weights list")
        raise UnknownComponentError(
            f"there are no pretrained weights named '{name}'",
            kind="weights",
            name=name,
            nearest=nearest,
            hint=hint,
        )

    def _miss(self, kind: Kind, name: str) -> PluginError | UnknownComponentError:
        offers = _offers(kind, name)
        bare = name.rpartition("/")[2]
        homes = {offer.distribution for offer in offers} | {name.rpartition("/")[0]}
        homes |= {f"{OWN_DISTRIBUTION}-{bare}"}
        broken = [
            problem
            for problem in self.problems
            if problem.distribution in homes or problem.plugin == bare
        ]
        if broken:
            return PluginError(
                f"{kind} '{name}' is in {broken[0].distribution}, which is broken: "
                f"{broken[0].error}",
                hint="srkit doctor",
            )
        nearest = near_names(kind, name, [component.name for component in self.of_kind(kind)])
        hint = offers[0].install if offers and not nearest else _advice(kind, nearest)
        return UnknownComponentError(
            f"no {kind} named '{name}' is installed{self._elsewhere(kind, name)}",
            kind=kind,
            name=name,
            nearest=nearest,
            hint=hint,
        )

    def _elsewhere(self, kind: Kind, name: str) -> str:
        others = sorted(
            {one.kind for one in self.components if plain(one.name) == plain(name)} - {kind}
        )
        if others:
            return f" (there is a {' and a '.join(others)} of that name)"
        if plain(name) in PROVIDED_BY_NOTHING:
            return ", and nothing that srkit's catalogue knows provides it"
        broken = ", ".join(dict.fromkeys(problem.distribution for problem in self.problems))
        return f"; what {broken} would bring is unknown, because it is broken" if broken else ""


def _offers(kind: Kind, name: str) -> list[CatalogueEntry]:
    """Return who would provide a component by its name, or by what people call it."""
    names = (name, *meant_by(kind, name))
    return [offer for one in names for offer in providers(kind, one)]


def _advice(kind: Kind, nearest: Sequence[str]) -> str:
    return (
        f"{' or '.join(nearest)} (srkit list {kind} shows all)"
        if nearest
        else f"srkit list {kind} --all"
    )


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
    distribution = distribution_of(point)[0]
    return (
        wanted is None
        or distribution == OWN_DISTRIBUTION
        or point.name in wanted
        or distribution in wanted
    )


def _absent(found: list[EntryPoint], wanted: tuple[str, ...] | None) -> list[Problem]:
    known = {name for point in found for name in (point.name, distribution_of(point)[0])}
    return [
        Problem(name, name, "", f"{LIMIT_VARIABLE} names it, but it is not installed", "")
        for name in wanted or ()
        if name not in known
    ]
