"""How is a network of spandrel written as text, and built from it?

spandrel keeps the parameters that each of its networks was built with. Those that differ from the
defaults are written as srkit writes a component: `PLKSR/RealPLKSR(dim=32, layer_norm=true)`.
"""

import difflib
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, get_args

from spandrel import MAIN_REGISTRY, Architecture
from torch import nn

from srkit_core.errors import ExpressionError, OptionError
from srkit_core.expressions import Call, Value, parse_call

_SCALES: Final = ("upscale", "up_scale", "upscaling_factor", "upscale_factor", "scale")
"""What architectures call the scale that they are built for."""
_NONE: Final = "none"


def text_of(network: nn.Module, architecture: Architecture[Any], scale: int) -> str:
    """Return the text of a network of an architecture for a scale.

    Raises ValueError for a parameter that the text cannot hold.
    """
    usual = _defaults(type(network))
    given: Any = network.hyperparameters
    said = {
        name: _value(name, value)
        for name, value in given.items()
        if name in usual and not _is_default(value, usual[name])
    }
    if name := _scale_name(type(network)):
        said = {one: value for one, value in said.items() if one != name or value != scale}
    return str(Call(_name_of(architecture, type(network)), tuple(said.items())))


def from_text(text: str, scale: int) -> tuple[nn.Module, Architecture[Any]]:
    """Build the network of a text for a scale, and return it with its architecture.

    Raises OptionError where the text names no network, or parameters that it does not take.
    """
    try:
        call = parse_call(text)
    except ExpressionError as error:
        raise _refused(f"is no network: {error.message}", text) from error
    architecture, cls = _find(call.name)
    given = {name: _live(value) for name, value in call.options}
    name = _scale_name(cls)
    if name and name not in given:
        given[name] = scale
    unknown = [one for one in given if one not in _defaults(cls)]
    if unknown:
        takes = ", ".join(_defaults(cls))
        raise _refused(f"has a parameter '{unknown[0]}', and {call.name} takes {takes}", text)
    try:
        with quiet():
            return cls(**given), architecture
    except Exception as error:  # parameters are anybody's, and so is what a network makes of them
        raise _refused(f"cannot be built: {type(error).__name__}: {error}", text) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what torch warns authors of networks of, such as older calls, from who uses them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _find(name: str) -> tuple[Architecture[Any], type[nn.Module]]:
    known = {
        _name_of(one.architecture, cls): (one.architecture, cls)
        for one in MAIN_REGISTRY
        for cls in _classes(one.architecture)
    }
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"one of {', '.join(known)}"
        fact = f"spandrel has no architecture '{name}'"
        raise OptionError(fact, component="spandrel", option="network", hint=hint)
    return known[name]


def _classes(architecture: Architecture[Any]) -> tuple[type[nn.Module], ...]:
    """Return the classes of the networks of an architecture, which its base class is given."""
    (network,) = get_args(vars(type(architecture))["__orig_bases__"][0])
    return get_args(network) or (network,)


def _name_of(architecture: Architecture[Any], cls: type[nn.Module]) -> str:
    alone = len(_classes(architecture)) == 1
    return str(architecture.id) if alone else f"{architecture.id}/{cls.__name__}"


def _defaults(cls: type[nn.Module]) -> dict[str, Any]:
    parameters = list(inspect.signature(cls.__init__).parameters.values())
    return {one.name: one.default for one in parameters if one.name != "self"}


def _scale_name(cls: type[nn.Module]) -> str | None:
    return next((name for name in _SCALES if name in _defaults(cls)), None)


def _is_default(value: Any, default: Any) -> bool:
    same = type(value) is type(default) or isinstance(value, (int, float))
    return bool(value is default or (same and value == default))


def _value(name: str, value: Any) -> Value:
    if value is None:
        return _NONE
    if isinstance(value, (list, tuple)):
        return tuple(_value(name, one) for one in value)
    if isinstance(value, (bool, int, float, str)) and value != _NONE:
        return value
    raise ValueError(f"its parameter {name} is {value!r}, which cannot be written down")


def _live(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_live(one) for one in value]
    return None if value == _NONE else value


def _refused(fact: str, text: str) -> OptionError:
    return OptionError(f"'{text}' {fact}", component="spandrel", option="network")
