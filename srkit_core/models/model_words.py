"""What does a word for a model say before the model is loaded, and which words are near it?

Importing this module does not import torch.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srkit_core.errors import ExpressionError, UnknownComponentError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.weights_card import is_ours, read_card
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Component, Registry
from srkit_core.specs import GeneratorSpec

if TYPE_CHECKING:
    from srkit_core.models.find_model import ModelLike

DEFAULT_SCALE: Final = 4
_NEAREST: Final = 3
_A_PART: Final = 4
"""How many names are offered, and letters of a word that may be a part of one."""


def fetch(model: "ModelLike", registry: Registry, report: DownloadProgress | None = None) -> None:
    """Bring known weights onto this machine, where a word means some; `report` is told of the
    download.
    """
    if isinstance(model, str | Path):
        locate_weights(model, registry, report)


def own_scale(model: "ModelLike", registry: Registry) -> int | None:
    """Return the scale that weights were trained for, None for a baseline, which has any.

    Raises WeightsError where a word is neither.
    """
    if not isinstance(model, str | Path):
        return model.scale
    located = locate_weights(model, registry)
    if located is None:
        baseline_call(str(model), registry)
        return None
    path = located.path
    if not path.is_file() or is_ours(path):
        return read_card(path).scale
    from srkit_core.models.foreign_weights import recognise

    return recognise(path, registry).scale


def baselines(registry: Registry) -> list[str]:
    """Return the names of generators that need no weights."""
    return [bound.name for bound in registry.of_kind("generator") if _is_baseline(bound)]


def baseline_call(word: str, registry: Registry) -> Call:
    """Return the baseline that a word is; raises WeightsError where it is none."""
    try:
        call = parse_call(word)
        found = registry.find("generator", call.name)
    except (ExpressionError, UnknownComponentError):
        raise _neither(word, registry) from None
    if not _is_baseline(found):
        raise _neither(word, registry)
    return call


def _is_baseline(component: Component) -> bool:
    return isinstance(component.spec, GeneratorSpec) and not component.spec.trainable


def near_models(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that a word is nearest to, in spelling or as a part of them, whatever its
    case and separators.
    """
    plain = {_plain(name): name for name in names}
    spelt = difflib.get_close_matches(_plain(word), list(plain), n=_NEAREST)
    within = [one for one in plain if len(_plain(word)) >= _A_PART and _plain(word) in one]
    return [plain[one] for one in dict.fromkeys((*spelt, *within))][:_NEAREST]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _neither(word: str, registry: Registry) -> WeightsError:
    if word and Path(word).is_dir():
        hint = "name a weights file, or a folder that srkit train wrote"
        return WeightsError(f"there is no run in the folder {word}", hint=hint, path=Path(word))
    known = baselines(registry)
    names = [*known, *(spec.name for spec in registry.weights if spec.may_be_model)]
    nearest = [f"'{name}'" for name in near_models(word, names)]
    hint = (
        f"did you mean {' or '.join(nearest)}?"
        if nearest
        else f"a .safetensors file, one of {', '.join(known)}, or a name of srkit models"
    )
    return WeightsError(f"'{word}' is neither a weights file nor a baseline", hint=hint)
