"""Which component do the keys of an option file make together?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from srkit_core.expressions import Call, Chain, Item, Sum, Term, Value
from srkit_core.option_files.sayings import Leaf

_CHAINS: Final = ("degradation", "target", "stages.augment")

_VIEWS: Final = ("flip", "turn")
"""Augmentations of single crops, which happen before those that mix them."""


@dataclass
class ComponentInMaking:
    """A component that is being put together from keys; one of a chain may be left empty."""

    place: str
    name: str = ""
    options: dict[str, Value] = field(default_factory=dict)
    weight: float | None = None
    probability: float | None = None
    keys: list[Leaf] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    """Lists that the file has begun, in place of what is always written."""

    def add(self, leaf: Leaf, name: str, value: Value) -> None:
        """Add a part, as `IntoTerm` names it."""
        if leaf not in self.keys:
            self.keys.append(leaf)
        if isinstance(value, Call) and name == "":
            self.name = value.name
            self.options = {**dict(value.options), **self.options}
        elif name == "*":
            self.weight = value if isinstance(value, float) else None
        elif name == "@":
            self.probability = float(value) if isinstance(value, (int, float)) else None
        elif name.endswith("[]"):
            before = self.options.get(name[:-2]) if name in self.begun else None
            self.options[name[:-2]] = (*_values(before), value)
            self.begun.add(name)
        elif name != "=":
            self.options[name] = value

    @property
    def takes_part(self) -> bool:
        """Whether something of it has to be written, or its keys ask for nothing."""
        return self.weight != 0 and bool(self.name or self.place in _CHAINS)

    @property
    def call(self) -> Call:
        """The component, lists of one as their only value."""
        options = dict(self.options)
        if set(_values(options.get("layer_weights"))) == {1.0}:
            del options["layer_weights"]
        if len(_values(options.get("layer"))) == 1:
            options["layer"] = _values(options["layer"])[0]
        return Call(self.name, tuple(options.items()))


def joined(place: str, components: Sequence[ComponentInMaking]) -> str:
    """Return the expression of a field."""
    named = [one for one in components if one.name]
    if place == "stages.augment":
        named.sort(key=lambda one: one.name not in _VIEWS)
    if place in _CHAINS:
        return str(Chain(tuple(Item(one.call, one.probability) for one in named)))
    return str(Sum(tuple(Term(one.call, one.weight) for one in named)))


def _values(value: "Value | None") -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else ()
