"""Who reads what lies at an address, and whose fault is what goes wrong?"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from srkit_core.errors import DataError, SrkitError, UnknownComponentError
from srkit_core.interfaces import PictureSource
from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.registry import Registry
from srkit_core.specs import DataSourceSpec


@dataclass(frozen=True)
class AddressSource:
    """The files of an address, as a data source of srkit or a plugin reads them.

    Everything that one raises becomes a DataError that names the address, and the plugin.
    """

    address: str
    source: PictureSource
    owner: str

    def files(self) -> Mapping[str, str]:
        """Return the names of the files, each with a tag that is new when its bytes are."""
        with _named(self.address, self.owner):
            found = dict(self.source.files(self.address))
            odd = [one for pair in found.items() for one in pair if not isinstance(one, str)]
            if odd:
                raise TypeError(f"it lists {odd[0]!r}, which is no text")
        return found

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        with _named(self.address, self.owner):
            content = self.source.read(self.address, name)
            if not isinstance(content, bytes):
                raise TypeError(f"it read {type(content).__name__} of {name!r}, not bytes")
        return content


def source_of(registry: Registry, address: str) -> AddressSource:
    """Return who reads an address, by its scheme.

    Raises DataError when nothing installed does, or the data source cannot be made, AmbiguousError
    when several plugins announce the scheme.
    """
    scheme = address.partition("://")[0].partition("::")[0].lower()
    try:
        one = registry.one(DataSourceSpec, scheme)
    except UnknownComponentError as miss:
        fact = f"nothing that is installed reads {scheme}:// ({address})"
        raise DataError(fact, hint=miss.hint) from None
    owner = "" if one.distribution == OWN_DISTRIBUTION else one.full_name
    with _named(address, owner):
        source = one.spec.factory()
        if not isinstance(source, PictureSource):
            raise TypeError(f"it is a {type(source).__name__} without files and read")
    return AddressSource(address, source, owner)


@contextmanager
def _named(address: str, owner: str) -> Iterator[None]:
    try:
        yield
    except (SrkitError, MemoryError):
        raise
    except Exception as error:  # each source raises errors of its own
        by = f"the data source '{owner}' fails: {type(error).__name__}: " if owner else ""
        raise DataError(
            f"cannot read {address}: {by}{error or type(error).__name__}",
            hint="check the address and the network",
        ) from error
