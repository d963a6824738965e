"""What is in a weights file of a discriminator?

It is one of safetensors like a generator's, with a card of its own, so that neither is taken for
the other.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from srkit_core.binding import BoundComponent, Context, bind
from srkit_core.errors import ExpressionError, UnknownComponentError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.misses import with_maker
from srkit_core.models.weights_card import (
    DISCRIMINATOR_FORMAT,
    FORMAT,
    read_header,
    table_of_versions,
)
from srkit_core.models.weights_file import versions
from srkit_core.registry import Registry


@dataclass(frozen=True)
class DiscriminatorCard:
    """Who a weights file of a discriminator says it is.

    `patch` is the side, in HR pixels, of the pictures it judged, and `scale` that of their
    generator; `versions`, `recipe`, `step` and `origin` are as in a generator's card.
    """

    discriminator: Call
    scale: int
    patch: int
    versions: Mapping[str, str]
    recipe: str = ""
    step: int = 0
    origin: str = ""

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of the file."""
        return {
            "format": DISCRIMINATOR_FORMAT,
            "discriminator": str(self.discriminator),
            "scale": str(self.scale),
            "patch": str(self.patch),
            "recipe": self.recipe,
            "versions": json.dumps(dict(self.versions), sort_keys=True),
            "step": str(self.step),
            "origin": self.origin,
        }


def discriminator_card(
    bound: BoundComponent,
    context: Context,
    registry: Registry,
    *,
    recipe: str = "",
    step: int = 0,
    origin: str = "",
) -> DiscriminatorCard:
    """Return the card of a discriminator's weights that are written here and now."""
    call, scale, patch = bound.expression, context["scale"], context["patch"]
    return DiscriminatorCard(call, scale, patch, versions(registry), recipe, step, origin)


def is_discriminator(path: Path) -> bool:
    """Whether a whole file of safetensors says that it holds a discriminator."""
    try:
        return read_header(path).get("format") == DISCRIMINATOR_FORMAT
    except WeightsError:
        return False


def read_discriminator_card(path: Path) -> DiscriminatorCard:
    """Return who a weights file of a discriminator is; raises WeightsError when it is none."""
    said = read_header(path)
    if said.get("format") != DISCRIMINATOR_FORMAT:
        generator = said.get("format") == FORMAT
        what = "holds a generator, not a discriminator" if generator else "does not say what it is"
        hint = "--init takes it" if generator else "srkit weights import FILE --kind discriminator"
        raise WeightsError(f"{path} {what}", hint=hint, path=path)
    try:
        return DiscriminatorCard(
            discriminator=parse_call(said["discriminator"]),
            scale=int(said["scale"]),
            patch=int(said["patch"]),
            versions=table_of_versions(said.get("versions", "{}")),
            recipe=said.get("recipe", ""),
            step=int(said.get("step", 0)),
            origin=said.get("origin", ""),
        )
    except (KeyError, TypeError, ValueError, RecursionError, ExpressionError) as error:
        raise WeightsError(
            f"the metadata of {path} is damaged: {error}",
            hint=f"copy {shlex.quote(str(path))} again",
            path=path,
        ) from error


def bind_discriminator_card(
    card: DiscriminatorCard, path: Path, registry: Registry
) -> BoundComponent:
    """Bind the discriminator that a weights file is for; raises UnknownComponentError that says
    with what it was made, where that is not installed.
    """
    names, context = registry.preferring(card.versions), {"scale": card.scale, "patch": card.patch}
    try:
        return bind(names, "discriminator", card.discriminator, context)
    except UnknownComponentError as error:
        raise with_maker(error, path, card.versions) from None
