"""How do the files of another project name a network's tensors?"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from srkit_core.announced import AnnouncedSpec
from srkit_core.field_bounds import OneLine, Prose
from srkit_core.interfaces import Count

Shapes = Mapping[str, tuple[int, ...]]
"""Names of tensors and their shapes."""

Replacement: TypeAlias = str | Callable[[re.Match[str]], str]
"""What a name that a pattern matched becomes, as `re.sub` takes it."""

WriteTensors: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""Makes of options and a network's tensors the tensors of another project's file."""


def numbered(shapes: Shapes, prefix: str) -> int:
    """Return how many parts `prefix.0`, `prefix.1`, ... a network has.

    Of those at the end only ones with tensors count.
    """
    found = [re.match(rf"{re.escape(prefix)}\.(\d+)\.", name) for name in shapes]
    count = 1 + max((int(one[1]) for one in found if one), default=-1)
    if count > len(shapes):
        raise ValueError(f"it numbers {count} parts of {prefix}, and has {len(shapes)} tensors")
    return count


@dataclass(frozen=True)
class ForeignNetwork:
    """What a layout that reads whole tables makes of one: the scale and the options of the
    generator, and its tensors under the names that `renames` turn into its own. `network`, where
    the library has made one with these tensors in it, is that generator, and none is built again.
    """

    scale: int
    options: Mapping[str, Any]
    tensors: Mapping[str, Any]
    network: Any = field(default=None, compare=False)


def _nothing(found: Mapping[str, Any], /) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class LayoutSpec(AnnouncedSpec):
    """How the files of another project name the tensors of a generator or a discriminator, and what
    they leave unsaid.

    `generator` or `discriminator`, one of them, is the name of the component.

    A file is of this layout when each of `marks` (regular expressions) matches one of its keys from
    end to end. Every key is renamed by the first of `renames` (pattern, replacement) whose pattern
    matches it from end to end, and kept where none does; an empty replacement drops it, and a
    function makes a name of the match, where names are counted differently. `options`
    takes the shapes under the new names and returns the options of the network that they show,
    together with the `scale` of a generator, or with the `patch` of a discriminator that is built
    for one.

    Where a library knows many networks, a layout has `recognises` and `reads` in place of all that:
    the first says of the names of a table whether it is one of them, the second makes of its
    tensors the network. Such a layout is asked about files that no marks tell, or whose marks name
    a network that they do not fit. `reads` raises WeightsError, whose message goes on after the
    name of the file, for a network that it knows and srkit has no use for.

    Options that shapes do not show are left out there. They come, the first that says them, from
    what a person wrote, from `known`, from `numbers`, from `usual`, from the network's defaults;
    those of the last two are told to people as assumed. `known` holds the options of published
    files by their sha256, or as many of its first digits as are published; `numbers` reads options
    from the tensors, under the names in the file; `usual` says what files of such shapes have.

    `write` is the way back, for `srkit export`: it takes all options of a network, its `scale`
    among them, and its tensors under their own names, and returns the tensors of a file of which
    the other project computes the same, with what it takes for granted; where it has no such
    network, ValueError says which options are in the way. `architecture` is what others call the
    network, by OpenModelDB's identifier where it has one.

    `small` is the expression of a small network whose file has this layout, with the options that
    such a file is recognised by, where the component's own `small` is of another; `scales` are
    those that such files are for, where they are not all of the generator's. Both are for checks.
    """

    kind = "layout"

    generator: OneLine = ""
    discriminator: OneLine = ""
    marks: tuple[str, ...] = ()
    options: Callable[[Shapes], Mapping[str, Any]] = _nothing
    recognises: Callable[[Collection[str]], bool] | None = None
    reads: Callable[[Mapping[str, Any]], ForeignNetwork] | None = None
    renames: tuple[tuple[str, Replacement], ...] = ()
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    numbers: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _nothing
    usual: Callable[[Shapes], Mapping[str, Any]] = _nothing
    source: Prose
    write: WriteTensors | None = None
    architecture: OneLine = ""
    small: OneLine = ""
    scales: tuple[Count, ...] = ()

    @property
    def network_kind(self) -> Literal["generator", "discriminator"]:
        """Which kind of network it is of."""
        return "discriminator" if self.discriminator else "generator"

    @property
    def network(self) -> str:
        """The name of the component it is of."""
        return self.discriminator or self.generator
