"""Which photographs come with every installation?

scikit-image's wheel holds photographs in the public domain or under CC0; these of them are colour or gray pictures of
the real world, large enough to train on.
"""

from pathlib import Path

import skimage

NAME = "photos"

GROUPS: dict[str, str] = {
    "astronaut.png": "astronaut",
    "brick.png": "brick",
    "camera.png": "camera",
    "chelsea.png": "chelsea",
    "coffee.png": "coffee",
    "grass.png": "grass",
    "gravel.png": "gravel",
    "hubble_deep_field.jpg": "hubble_deep_field",
    "ihc.png": "ihc",
    "motorcycle_left.png": "motorcycle",
    "motorcycle_right.png": "motorcycle",
    "retina.jpg": "retina",
    "rocket.jpg": "rocket",
}
"""File to group; the two motorcycles are a stereo pair, and a group is never split between training and test."""


def bundled_photographs() -> list[Path]:
    """Return the files, sorted by name."""
    folder = Path(skimage.__file__).parent / "data"
    return [folder / name for name in GROUPS]
