"""What is something that is installed, and what can it be told?"""

from typing import Annotated, Any

import typer

from srkit_core.cli.extension_report import (
    described_extensions,
    extensions_named,
)
from srkit_core.cli.kinds import EXTENSION_KINDS, checked_kind
from srkit_core.cli.render import JsonFlag, print_json
from srkit_core.component_kinds import KINDS, Kind
from srkit_core.errors import RegistryError, UnknownComponentError
from srkit_core.expressions import Call, parse_call
from srkit_core.misses import miss_of_others
from srkit_core.other_names import meant_by, written_alike
from srkit_core.registry import Registry, discover


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

    shown = _described(discover(), name, checked_kind(kind), build=build or layers, layers=layers)
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
