"""Which photographs come with every installation?

scikit-image's wheel holds photographs in the public domain or under CC0; these of them are colour
or gray pictures of the real world, large enough to train on.
"""

from pathlib import Path

import skimage

BUNDLED = "photos"

FILES = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
)
"""The two motorcycles are a stereo pair, and so one group."""


def bundled_photographs() -> list[Path]:
    """Return the files, sorted by name."""
    folder = Path(skimage.__file__).parent / "data"
    return [folder / name for name in FILES]
