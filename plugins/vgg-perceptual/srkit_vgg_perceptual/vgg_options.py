"""Which layers of which network do the options of `vgg` select?"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from srkit_core.errors import OptionError
from srkit_perception import ARCHITECTURES, entries_of

VGGNetwork = Literal["vgg19", "vgg16"]

AUTO: Final = "auto"
RANDOM: Final = "random"
_COMPONENT: Final = "vgg"


def layers_with_weights(
    network: VGGNetwork, layer: str | tuple[str, ...], weights: tuple[float, ...] | None
) -> dict[str, float]:
    """Return the weight of each layer.

    Raises OptionError for a layer that is not there, or lists that do not fit.
    """
    names = (layer,) if isinstance(layer, str) else layer
    if not names or len(set(names)) < len(names):
        raise _option_error("layer", f"expects different layers, not [{', '.join(names)}]")
    for name in names:
        _check_layer(network, name)
    if weights is not None and len(weights) != len(names):
        raise _option_error(
            "layer_weights", f"expects a number for each of {len(names)} layers, not {len(weights)}"
        )
    return dict(zip(names, weights or (1.0,) * len(names), strict=True))


def required_networks(options: Mapping[str, Any], /) -> tuple[tuple[str, ...], ...]:
    """Return the names of the entries of which one is needed, or the path of a file.

    None for an untrained network.

    Raises OptionError where the options do not fit a network, so that a recipe is refused before
    anything is read.
    """
    layers_with_weights(options["network"], options["layer"], options["layer_weights"])
    check_weights_option(options["network"], options["weights"])
    names = _names(options["network"])
    if options["weights"] == AUTO:
        return (names,)
    return () if options["weights"] == RANDOM else ((options["weights"],),)


def vgg_min_size(options: Mapping[str, Any], /) -> int:
    """Return the smallest side of a picture, in pixels, of which the deepest layer still has a
    value.
    """
    architecture = ARCHITECTURES[options["network"]]
    layers = layers_with_weights(options["network"], options["layer"], options["layer_weights"])
    return architecture.min_side(architecture.deepest(tuple(layers)))


def check_weights_option(network: VGGNetwork, weights: str) -> None:
    """Raise OptionError for the name of another architecture's network, or for what looks like a
    misspelt one.
    """
    foreign = {name for architecture in ARCHITECTURES for name in _names(architecture)} - set(
        _names(network)
    )
    if weights in foreign:
        raise _option_error(
            "weights", f"expects a {network}, not '{weights}'", hint=f"weights={AUTO}"
        )
    nearest = _nearest(weights, (AUTO, RANDOM, *_names(network)))
    if "/" not in weights and "." not in weights and nearest != weights:
        hint = f"weights={nearest or AUTO}, or the path of a file"
        raise _option_error(
            "weights", f"expects {AUTO}, {RANDOM}, a network or a file, not '{weights}'", hint=hint
        )


def check_factors(content: float, style: float) -> None:
    """Raise OptionError when the loss has no term."""
    if content == style == 0:
        raise OptionError(
            "vgg: options 'content' and 'style' are both 0", component="vgg", option="content"
        )


def _check_layer(network: VGGNetwork, name: str) -> None:
    known = ARCHITECTURES[network].names
    if name not in known:
        nearest = _nearest(name, known)
        hint = (
            f"did you mean '{nearest}'?"
            if nearest
            else f"convB_N, reluB_N or poolB, as in {known[-3]}"
        )
        raise _option_error(
            "layer", f"expects layers of {network}, which has no '{name}'", hint=hint
        )


def _names(architecture: str) -> tuple[str, ...]:
    return tuple(entry.name for entry in entries_of(architecture))


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def _option_error(option: str, problem: str, *, hint: str = "") -> OptionError:
    return OptionError(
        f"{_COMPONENT}: option '{option}' {problem}", component=_COMPONENT, option=option, hint=hint
    )
