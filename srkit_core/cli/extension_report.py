"""What did a plugin announce beside components, and what can it be told?"""

import inspect
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from srkit_core.binding import bind_options
from srkit_core.cli.component_report import json_value, option_facts
from srkit_core.expressions import Call
from srkit_core.options import options_of
from srkit_core.registry import Installed, Registry
from srkit_core.specs import AnnouncedSpec, FactorySpec, WeightsFile

_TOLD_ALREADY: Final = frozenset(
    ("name", "interface", "summary", "source", "licence", "factory", "small", "load")
)


def facts_of(one: Installed[AnnouncedSpec]) -> dict[str, str]:
    """Return what a list says of anything that is announced."""
    return {
        "kind": one.spec.kind,
        "name": one.name,
        "distribution": one.distribution,
        "version": one.version,
        "summary": getattr(one.spec, "summary", "") or getattr(one.spec, "source", ""),
    }


def extensions_named(
    registry: Registry, name: str, kind: str | None
) -> list[Installed[AnnouncedSpec]]:
    """Return what is no component and has a name, bare or full, of one kind or of any."""
    return [
        one
        for one in registry.others
        if name in (one.name, one.full_name) and kind in (None, one.spec.kind)
    ]


def described_extensions(
    found: Sequence[Installed[AnnouncedSpec]], call: Call
) -> list[dict[str, Any]]:
    """Describe what is no component, in the form of a component.

    Raises OptionError for an option of the call that it does not have.
    """
    return [facts_of(one) | _more(one.spec, dict(call.options)) for one in found]


def _shown(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], WeightsFile):
        return [f"sha256 {one.sha256[:12]}...{_bytes_of(one)}" for one in value]
    return json_value(value)


def _bytes_of(file: WeightsFile) -> str:
    return "" if file.size is None else f", {file.size:,} bytes"


def _more(spec: AnnouncedSpec, written: dict[str, Any]) -> dict[str, Any]:
    factory = spec.factory if isinstance(spec, FactorySpec) else None
    if factory:
        bind_options(spec.name, factory, written)
    doc = inspect.getdoc(factory) if factory else ""
    return {
        "about": (doc or "").partition("\n\nArgs:")[0],
        "given": "",
        "options": option_facts(options_of(factory), written) if factory else [],
        "traits": {
            field.name: _shown(value)
            for field in fields(spec)
            if field.name not in _TOLD_ALREADY
            and (value := getattr(spec, field.name))
            and not callable(value)
        },
        "source": getattr(spec, "source", ""),
        "licence": getattr(spec, "licence", ""),
    }


def printed_at_import(registry: Registry) -> list[dict[str, str]]:
    """Return what plugins printed while they were imported, as lists and JSON tell it."""
    return [
        {"plugin": one.plugin, "distribution": one.distribution, "text": one.printed.strip()}
        for one in registry.loud
    ]
