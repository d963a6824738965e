"""Do installed components pass the checks of their kinds?"""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from srkit_core.cli.output import say
from srkit_core.cli.render import print_json, print_table
from srkit_core.errors import PluginError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from srkit_core.registry import Component, Registry
    from srkit_core.testing.checks import Topic
    from srkit_core.testing.run_checks import CheckResult

    Results: TypeAlias = list[CheckResult] | WeightsError

_SHORT = {
    "announced": "says",
    "options": "opts",
    "gradient": "grad",
    "values": "value",
    "inputs": "input",
}
"""Heads that leave room for nine columns on a terminal of 80."""


def plugin_check_command(
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

    results = {component: _results(component) for component in _wanted(discover(), names or [])}
    if as_json:
        print_json({"components": [_described(*one) for one in results.items()]})
    else:
        _print(results)
    failing = [
        component.full_name
        for component, found in results.items()
        if isinstance(found, list) and not all(one.passed for one in found)
    ]
    if failing:
        raise PluginError(
            f"{len(failing)} components fail checks of their kind: {', '.join(failing)}",
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


def _results(component: "Component") -> "Results":
    from srkit_core.testing.run_checks import run_checks

    try:
        return run_checks(component)
    except WeightsError as error:
        return error


def _print(results: "dict[Component, Results]") -> None:
    from srkit_core.testing.checks import TOPICS

    rows = [[one.kind, one.name, *_cells(found, TOPICS)] for one, found in results.items()]
    bad = frozenset(number for number, row in enumerate(rows) if any("!" in cell for cell in row))
    print_table(["kind", "name", *(_SHORT.get(topic, topic) for topic in TOPICS)], rows, bad=bad)
    say(
        "",
        "a number counts the checks that pass; 2! of 3 are two that pass and one that fails",
    )
    for component, found in results.items():
        for line in _failures(found):
            say(f"{component.kind} {component.full_name}: {line}")


def _cells(found: "Results", topics: "Sequence[Topic]") -> list[str]:
    if isinstance(found, WeightsError):
        return ["?" for _ in topics]
    return [_cell([one.passed for one in found if one.topic == topic]) for topic in topics]


def _cell(passed: list[bool]) -> str:
    if not passed:
        return "-"
    return str(len(passed)) if all(passed) else f"{sum(passed)}! of {len(passed)}"


def _failures(found: "Results") -> list[str]:
    if isinstance(found, WeightsError):
        return [f"not tried: {found.message.partition(';')[0]}"]
    return [
        f"{one.name.removeprefix('test_').replace('_', ' ')}: {one.why}"
        for one in found
        if not one.passed
    ]


def _described(component: "Component", found: "Results") -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": component.kind,
        "name": component.name,
        "distribution": component.distribution,
    }
    if isinstance(found, WeightsError):
        return facts | {"not_tried": found.message, "checks": []}
    checks = [
        {"topic": one.topic, "name": one.name, "passed": one.passed, "why": one.why}
        for one in found
    ]
    return facts | {"checks": checks}
