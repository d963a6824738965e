"""What is installed, and what can it be told?"""

import inspect
from typing import Annotated, Any

import typer

from srkit_core.cli.render import print_json, print_table
from srkit_core.options import options_of
from srkit_core.registry import Component, Registry, discover
from srkit_core.specs import KINDS, Kind

KindArgument = Annotated[
    str | None, typer.Argument(metavar="[KIND]", help=f"One of {', '.join(KINDS)}.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def list_components(
    kind: KindArgument = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Add what the catalogue knows but is not installed.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the installed components, and plugins that are broken."""
    wanted = _checked(kind)
    registry = discover()
    components = registry.of_kind(wanted) if wanted else registry.components
    rows = [_facts(component) for component in components] + (
        _missing(registry, wanted) if everything else []
    )
    problems = [
        {"plugin": one.plugin, "distribution": one.distribution, "error": one.error}
        for one in registry.problems
    ]
    if as_json:
        print_json({"components": rows, "problems": problems})
        return
    broken = [
        {
            "kind": "broken",
            "name": one["plugin"],
            "distribution": one["distribution"],
            "version": "",
            "summary": one["error"],
        }
        for one in problems
    ]
    shown = [list(row.values())[:5] for row in rows + broken]
    print_table(
        ["kind", "name", "distribution", "version", "summary"],
        shown,
        bad=frozenset(range(len(rows), len(shown))),
    )


def show_component(
    name: Annotated[str, typer.Argument(help="A component, such as rrdb or srkit-rrdb/rrdb.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only this kind, where a name has several.")
    ] = None,
    build: Annotated[
        bool, typer.Option("--build", help="Build it with its defaults and count its parameters.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show a component's options, traits, source and licence."""
    registry = discover()
    wanted = _checked(kind)
    found = [component for component in registry.named(name) if wanted in (None, component.kind)]
    if not found:
        raise _miss(registry, wanted, name)
    described = [_description(registry, component, build) for component in found]
    if as_json:
        print_json(described[0] if len(described) == 1 else described)
        return
    for one in described:
        _print_description(one)


def _checked(kind: str | None) -> Kind | None:
    for known in KINDS:
        if kind == known:
            return known
    if kind is None:
        return None
    raise typer.BadParameter(f"there is no kind '{kind}'; kinds are {', '.join(KINDS)}")


def _facts(component: Component) -> dict[str, str]:
    return {
        "kind": component.kind,
        "name": component.name,
        "distribution": component.distribution,
        "version": component.version,
        "summary": component.spec.summary,
    }


def _missing(registry: Registry, kind: Kind | None) -> list[dict[str, str]]:
    from srkit_core.catalogue import catalogue

    there = {
        (component.kind, component.distribution, component.name)
        for component in registry.components
    }
    return [
        {
            "kind": entry.kind,
            "name": entry.name,
            "distribution": entry.distribution,
            "version": "",
            "summary": f"{entry.summary}; {entry.install}",
        }
        for entry in catalogue()
        if entry.kind in ([kind] if kind else KINDS)
        and (entry.kind, entry.distribution, entry.name) not in there
    ]


def _miss(registry: Registry, kind: Kind | None, name: str) -> Exception:
    """Let the registry say what is near, for the kind that knows most about the name."""
    from srkit_core.errors import RegistryError, UnknownComponentError

    misses = []
    for one in [kind] if kind else KINDS:
        try:
            registry.find(one, name)
        except RegistryError as error:
            misses.append(error)
    misses.sort(
        key=lambda error: (
            isinstance(error, UnknownComponentError)
            and not error.nearest
            and "pip" not in error.hint
        )
    )
    return misses[0]


def _description(registry: Registry, component: Component, build: bool) -> dict[str, Any]:
    options = [
        {
            "name": one.name,
            "type": one.type_name,
            "default": None if one.required else _plain(one.default),
            "required": one.required,
            "doc": one.doc,
        }
        for one in options_of(component.spec.factory)
    ]
    described: dict[str, Any] = {
        "kind": component.kind,
        "name": component.name,
        "distribution": component.distribution,
        "version": component.version,
        "summary": component.spec.summary,
        "about": (inspect.getdoc(component.spec.factory) or "").partition("\n\nArgs:")[0],
        "options": options,
        "traits": {trait: _trait(component, trait) for trait in component.spec.traits},
        "source": component.spec.source,
        "licence": component.spec.licence,
    }
    return described | ({"parameters": _parameters(registry, component)} if build else {})


def _trait(component: Component, name: str) -> Any:
    """Return a trait; of one that depends on the options, what it is with the defaults."""
    value = getattr(component.spec, name)
    if not callable(value):
        return value
    defaults = {one.name: one.default for one in options_of(component.spec.factory)}
    try:
        return value(defaults | _context(component))
    except (
        AttributeError,
        KeyError,
        TypeError,
    ):  # it depends on an option without a default, such as another component
        return "depends on the options"


def _context(component: Component) -> dict[str, int]:
    from srkit_core.specs import GeneratorSpec

    scales = component.spec.scales if isinstance(component.spec, GeneratorSpec) else (4,)
    return {"scale": 4 if 4 in scales else scales[-1], "patch": 128}


def _parameters(registry: Registry, component: Component) -> int:
    from srkit_core.binding import bind
    from srkit_core.expressions import Call
    from srkit_core.models.build import build, count_parameters

    return count_parameters(
        build(bind(registry, component.kind, Call(component.full_name), _context(component)))
    )


def _plain(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_plain(one) for one in default]
    return (
        str(default)
        if not isinstance(default, (bool, int, float, str, tuple, type(None)))
        else default
    )


def _print_description(one: dict[str, Any]) -> None:
    typer.echo(f"{one['kind']} {one['name']}: {one['summary']}")
    typer.echo(
        f"from {one['distribution']} {one['version']}, licence {one['licence']}\nsource: "
        f"{one['source']}\n\n{one['about']}\n"
    )
    if one["options"]:
        rows = [
            [option["name"], option["type"], _default(option), option["doc"]]
            for option in one["options"]
        ]
        print_table(["option", "type", "default", "meaning"], rows)
        typer.echo()
    for trait, value in one["traits"].items():
        typer.echo(f"{trait}: {_shown(value)}")
    if "parameters" in one:
        typer.echo(f"parameters: {one['parameters']:,} (with the defaults)")
    typer.echo()


def _default(option: dict[str, Any]) -> str:
    if option["required"]:
        return "(must be given)"
    return "[]" if option["default"] == [] else _shown(option["default"])


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
