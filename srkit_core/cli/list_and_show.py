"""What is installed, and what can it be told?"""

import difflib
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

import typer

from srkit_core.cli.bare_install import bare_note
from srkit_core.cli.extension_report import (
    EXTENSION_KINDS,
    described_extensions,
    extensions_named,
    facts_of,
    printed_at_import,
)
from srkit_core.cli.output import say
from srkit_core.cli.render import JsonFlag, line_width, print_json, print_table, print_text
from srkit_core.errors import RecipeError, RegistryError, UnknownComponentError
from srkit_core.expressions import Call, parse_call
from srkit_core.misses import miss_of_others
from srkit_core.other_names import meant_by, written_alike
from srkit_core.registry import Registry, discover
from srkit_core.specs import KINDS, Kind

KindArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[KIND]",
        help=f"One of {', '.join(KINDS)}; or of {', '.join(EXTENSION_KINDS)}.",
    ),
]


def list_command(
    kind: KindArgument = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Add what the catalogue knows but is not installed.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the installed components, and plugins that are broken."""
    wanted = _checked(kind)
    registry = discover()
    rows = [facts_of(one) for one in registry.components if wanted in (None, one.kind)]
    others = [facts_of(one) for one in registry.others if wanted in (None, one.spec.kind)]
    missing = _missing(registry, wanted) if everything else []
    (others if wanted in EXTENSION_KINDS else rows).extend(missing)
    problems = [
        {"plugin": one.plugin, "distribution": one.distribution, "error": one.error}
        for one in registry.problems
    ]
    printed = printed_at_import(registry)
    if as_json:
        lists = {"components": rows, "others": others, "problems": problems, "printed": printed}
        print_json(lists)
        return
    notes = [_note("broken", one, one["error"]) for one in problems]
    notes += [_note("prints", one, f"when it is imported: {one['text']}") for one in printed]
    shown = [list(row.values())[:5] for row in rows + (others if wanted else []) + notes]
    headers = ["kind", "name", "distribution", "version", "summary"]
    if line_width() is None:
        print_table(headers, shown)
    else:
        _print_by_kind(headers, shown)
        _print_more(Counter(row["kind"] for row in others) if wanted is None else {})
    if note := bare_note(registry):
        say(note, err=True)


def _note(kind: str, one: dict[str, str], text: str) -> dict[str, str]:
    """Return the row of a plugin of which there is more to say than what it brings."""
    named = {"name": one["plugin"], "distribution": one["distribution"], "version": ""}
    return {"kind": kind, **named, "summary": text}


def _print_by_kind(headers: list[str], rows: list[list[str]]) -> None:
    """Print a table for each kind, as all in one leave no room for what a component does."""
    ordered = sorted(rows, key=lambda row: (row[0] in ("broken", "prints"), row[0]))
    for number, (kind, group) in enumerate(groupby(ordered, key=itemgetter(0))):
        say(*([""] if number else []), kind)
        cells = [row[1:] for row in group]
        bad = frozenset(range(len(cells)) if kind == "broken" else ())
        print_table(headers[1:], cells, bad=bad)


def _print_more(kinds: Mapping[str, int]) -> None:
    """Say which kinds have a list of their own, and how many are in it."""
    if kinds:
        shown = ", ".join(f"{kind} ({number})" for kind, number in kinds.items())
        say()
        print_text(f"also installed, srkit list KIND shows them: {shown}")


def show_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A component, such as rrdb, srkit-rrdb/rrdb or rrdb(blocks=6)."
        ),
    ],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only this kind, where a name has several.")
    ] = None,
    build: Annotated[
        bool, typer.Option("--build", help="Build it with these options, count its parameters.")
    ] = False,
    layers: Annotated[
        bool, typer.Option("--layers", help="Build it and count the parameters of each layer.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show a component's options, traits, source and licence, or what else a plugin brings."""
    from srkit_core.cli.component_report import print_described

    shown = _described(discover(), name, _checked(kind), build=build or layers, layers=layers)
    if as_json:
        print_json(shown[0] if len(shown) == 1 else shown)
        return
    for one in shown:
        print_described(one)


def _described(
    registry: Registry, name: str, kind: str | None, *, build: bool, layers: bool
) -> list[dict[str, Any]]:
    """Describe what has a name: components, or else what is none."""
    from srkit_core.cli.component_report import described

    whole = extensions_named(registry, name, kind)  # names of files may hold dots
    call = Call(name) if whole else parse_call(name)
    found = [one for one in registry.named(call.name) if kind in (None, one.kind)]
    if found:
        return described(registry, found, call, build=build, layers=layers)
    others = extensions_named(registry, call.name, kind)
    if others:
        return described_extensions(others, call)
    if kind in EXTENSION_KINDS:
        known = [one.name for one in registry.others if one.spec.kind == kind]
        raise miss_of_others(kind, call.name, known, registry.versions, registry.problems)
    missed = _miss(registry, _component_kind(kind), call.name)
    missed.message += _published(_component_kind(kind), call.name)
    raise missed


def _component_kind(kind: str | None) -> Kind | None:
    return next((known for known in KINDS if known == kind), None)


def _checked(kind: str | None) -> str | None:
    if kind is None or kind in (*KINDS, *EXTENSION_KINDS):
        return kind
    nearest = difflib.get_close_matches(kind, [*KINDS, *EXTENSION_KINDS], n=1, cutoff=0.4)
    raise RecipeError(
        f"there is no kind '{kind}'; kinds are {', '.join((*KINDS, *EXTENSION_KINDS))}",
        hint=f"srkit list {nearest[0]}" if nearest else "srkit list",
    )


def _missing(registry: Registry, kind: str | None) -> list[dict[str, str]]:
    """Return what the catalogue knows and is not installed, with how far it can be trusted."""
    from srkit_core.catalogue import catalogue

    installed = (*registry.components, *registry.others)
    there = {(str(one.spec.kind), one.distribution, one.name) for one in installed}
    return [
        {
            "kind": entry.kind,
            "name": entry.name,
            "distribution": entry.distribution,
            "version": "",
            "summary": f"{entry.summary}; {entry.advice or entry.home.standing}",
            "tier": entry.home.tier,
            "licence": entry.licence or entry.home.licence,
            "yanked": entry.home.yanked,
        }
        for entry in catalogue()
        if kind in (None, entry.kind) and (entry.kind, entry.distribution, entry.name) not in there
    ]


def _published(kind: Kind | None, name: str) -> str:
    """Say what the catalogue knows of a name that is not installed."""
    from srkit_core.catalogue import providers

    found = next((one for of in KINDS if kind in (None, of) for one in providers(of, name)), None)
    if found is None:
        return ""
    return (
        f"; {found.distribution} has it: {found.summary} ({found.home.standing}, licence "
        f"{found.home.licence})"
    )


def _miss(registry: Registry, kind: Kind | None, name: str) -> RegistryError:
    """Let the registry say what is near, for the kind that knows most about the name."""
    misses = [_miss_of(registry, one, name) for one in ([kind] if kind else KINDS)]
    helpful = [error for error in misses if not _knows_nothing(error)]
    sure = [error for error in helpful if not _is_guess(error, name)]
    found = (sure or helpful or misses)[0]
    of_every_kind = len(helpful) in (0, len(misses)) and len({one.hint for one in helpful}) < 2
    if kind is None and of_every_kind:
        found.message = found.message.replace(f"no {KINDS[0]} named", "nothing named", 1)
        found.hint = found.hint if helpful else "srkit list --all"
    return found


def _miss_of(registry: Registry, kind: Kind, name: str) -> RegistryError:
    try:
        registry.find(kind, name)
    except RegistryError as error:
        return error
    raise AssertionError(f"there is a {kind} {name}")


def _knows_nothing(error: RegistryError) -> bool:
    bare = isinstance(error, UnknownComponentError) and not error.nearest
    return bare and not error.hint.startswith("pip")


def _is_guess(error: RegistryError, name: str) -> bool:
    """Whether a name was only written alike, and is none that people give to a component."""
    if not isinstance(error, UnknownComponentError) or not error.nearest:
        return False
    return error.nearest[0] in written_alike(name, error.nearest) and not any(
        one in meant_by(kind, name) for kind in KINDS for one in error.nearest
    )
