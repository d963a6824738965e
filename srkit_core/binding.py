"""Do the options that were written fit the component they were written for?

Binding finds a component, fits every option to the signature of its factory, and fills in the
defaults.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, get_args

from srkit_core.common_options import check_common, common_options
from srkit_core.errors import IncompatibleError, OptionError
from srkit_core.expressions import Call, Value
from srkit_core.options import KIND_OF, MisfitError, Option, context_of, fit, options_of
from srkit_core.registry import Component, Installed, Registry
from srkit_core.specs import (
    CONTEXT,
    Alternatives,
    Amount,
    ComponentSpec,
    Factory,
    FactorySpec,
    Kind,
)

Context = Mapping[str, int]
SpecT = TypeVar("SpecT", bound=ComponentSpec)


@dataclass(frozen=True)
class BoundComponent:
    """A component with every option bound; a nested component is one again.

    `context` is what its factory asked for, `common` what was written of the options that its whole
    kind takes (`common_options`).

    `name` is the name as it was written, bare or full.
    """

    name: str = field(compare=False)
    component: Component
    options: Mapping[str, Any]
    context: Context
    common: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def expression(self) -> Call:
        """The call with the full name and all options written out, so that it means the same when
        defaults change and when another plugin has something of that name.
        """
        options = {**self.options, **self.common}
        written_out = tuple((name, as_value(value)) for name, value in options.items())
        return Call(self.component.full_name, written_out)

    def spec(self, kind: type[SpecT]) -> SpecT:
        """Return the spec as the class the caller knows it to be."""
        if not isinstance(self.component.spec, kind):
            raise TypeError(
                f"{self.component.full_name} is a {self.component.kind}, not a {kind.kind}"
            )
        return self.component.spec

    @property
    def arguments(self) -> dict[str, Any]:
        """Options and context together, as traits that depend on them see it."""
        return {**self.options, **self.context}

    def amount(self, trait: Amount) -> int:
        """Return a trait of its spec as the number it is for these options."""
        return trait(self.arguments) if callable(trait) else trait

    @property
    def pretrained(self) -> tuple[Alternatives, ...]:
        """Names of the pretrained networks it reads with these options: one of each tuple."""
        return self.component.spec.pretrained(self.arguments)

    def with_nested(self) -> Iterator["BoundComponent"]:
        """Yield this component and every one within its options."""
        yield self
        for value in self.options.values():
            for inner in value if isinstance(value, tuple) else (value,):
                if isinstance(inner, BoundComponent):
                    yield from inner.with_nested()


def bind(registry: Registry, kind: Kind, call: Call, context: Context) -> BoundComponent:
    """Find a component and bind its options.

    Raises UnknownComponentError, AmbiguousError or OptionError.
    """
    component = registry.find(kind, call.name)
    written = dict(call.options)
    check_common(component.spec, component.name, written)
    offered = [one for one in common_options(component.spec) if one.name in written]
    common = {one.name: _fitted(component.name, one, written, "") for one in offered}
    own = {name: value for name, value in written.items() if name not in common}
    fitted = bind_options(component.name, component.spec.factory, own)
    annotations = {option.name: option.annotation for option in options_of(component.spec.factory)}
    values = {
        name: _bind_nested(registry, value, annotations[name], context)
        for name, value in fitted.items()
    }
    return BoundComponent(call.name, component, values, _needed(component, context), common)


@dataclass(frozen=True)
class BoundExtension:
    """What was announced beside components, such as a callback, with every option bound; a nested
    component is a `BoundComponent`.
    """

    installed: Installed[FactorySpec]
    options: Mapping[str, Any]


def bind_extension(registry: Registry, cls: type[FactorySpec], call: Call) -> BoundExtension:
    """Find what was announced as a spec of that class and bind its options.

    Raises UnknownComponentError, AmbiguousError or OptionError; IncompatibleError where an option
    is a component that needs to know a recipe.
    """
    installed = registry.one(cls, call.name)
    factory = installed.spec.factory
    fitted = bind_options(installed.name, factory, dict(call.options))
    annotations = {option.name: option.annotation for option in options_of(factory)}
    options = {
        name: _bind_nested(registry, value, annotations[name], {}) for name, value in fitted.items()
    }
    return BoundExtension(installed, options)


def bind_options(
    name: str, factory: Factory, written: Mapping[str, Value], *, advice: str = ""
) -> dict[str, Any]:
    """Fit what was written for `name` to a factory's signature and fill in the defaults.

    A nested component stays a Call.

    Raises OptionError, with `advice` as its hint where it knows no better one (default: `srkit show
    name`).
    """
    options = {option.name: option for option in options_of(factory)}
    for one in written:
        if one not in options:
            raise _no_such_option(name, one, list(options), advice or f"srkit show {name}")
    return {option.name: _fitted(name, option, written, advice) for option in options.values()}


def _needed(component: Component, context: Context) -> Context:
    needed = context_of(component.spec.factory)
    missing = [name for name in needed if name not in context]
    if missing:
        raise IncompatibleError(
            f"{component.kind} '{component.name}' needs a {missing[0]}, which is not known here",
            hint=f"srkit show {component.name}",
        )
    return {name: context[name] for name in needed}


def _fitted(name: str, option: Option, written: Mapping[str, Value], advice: str) -> Any:
    if option.name not in written:
        if option.required:
            raise OptionError(
                f"{name}: option '{option.name}' must be given",
                component=name,
                option=option.name,
                hint=advice,
            )
        default = "none" if option.default is None else option.default
        return fit(default, option.annotation)  # an int serves as a float here too
    try:
        return fit(written[option.name], option.annotation)
    except MisfitError as misfit:
        raise OptionError(
            f"{name}: option '{option.name}' {misfit}",
            component=name,
            option=option.name,
            hint=advice,
        ) from None


def _bind_nested(registry: Registry, value: Any, annotation: Any, context: Context) -> Any:
    if isinstance(value, tuple):
        return tuple(_bind_nested(registry, bound, annotation, context) for bound in value)
    return (
        bind(registry, kinds_within(annotation)[0], value, context)
        if isinstance(value, Call)
        else value
    )


def kinds_within(annotation: Any) -> tuple[Kind, ...]:
    """Return the kinds of component that an option takes: none, where it takes no component."""
    if annotation in KIND_OF:
        return (KIND_OF[annotation],)
    return tuple(kind for inner in get_args(annotation) for kind in kinds_within(inner))


def _no_such_option(component: str, name: str, known: Sequence[str], advice: str) -> OptionError:
    if name in CONTEXT:
        fact = f"{component}: '{name}' comes from the recipe, it is no option"
        return OptionError(fact, component=component, option=name, hint=f"--{name} N")
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{nearest[0]}'? {advice}" if nearest else advice
    return OptionError(
        f"{component} has no option '{name}'", component=component, option=name, hint=hint
    )


def as_value(value: Any) -> Value:
    """Return a bound option as it is written."""
    if value is None:
        return "none"
    if isinstance(value, BoundComponent):
        return value.expression
    if isinstance(value, tuple):
        return tuple(map(as_value, value))
    plain: Value = value
    return plain
