"""How is a component announced, and which traits decide about it without torch?

One frozen class per kind; the class *is* the kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Protocol

from srkit_core.component_kinds import Kind
from srkit_core.field_bounds import AtLeast, LossWeight, NotNegative, OneLine
from srkit_core.interfaces import Count
from srkit_core.specs.factories import FactorySpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OptionFunction = Callable[[Mapping[str, Any]], int]
"""A trait that depends on the options: takes all bound options (and context), returns a number of
pixels or a factor.
"""

Amount = Count | OptionFunction
"""A trait that is one number, or depends on the options; see `BoundComponent.amount`."""

EVERYWHERE: Final = 2**20
"""The `receptive` of a network for which the whole picture matters: it is cut into tiles only where
memory asks for it.
"""

Alternatives = tuple[str, ...]
"""Names of pretrained networks of which one is needed, in the order to try."""


def _no_networks(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
    return ()


def _free(options: Mapping[str, Any], /) -> bool:
    return False


def _unsaid(options: Mapping[str, Any], /) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class ComponentSpec(FactorySpec):
    """What every kind has in common.

    `pretrained` says, for the bound options, which frozen networks of `WeightsSpec` it reads: one
    of each tuple. Where a tuple names several, the option `weights` takes the name of the one that
    was found; a path names a file.
    """

    kind: ClassVar[Kind]
    traits: ClassVar[tuple[str, ...]] = ()

    pretrained: Callable[[Mapping[str, Any]], tuple[Alternatives, ...]] = _no_networks


@dataclass(frozen=True, kw_only=True)
class GeneratorSpec(ComponentSpec):
    """A network from LR to SR.

    `scales` are the scales it can be built for; LR sides are padded to a multiple of
    `size_multiple` and to at least `min_size` pixels by srkit, never by the network; `trainable` is
    False for plain interpolation; `receptive` is how many LR pixels around an output pixel matter
    in practice, the default overlap of tiles, or EVERYWHERE; `body` names the `nn.Sequential` of
    blocks that may be computed again for the gradient (none with batch normalisation). `opened_by`
    says, for the bound options, which other tools open its weights, or that none does and which
    options change that; nothing where its author does not know. `keeps_16_bit` are options under
    which one whose defaults round to 8 bit does not, for pictures of more.
    """

    kind = "generator"
    traits = ("scales", "size_multiple", "min_size", "trainable", "receptive", "body", "opened_by")

    scales: Annotated[tuple[Count, ...], AtLeast(1)]
    size_multiple: Amount = 1
    min_size: Amount = 1
    trainable: bool = True
    receptive: NotNegative | OptionFunction = 32
    body: OneLine = ""
    opened_by: Callable[[Mapping[str, Any]], str] = _unsaid
    keeps_16_bit: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class DiscriminatorSpec(ComponentSpec):
    """A network from pictures to logits.

    `min_size` is the smallest picture side in pixels it accepts, `max_size` the largest, None
    being any; both are the same where it is built for one side alone. `lipschitz` says, for the
    bound options, whether the slope of the logits is bounded, because every layer is spectrally
    normalised.
    """

    kind = "discriminator"
    traits = ("min_size", "max_size", "lipschitz")

    min_size: Amount = 1
    max_size: Amount | None = None
    lipschitz: Callable[[Mapping[str, Any]], bool] = _free


@dataclass(frozen=True, kw_only=True)
class LossSpec(ComponentSpec):
    """A term of the objective; `default_weight` is used where an expression gives none.

    The field's usual defaults: 1 for reference losses, 0.005 for adversarial ones (ESRGAN, Wang et
    al. 2018, eq. 3). An adversarial loss with `needs_lipschitz` is refused with a discriminator
    that is not `lipschitz`. A reference loss without `needs_reference` looks at SR only; `min_size`
    is the smallest side of the pictures it compares, in pixels. One with `autocast` is called under
    autocast in runs of bf16, with SR in bf16, since most of it is a network; all others are
    computed in float32.
    """

    kind = "loss"
    traits = ("adversarial", "default_weight", "needs_lipschitz", "needs_reference", "min_size")

    adversarial: bool = False
    needs_lipschitz: bool = False
    needs_reference: bool = True
    autocast: bool = False
    min_size: Amount = 1
    default_weight: LossWeight = field(default=1.0)


@dataclass(frozen=True, kw_only=True)
class MetricSpec(ComponentSpec):
    """A score per image, or `of_set` one of a whole set (`SetMetric`).

    `domain` is `protocol` when the metric sees what the protocol prepares (luma or RGB, border
    cropped), or `rgb` when it always sees whole RGB pictures; `min_size` is the smallest side of a
    picture it scores, in pixels; a metric without `needs_reference` looks at SR only.
    """

    kind = "metric"
    traits = ("higher_is_better", "unit", "needs_reference", "domain", "min_size", "of_set")

    higher_is_better: bool
    unit: OneLine = ""
    needs_reference: bool = True
    domain: Literal["protocol", "rgb"] = "protocol"
    min_size: Amount = 1
    of_set: bool = False


def _no_pixels(options: Mapping[str, Any], /) -> int:
    return 0


def _always(options: Mapping[str, Any], /) -> bool:
    return True


def _same_size(options: Mapping[str, Any], /) -> int:
    return 1


class PixelDegradation(Protocol):
    """What a degradation does to one picture of 8 bit, where it needs no torch for that and draws
    nothing: uint8 (sH, sW, 3) -> uint8 (H, W, 3), the bytes that it makes of a batch.
    """

    def __call__(self, hr: "NDArray[np.uint8]", /) -> "NDArray[np.uint8]":
        """Return LR."""
        ...


def _of_batches_alone(options: Mapping[str, Any], /) -> PixelDegradation | None:
    return None


@dataclass(frozen=True, kw_only=True)
class DegradationSpec(ComponentSpec):
    """A step from HR towards LR.

    `margin` is how many pixels of its own input around a crop change the crop; `divisor` is by how
    much it divides the sides of the picture. `exact_in_crops` says whether the LR of a crop with
    its margin is the crop of the LR: false for what draws something for each pixel, such as noise,
    or works on a grid of its own, such as JPEG's blocks. `of_pixels` returns what makes the same of
    one picture of 8 bit without torch, so that a process that only writes pictures need not import
    it; None where nothing does. All depend on the bound options.
    """

    kind = "degradation"
    traits = ("margin", "divisor", "exact_in_crops")

    margin: OptionFunction = _no_pixels
    divisor: OptionFunction = _same_size
    exact_in_crops: Callable[[Mapping[str, Any]], bool] = _always
    of_pixels: Callable[[Mapping[str, Any]], PixelDegradation | None] = _of_batches_alone


SPEC_CLASSES: tuple[type[ComponentSpec], ...] = (
    GeneratorSpec,
    DiscriminatorSpec,
    LossSpec,
    MetricSpec,
    DegradationSpec,
)
