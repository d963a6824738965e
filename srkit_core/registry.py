"""Which components are installed, from where, and which plugins are broken?"""

import difflib
import os
import re
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import pluggy

from srkit_core import hooks
from srkit_core.catalogue import CatalogueEntry, providers
from srkit_core.errors import AmbiguousError, PluginError, UnknownComponentError
from srkit_core.interfaces import INTERFACE_VERSION
from srkit_core.options import check_signature
from srkit_core.other_names import PROVIDED_BY_NOTHING, meant_by, near_names, plain
from srkit_core.reserved_names import name_fault
from srkit_core.specs import Announced, ComponentSpec, Kind, LayoutSpec, WeightsSpec

OWN_DISTRIBUTION = "srkit"
LIMIT_VARIABLE = "SRKIT_PLUGINS"
NamedT = TypeVar("NamedT", WeightsSpec, LayoutSpec)


@dataclass(frozen=True)
class Component:
    """An installed component: what it announced, and which distribution brought it."""

    spec: ComponentSpec
    distribution: str
    version: str

    @property
    def kind(self) -> Kind:
        """Which of the five kinds it is."""
        return self.spec.kind

    @property
    def name(self) -> str:
        """The name people write."""
        return self.spec.name

    @property
    def full_name(self) -> str:
        """The name that is never ambiguous: `srkit-rrdb/rrdb`."""
        return f"{self.distribution}/{self.name}"


@dataclass(frozen=True)
class Problem:
    """A plugin that is installed but could not be used; nobody else notices."""

    plugin: str
    distribution: str
    version: str
    error: str
    traceback: str


@dataclass(frozen=True)
class Registry:
    """Everything discovery found, components sorted by kind, name and distribution, the rest by
    name.
    """

    components: tuple[Component, ...]
    weights: tuple[WeightsSpec, ...] = ()
    layouts: tuple[LayoutSpec, ...] = ()
    problems: tuple[Problem, ...] = ()

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of the distributions that provide components, by name."""
        return {component.distribution: component.version for component in self.components}

    def with_components(self, *specs: ComponentSpec, distribution: str = "local") -> "Registry":
        """Return a registry that has further components, without packaging: a network, loss or
        metric of one's own. They take part wherever a registry is given.

        Raises PluginError when a spec is not sound, or the distribution has one of that name.
        """
        try:
            _check_specs(specs)
        except PluginError as error:
            hint = "give it a name of its own and a factory that is keyword-only and typed"
            raise PluginError(error.message, hint=hint) from None
        added = tuple(Component(spec, distribution, "0") for spec in specs)
        there = {(one.kind, one.full_name) for one in self.components}
        twice = next((one for one in added if (one.kind, one.full_name) in there), None)
        if twice is not None:
            fact = f"{twice.kind} '{twice.full_name}' is there already"
            raise PluginError(fact, hint="another name, or distribution='mine'")
        return replace(self, components=_sorted((*self.components, *added)))

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

        Raises UnknownComponentError when nothing installed announces it.
        """
        found = [spec for spec in self.weights if spec.name == name]
        if len(found) > 1:
            raise PluginError(
                f"pretrained weights '{name}' are announced by several plugins",
                hint="srkit doctor; uninstall one of them",
            )
        if found:
            return found[0]
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
    results = [_load(point) for point in found if _is_wanted(point, wanted)]
    good = [result for result in results if not isinstance(result, Problem)]
    announced = [(spec, home) for specs, home in good for spec in specs]
    components = [
        Component(spec, *home) for spec, home in announced if isinstance(spec, ComponentSpec)
    ]
    return Registry(
        components=_sorted(components),
        weights=_of_class(WeightsSpec, announced),
        layouts=_of_class(LayoutSpec, announced),
        problems=tuple(
            [result for result in results if isinstance(result, Problem)] + _absent(found, wanted)
        ),
    )


def _sorted(components: Iterable[Component]) -> tuple[Component, ...]:
    return tuple(sorted(components, key=lambda one: (one.kind, one.name, one.distribution)))


def _of_class(
    cls: type[NamedT], announced: Iterable[tuple[Announced, object]]
) -> tuple[NamedT, ...]:
    found = [spec for spec, _ in announced if isinstance(spec, cls)]
    return tuple(sorted(found, key=lambda spec: spec.name))


def _limit_from_environment() -> tuple[str, ...] | None:
    text = os.environ.get(LIMIT_VARIABLE)
    return None if text is None else tuple(filter(None, (name.strip() for name in text.split(","))))


def _is_wanted(point: EntryPoint, wanted: tuple[str, ...] | None) -> bool:
    distribution = _distribution(point)[0]
    return (
        wanted is None
        or distribution == OWN_DISTRIBUTION
        or point.name in wanted
        or distribution in wanted
    )


def _absent(found: list[EntryPoint], wanted: tuple[str, ...] | None) -> list[Problem]:
    known = {name for point in found for name in (point.name, _distribution(point)[0])}
    return [
        Problem(name, name, "", f"{LIMIT_VARIABLE} names it, but it is not installed", "")
        for name in wanted or ()
        if name not in known
    ]


def _distribution(point: EntryPoint) -> tuple[str, str]:
    """Return name and version, the name in the one spelling that installers, catalogue and
    expressions share (PEP 503).
    """
    return (
        (re.sub(r"[-_.]+", "-", point.dist.name).lower(), point.dist.version)
        if point.dist
        else ("unknown", "0")
    )


def _load(point: EntryPoint) -> tuple[list[Announced], tuple[str, str]] | Problem:
    """Import one plugin and take what it announces: all of it or nothing."""
    distribution, version = _distribution(point)
    try:
        return _announced(point), (distribution, version)
    except (Exception, SystemExit) as error:
        first_line = (str(error).strip().splitlines() or [""])[0]
        return Problem(
            point.name,
            distribution,
            version,
            f"{type(error).__name__}: {first_line}",
            traceback.format_exc(),
        )


def _announced(point: EntryPoint) -> list[Announced]:
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    try:
        manager.register(point.load(), name=point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(
            str(error).splitlines()[-1], hint="srkit_components() takes no arguments"
        ) from error
    specs = [spec for announced in manager.hook.srkit_components() for spec in announced]
    if not specs:
        raise PluginError("it announces nothing", hint=f"implement {hooks.PROJECT}_components")
    _check_specs(specs)
    return specs


def _check_specs(specs: Sequence[object]) -> None:
    seen = set[tuple[str, str]]()
    for spec in specs:
        if not isinstance(spec, Announced) or type(spec) is ComponentSpec:
            raise PluginError(
                f"it announces {spec!r}, which is not a spec",
                hint="return specs from srkit_components()",
            )
        kind = _kind(spec)
        fault = "it is announced twice" if (kind, spec.name) in seen else _fault(kind, spec)
        if fault:
            raise PluginError(f"{kind} '{spec.name}': {fault}", hint="srkit list")
        seen.add((kind, spec.name))


def _kind(spec: Announced) -> str:
    if isinstance(spec, ComponentSpec):
        return spec.kind
    return "weights" if isinstance(spec, WeightsSpec) else "layout"


def _fault(kind: str, spec: Announced) -> str | None:
    fault = name_fault(kind, spec.name)
    if fault or not isinstance(spec, ComponentSpec):
        return fault
    if spec.interface != INTERFACE_VERSION:
        return f"it was written for interface {spec.interface}, this srkit has {INTERFACE_VERSION}"
    return check_signature(spec.factory)
