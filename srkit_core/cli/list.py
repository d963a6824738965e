"""What is installed?"""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Annotated

import typer

from srkit_core.cli import own_process
from srkit_core.cli.kinds import EXTENSION_KINDS, checked_kind
from srkit_core.cli.list_cache import ListCache
from srkit_core.cli.listing import Facts, InstalledList, installed_listing
from srkit_core.cli.output import say
from srkit_core.cli.render import JsonFlag, line_width, print_json, print_table, print_text
from srkit_core.component_kinds import KINDS

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
    wanted = checked_kind(kind)
    found = installed_listing(ListCache(used=own_process()))
    rows = [one for one in found.components if wanted in (None, one["kind"])]
    others = [one for one in found.others if wanted in (None, one["kind"])]
    missing = _missing(found, wanted) if everything else []
    (others if wanted in EXTENSION_KINDS else rows).extend(missing)
    problems, printed = found.problems, found.printed
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
    if found.note:
        say(found.note, err=True)


def _note(kind: str, one: Facts, text: str) -> Facts:
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


def _missing(found: InstalledList, kind: str | None) -> list[Facts]:
    """Return what the catalogue knows and is not installed, with how far it can be trusted."""
    from srkit_core.catalogue import catalogue

    installed = (*found.components, *found.others)
    there = {(one["kind"], one["distribution"], one["name"]) for one in installed}
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
