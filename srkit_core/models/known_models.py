"""Which whole model do known weights hold, as their plugin says and as their file does?"""

from srkit_core.errors import PluginError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.models.weights_card import is_ours, read_card
from srkit_core.pretrained import FoundWeights
from srkit_core.registry import Installed, Registry
from srkit_core.specs import GeneratorSpec, WeightsSpec


def known_model(word: str, registry: Registry) -> WeightsSpec | None:
    """Return the known weights that a word names, bare or full, where they may be a whole model.

    Raises AmbiguousError when several distributions announce different ones under that name.
    """
    named = [one for one in registry.installed(WeightsSpec) if word in (one.name, one.full_name)]
    return registry.pretrained(word) if any(one.spec.may_be_model for one in named) else None


def is_model_name(word: str, registry: Registry) -> bool:
    """Whether a word names known weights of a whole model, or a generator without weights."""
    baselines = (
        word in (one.name, one.full_name)
        for one in registry.of_kind("generator")
        if isinstance(one.spec, GeneratorSpec) and not one.spec.trainable
    )
    return known_model(word, registry) is not None or any(baselines)


def check_announced(found: FoundWeights, registry: Registry) -> None:
    """Check that the file of known weights is the model that its plugin announced.

    A file that srkit wrote says itself what it holds, so that its announcement may say nothing, and
    may say nothing else. Raises WeightsError when neither names a generator, PluginError when they
    differ.
    """
    spec = found.spec
    if not is_ours(found.path):
        if not spec.generator:
            fact = f"'{spec.name}' is no model: no generator is named with it or in its file"
            raise WeightsError(fact, hint="srkit weights list", path=found.path)
        return
    card = read_card(found.path)
    scale = card.scale if spec.scale is None else spec.scale
    wanted = parse_call(spec.generator) if spec.generator else card.generator
    if scale != card.scale or not _agree(wanted, card.generator):
        home = home_of(spec, registry)
        raise PluginError(
            f"{home.distribution} announces the weights '{spec.name}' as {wanted} x{scale}, and "
            f"their file says {card.generator} x{card.scale}",
            hint=f"another version of {home.distribution}; tell its authors",
        )


def home_of(spec: WeightsSpec, registry: Registry) -> Installed[WeightsSpec]:
    """Return known weights with the distribution that announces them."""
    return next(one for one in registry.installed(WeightsSpec) if one.spec is spec)


def _agree(announced: Call, said: Call) -> bool:
    """Whether the call of a card has the name and every option that an announcement writes."""
    names = [call.name.rpartition("/")[2] for call in (announced, said)]
    options = dict(said.options)
    return names[0] == names[1] and all(
        name in options and options[name] == value for name, value in announced.options
    )
