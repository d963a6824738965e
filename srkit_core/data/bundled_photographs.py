"""Which photographs come with every installation?

scikit-image's wheel holds photographs; these are colour or gray pictures of the real world, large
enough to train on. They are in the public domain or under CC0, but for the two of motorcycles: of
Middlebury's stereo benchmark of 2014, whose authors state no licence.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from srkit_core.data.splits import Selection, choose
from srkit_core.errors import DataError

BUNDLED = "photos"


class Photograph(NamedTuple):
    """A bundled file, its smaller side in pixels, and what it shows: two of a stereo pair show the
    same.
    """

    file: str
    side: int
    group: str


PHOTOGRAPHS: Final = (
    Photograph("astronaut.png", 512, "astronaut"),
    Photograph("brick.png", 512, "brick"),
    Photograph("camera.png", 512, "camera"),
    Photograph("chelsea.png", 300, "chelsea"),
    Photograph("coffee.png", 400, "coffee"),
    Photograph("grass.png", 512, "grass"),
    Photograph("gravel.png", 512, "gravel"),
    Photograph("hubble_deep_field.jpg", 872, "hubble_deep_field"),
    Photograph("ihc.png", 512, "ihc"),
    Photograph("motorcycle_left.png", 500, "motorcycle"),
    Photograph("motorcycle_right.png", 500, "motorcycle"),
    Photograph("retina.jpg", 1411, "retina"),
    Photograph("rocket.jpg", 427, "rocket"),
)


def bundled_photographs() -> list[Path]:
    """Return the files, sorted by name."""
    spec = find_spec("skimage")
    folder = Path(spec.origin if spec and spec.origin else "").parent / "data"
    return [folder / photograph.file for photograph in PHOTOGRAPHS]


def count_bundled(files: Iterable[Path]) -> int:
    """Return how many of some files are bundled photographs."""
    bundled = set(bundled_photographs())
    return sum(file in bundled for file in files)


def count_training_photographs(
    smallest: int, hold_out: Selection | None, test: Selection
) -> int | None:
    """Return how many are left to train on, with both sides of at least `smallest` pixels, when
    some are held out; None when a selection means other pictures than these.
    """
    large = [one for one in PHOTOGRAPHS if one.side >= smallest]
    groups = {Path(one.file).stem: one.group for one in large}
    try:
        held, tested = choose(groups, hold_out, test, BUNDLED)
    except DataError:
        return None
    return sum(one.group not in held | tested for one in large)
