"""Which pictures show the same, and must never be told apart by a split?"""

import re
from pathlib import PurePosixPath

from srkit_core.io.images import picture_endings

_COPIES = re.compile(r"(?:T\d+)?(?:_s\d+)?$")
"""How BasicSR's `extract_subimages.py` names the parts of a picture, and Real-ESRGAN's
`generate_multiscale_DF2K.py` its sizes.
"""
_EYES = re.compile(r"[-_](?:left|right|l|r)$", re.IGNORECASE)
"""How stereo sets such as Flickr1024 name what two eyes see."""


def group_of(name: str) -> str:
    """Return the group of a picture by its name in its place: without ending, and without what
    tells copies or eyes apart.
    """
    bare = (
        name.removesuffix(PurePosixPath(name).suffix)
        if PurePosixPath(name).suffix.lower() in picture_endings()
        else name
    )
    group = _EYES.sub("", _COPIES.sub("", bare))
    return bare if not group or group.endswith("/") else group
