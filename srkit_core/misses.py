"""What is said of a name that nothing installed has?"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

from srkit_core.catalogue import CatalogueEntry, install_line, providers, withdrawn
from srkit_core.errors import PluginError, UnknownComponentError
from srkit_core.other_names import OTHER_NAMES, PROVIDED_BY_NOTHING, meant_by, near_names, plain
from srkit_core.plugin_loading import Problem
from srkit_core.specs import Kind

OWN_DISTRIBUTION = "srkit"
WITHOUT_PACKAGE = "0"
"""The version of what was announced by `Registry.with_components` and not by a distribution."""

_LISTED: Final = {"weights": "srkit weights list", "recipe": "srkit recipes"}
"""Which command lists what is no component."""

Known = Sequence[tuple[str, str]]
"""Kinds and names of what is installed."""


def miss(
    kind: Kind, name: str, known: Known, versions: Mapping[str, str], problems: Sequence[Problem]
) -> PluginError | UnknownComponentError:
    """Return the error of a component that is not installed: whose it would be, what is near, and
    what to do.
    """
    if broken := _broken(kind, name, problems):
        return broken
    own = [one for of, one in known if of == kind]
    if missing := _of_distribution(kind, name, own, versions):
        return missing
    nearest = near_names(kind, name, own)
    offers = _offers(kind, name)
    advice = offers[0].advice if offers and not nearest else _advice(kind, nearest)
    elsewhere = _withdrawn(kind, name) or _elsewhere(kind, name, known, problems)
    return _unknown(kind, name, elsewhere, nearest, advice)


def miss_of_others(
    kind: str,
    name: str,
    known: Sequence[str],
    versions: Mapping[str, str],
    problems: Sequence[Problem],
) -> PluginError | UnknownComponentError:
    """Return the error of something that is no component, such as a schedule or a command."""
    if broken := _broken(kind, name, problems):
        return broken
    may_be_path = kind in _LISTED
    if not may_be_path and (missing := _of_distribution(kind, name, known, versions)):
        return missing
    nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    offers = providers(kind, name)
    near = f"did you mean '{nearest[0]}'?" if nearest else _LISTED.get(kind, "srkit list")
    advice = offers[0].advice if offers else near
    return _unknown(kind, name, _withdrawn(kind, name), nearest, advice)


def with_maker(
    error: UnknownComponentError, what: object, versions: Mapping[str, str]
) -> UnknownComponentError:
    """Return the error of a file whose maker is not installed, with the distribution and version
    that it was made with.
    """
    home = error.name.rpartition("/")[0]
    version = versions.get(home)
    if version is None:
        return error
    made = f"{error.kind} '{error.name}' of {what} is not installed; made with {home} {version}"
    if version == WITHOUT_PACKAGE:
        fact = f"{error.kind} '{error.name}' of {what} was announced in a script, not by a plugin"
        hint = "load it there, with registry=discover().with_components(...)"
        return _unknown_as(error, fact, hint)
    return _unknown_as(error, made, install_line(home))


def _unknown_as(error: UnknownComponentError, fact: str, hint: str) -> UnknownComponentError:
    return UnknownComponentError(
        fact, kind=error.kind, name=error.name, nearest=error.nearest, hint=hint
    )


def _unknown(
    kind: str, name: str, more: str, nearest: Sequence[str], hint: str
) -> UnknownComponentError:
    no, are = ("pretrained weights", "are") if kind == "weights" else (kind, "is")
    fact = f"no {no} named '{name}' {are} installed{more}"
    return UnknownComponentError(fact, kind=kind, name=name, nearest=nearest, hint=hint)


def _broken(kind: str, name: str, problems: Sequence[Problem]) -> PluginError | None:
    """Return the error of what a broken plugin would bring, as far as that is known."""
    home, _, bare = name.rpartition("/")
    homes = {home, f"{OWN_DISTRIBUTION}-{bare}"}
    homes |= {offer.distribution for offer in _offers(kind, name)} if not home else set()
    broken = [one for one in problems if one.distribution in homes or one.plugin == bare]
    if not broken or (home and broken[0].distribution != home):
        return None
    fact = f"{kind} '{name}' is in {broken[0].distribution}, which is broken: {broken[0].error}"
    return PluginError(fact, hint="srkit doctor")


def _of_distribution(
    kind: str, name: str, own: Sequence[str], versions: Mapping[str, str]
) -> UnknownComponentError | None:
    """Return the error of a full name, which says whose it is."""
    home, _, bare = name.rpartition("/")
    if not home:
        return None
    if home not in versions:
        return _unknown(kind, name, f": the distribution {home} is not", (), install_line(home))
    nearest = difflib.get_close_matches(bare, own, n=3, cutoff=0.6)
    more = f": {home} {versions[home]} does not have it"
    return _unknown(kind, name, more, nearest, _advice(kind, nearest))


def _withdrawn(kind: str, name: str) -> str:
    gone = withdrawn(kind, name)
    if not gone:
        return ""
    return f"; {gone[0].distribution} had it and was withdrawn: {gone[0].home.yanked}"


def _elsewhere(kind: Kind, name: str, known: Known, problems: Sequence[Problem]) -> str:
    others = sorted({of for of, one in known if plain(one) == plain(name)} - {kind})
    if others:
        return f" (there is a {' and a '.join(others)} of that name)"
    if plain(name) in PROVIDED_BY_NOTHING and not _offers(kind, name):
        return ", and nothing that srkit's catalogue knows provides it"
    broken = ", ".join(dict.fromkeys(problem.distribution for problem in problems))
    return f"; what {broken} would bring is unknown, because it is broken" if broken else ""


def _offers(kind: str, name: str) -> list[CatalogueEntry]:
    """Return who would provide something by its name, or by what people call it."""
    meant = next((meant_by(one, name) for one in OTHER_NAMES if one == kind), ())
    return [offer for one in (name, *meant) for offer in providers(kind, one)]


def _advice(kind: str, nearest: Sequence[str]) -> str:
    if nearest:
        return f"{' or '.join(nearest)} (srkit list {kind} shows all)"
    return f"srkit list {kind} --all"
