"""What does `srkit list` tell of what is installed, found now or taken from its last time?"""

from dataclasses import asdict, dataclass, field

from srkit_core.cli.list_cache import ListCache

Facts = dict[str, str]


@dataclass(frozen=True)
class InstalledList:
    """What is installed: components, what else was announced, plugins that are broken, and those
    that print when they are imported; `note` is for somebody who has no plugins.
    """

    components: list[Facts] = field(default_factory=list)
    others: list[Facts] = field(default_factory=list)
    problems: list[Facts] = field(default_factory=list)
    printed: list[Facts] = field(default_factory=list)
    note: str = ""


def installed_listing(cache: ListCache) -> InstalledList:
    """Return what is installed; from the cache where nothing has changed that it was made from.

    What is not as it should be, a plugin that is broken or prints, is looked at again each time.
    """
    known = cache.read()
    if known is not None:
        return InstalledList(**known)
    with cache.watching() as watched:
        found = _discovered()
    if not found.problems and not found.printed:
        cache.keep(asdict(found), watched)
    return found


def _discovered() -> InstalledList:
    from srkit_core.cli.bare_install import bare_note
    from srkit_core.cli.extension_report import facts_of, printed_at_import
    from srkit_core.registry import discover

    registry = discover()
    return InstalledList(
        [facts_of(one) for one in registry.components],
        [facts_of(one) for one in registry.others],
        [
            {"plugin": one.plugin, "distribution": one.distribution, "error": one.error}
            for one in registry.problems
        ],
        printed_at_import(registry),
        bare_note(registry),
    )
