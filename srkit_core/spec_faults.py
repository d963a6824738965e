"""Is what a plugin announces sound?"""

from collections.abc import Sequence

from srkit_core.errors import PluginError
from srkit_core.interfaces import INTERFACE_VERSION
from srkit_core.options import check_signature
from srkit_core.reserved_names import name_fault
from srkit_core.specs import AnnouncedSpec, ComponentSpec


def check_specs(specs: Sequence[object]) -> None:
    """Raise PluginError for the first of a plugin's announcements that is not sound."""
    seen = set[tuple[str, str]]()
    for spec in specs:
        if not isinstance(spec, AnnouncedSpec) or not hasattr(spec, "kind"):
            raise PluginError(
                f"it announces {spec!r}, which is not a spec",
                hint="return specs from srkit_components()",
            )
        kind = spec.kind
        fault = "it is announced twice" if (kind, spec.name) in seen else _fault(spec)
        if fault:
            raise PluginError(f"{kind} '{spec.name}': {fault}", hint="srkit list")
        seen.add((kind, spec.name))


def _fault(spec: AnnouncedSpec) -> str | None:
    fault = name_fault(spec.kind, spec.name)
    if fault:
        return fault
    if spec.interface != INTERFACE_VERSION:
        return f"it was written for interface {spec.interface}, this srkit has {INTERFACE_VERSION}"
    return check_signature(spec.factory) if isinstance(spec, ComponentSpec) else None
