"""Do installed components keep the laws of their kinds?"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.render import print_json, print_table
from srkit_core.errors import PluginError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from srkit_core.registry import Component, Registry
    from srkit_core.testing.checks import Check
    from srkit_core.testing.run_checks import CheckResult

_SHORT = {
    "announced": "says",
    "options": "opts",
    "gradient": "grad",
    "values": "value",
    "inputs": "input",
}
"""Heads that leave room for nine columns on a terminal of 80."""


def check_plugins(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DISTRIBUTION|COMPONENT]...", help="What to try; everything if left out."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead.")
    ] = False,
) -> None:
    """Try components against the contracts of their kinds, and print a table of components and
    checks.
    """
    from srkit_core.registry import discover
    from srkit_core.testing.run_checks import broken_checks

    verdicts = {component: _verdicts(component) for component in _wanted(discover(), names or [])}
    if as_json:
        print_json(
            {"components": [_described(component, found) for component, found in verdicts.items()]}
        )
    else:
        _print(verdicts)
    broken = [
        component.full_name
        for component, found in verdicts.items()
        if isinstance(found, list) and broken_checks(found)
    ]
    if broken:
        raise PluginError(
            f"{len(broken)} components break laws of their kind: {', '.join(broken)}",
            hint="srkit plugin check NAME --json",
        )


def _wanted(registry: "Registry", names: "Sequence[str]") -> "list[Component]":
    """Return the components that are named, alone or by their distribution.

    Raises PluginError for a name of neither.
    """
    found: dict[Component, None] = {}
    for name in names:
        these = [
            component
            for component in registry.components
            if name in (component.name, component.full_name, component.distribution)
        ]
        if not these:
            raise PluginError(f"nothing installed is called '{name}'", hint="srkit list")
        found |= dict.fromkeys(these)
    return list(found or registry.components)


def _verdicts(component: "Component") -> "list[CheckResult] | WeightsError":
    from srkit_core.testing.run_checks import run_checks

    try:
        return run_checks(component)
    except WeightsError as error:
        return error


def _print(verdicts: "dict[Component, list[CheckResult] | WeightsError]") -> None:
    from srkit_core.testing.checks import CHECKS

    rows = [
        [component.kind, component.name, *_cells(found, CHECKS)]
        for component, found in verdicts.items()
    ]
    bad = frozenset(number for number, row in enumerate(rows) if any("!" in cell for cell in row))
    print_table(["kind", "name", *(_SHORT.get(check, check) for check in CHECKS)], rows, bad=bad)
    typer.echo(
        "\na number counts the laws that are kept; 2! of 3 are two that are kept and one that is "
        "broken"
    )
    for component, found in verdicts.items():
        for line in _complaints(found):
            typer.echo(f"{component.kind} {component.full_name}: {line}")


def _cells(found: "list[CheckResult] | WeightsError", checks: "Sequence[Check]") -> list[str]:
    if isinstance(found, WeightsError):
        return ["?" for _ in checks]
    return [_cell([one.broken is None for one in found if one.check == check]) for check in checks]


def _cell(kept: list[bool]) -> str:
    if not kept:
        return "-"
    return str(len(kept)) if all(kept) else f"{sum(kept)}! of {len(kept)}"


def _complaints(found: "list[CheckResult] | WeightsError") -> list[str]:
    if isinstance(found, WeightsError):
        return [f"not tried: {found.message.partition(';')[0]}"]
    return [
        f"{one.check_name.removeprefix('test_').replace('_', ' ')}: {one.broken}"
        for one in found
        if one.broken
    ]


def _described(component: "Component", found: "list[CheckResult] | WeightsError") -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": component.kind,
        "name": component.name,
        "distribution": component.distribution,
    }
    if isinstance(found, WeightsError):
        return facts | {"not_tried": found.message, "laws": []}
    return facts | {
        "laws": [{"check": one.check, "law": one.check_name, "broken": one.broken} for one in found]
    }
