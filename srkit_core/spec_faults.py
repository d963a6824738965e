"""Is what a plugin announces sound?"""

import re
from collections.abc import Iterator, Sequence

from srkit_core.errors import PluginError
from srkit_core.field_types import field_faults
from srkit_core.interfaces import accepted_interfaces
from srkit_core.options import check_signature
from srkit_core.reserved_names import name_fault
from srkit_core.specs import AnnouncedSpec, DataSourceSpec, FactorySpec, FormatSpec, LayoutSpec


class UnsoundError(PluginError):
    """Announcements of one distribution that are not sound; `faults` are all that is wrong with
    them, a line each, the first of which is the message.
    """

    def __init__(self, faults: Sequence[str], *, hint: str) -> None:
        more = f" (and {len(faults) - 1} more: srkit doctor)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}", hint=hint)
        self.faults = tuple(faults)


def check_specs(specs: Sequence[object]) -> None:
    """Raise UnsoundError with everything that is not sound in a plugin's announcements."""
    if faults := list(_faults(specs)):
        raise UnsoundError(faults, hint="mend what it announces in srkit_components()")


def _faults(specs: Sequence[object]) -> Iterator[str]:
    seen = set[tuple[str, str]]()
    for spec in specs:
        if not isinstance(spec, AnnouncedSpec) or not hasattr(spec, "kind"):
            yield f"it announces {_short(spec)}, which is not a spec"
            continue
        named = f"{spec.kind} {_short(spec.name)}"
        place = (spec.kind, str(spec.name).casefold())
        faults = ["it is announced twice"] if place in seen else _faults_of(spec)
        yield from (f"{named}: {fault}" for fault in faults)
        seen.add(place)


def _faults_of(spec: AnnouncedSpec) -> Iterator[str]:
    ill_typed = list(field_faults(spec))
    if isinstance(spec.name, str) and (fault := name_fault(spec.kind, spec.name)):
        yield fault
    yield from ill_typed
    yield from interface_faults(spec)
    if ill_typed:
        return
    if isinstance(spec, FactorySpec) and not isinstance(spec.factory, type):
        yield from filter(None, [check_signature(spec.factory)])
    if isinstance(spec, FormatSpec) and not _tells_files(spec):
        yield "no first bytes tell its files: give starts or sniff"
    if isinstance(spec, DataSourceSpec) and spec.name != spec.name.lower():
        yield "a scheme is written in small letters"
    if isinstance(spec, LayoutSpec):
        yield from _layout_faults(spec)


def interface_faults(spec: AnnouncedSpec) -> Iterator[str]:
    """Say that a spec was written for an interface that this srkit does not take, and which it
    takes.
    """
    oldest, newest = accepted_interfaces(spec.kind)
    if not isinstance(spec.interface, int) or oldest <= spec.interface <= newest:
        return
    takes = str(newest) if oldest == newest else f"{oldest} to {newest}"
    way = "a newer srkit" if spec.interface > newest else "a newer version of this plugin"
    yield (
        f"it was written for interface {spec.interface} of a {spec.kind}, this srkit takes "
        f"{takes}: {way} is needed"
    )


def _tells_files(spec: FormatSpec) -> bool:
    return all(spec.starts) and bool(spec.starts or spec.sniff)


def _layout_faults(spec: LayoutSpec) -> Iterator[str]:
    if bool(spec.generator) == bool(spec.discriminator):
        yield "it names one network: a generator, or a discriminator"
    if bool(spec.recognises) != bool(spec.reads) or bool(spec.marks) == bool(spec.reads):
        yield "its files are known by marks, or by recognises together with reads"
    yield from _pattern_faults(spec)


def _pattern_faults(spec: LayoutSpec) -> Iterator[str]:
    for pattern in (*spec.marks, *(one for one, _ in spec.renames)):
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            yield f"{_short(pattern)} is no regular expression: {error}"


def _short(value: object, longest: int = 60) -> str:
    try:
        text = repr(value)
    except Exception as error:
        text = f"something whose repr raises {type(error).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."
