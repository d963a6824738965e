"""How do pictures go into a page without making it too large to send?"""

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image, features

from srkit_core.report.shown_pictures import Shot, ShotSource, ShownPicture, spread

MOST_BYTES: Final = 9_000_000
"""Of all pictures together; in the page they take four thirds of it."""
_LOSSY: Final = 90
_TRIES: Final[Sequence[tuple[int, bool]]] = (
    (24, True),
    (12, True),
    (6, True),
    (6, False),
    (3, False),
)
"""How many steps of each run are kept, and whether every pixel is, one after the other."""


@dataclass(frozen=True)
class Fitted:
    """Pictures that fit, their files by the digests of the shots, and what was done for that."""

    pictures: Sequence[ShownPicture]
    files: dict[str, bytes]
    kind: str
    notes: Sequence[str]

    def address(self, shot: Shot) -> str:
        """Return the file of a shot as an address that holds it."""
        text = base64.b64encode(self.files[shot.digest]).decode("ascii")
        return f"data:image/{self.kind};base64,{text}"


def fitted(pictures: Sequence[ShownPicture], most: int = MOST_BYTES) -> Fitted:
    """Return pictures whose files have at most so many bytes: with fewer steps, then with less
    exact pixels, then fewer pictures.
    """
    kind = "webp" if features.check("webp") else "png"
    encode, kept = _encoder(kind), list(pictures)
    for steps, exact in (*_TRIES, *[_TRIES[-1]] * len(pictures)):
        if not kept:
            break
        shown = [_with_steps(one, steps) for one in kept]
        files = {shot.digest: encode(shot, exact) for shot in _shots(shown)}
        if sum(map(len, files.values())) <= most:
            return Fitted(shown, files, kind, list(_notes(pictures, shown, exact or kind == "png")))
        if (steps, exact) == _TRIES[-1]:
            kept = kept[: len(kept) // 2]
    lost = [f"none of the {len(pictures)} pictures fits into this page"] if pictures else []
    return Fitted([], {}, kind, lost)


def _encoder(kind: str) -> Callable[[Shot, bool], bytes]:
    known = dict[tuple[str, bool], bytes]()

    def encode(shot: Shot, exact: bool) -> bytes:
        key = shot.digest, exact
        if key not in known:
            known[key] = _encoded(shot, kind, exact=exact)
        return known[key]

    return encode


def _encoded(shot: Shot, kind: str, *, exact: bool) -> bytes:
    content, image = io.BytesIO(), Image.fromarray(shot.pixels)
    if kind == "png":
        image.save(content, "png", optimize=True)
    elif exact:
        image.save(content, "webp", lossless=True, quality=60, method=2)
    else:
        image.save(content, "webp", quality=_LOSSY, method=4)
    return content.getvalue()


def _with_steps(picture: ShownPicture, most: int) -> ShownPicture:
    return replace(picture, sources=[_thinned_source(one, most) for one in picture.sources])


def _thinned_source(source: ShotSource, most: int) -> ShotSource:
    kept = spread(range(len(source.shots)), most)
    return replace(source, shots=[source.shots[place] for place in kept])


def _shots(pictures: Sequence[ShownPicture]) -> Iterator[Shot]:
    return (shot for one in pictures for source in one.sources for shot in source.shots)


def _notes(
    before: Sequence[ShownPicture], after: Sequence[ShownPicture], exact: bool
) -> Iterator[str]:
    """Say what a reader has to know of what was left out."""
    sources = [source for one in after for source in one.sources]
    fewest = min(sources, key=lambda one: len(one.shots) - one.steps)
    if len(fewest.shots) < fewest.steps:
        yield f"{len(fewest.shots)} of {fewest.steps} validations are shown, evenly spread"
    if len(after) < len(before):
        yield f"{len(after)} of {len(before)} pictures are shown"
    if not exact:
        yield (
            f"pictures are WebP of quality {_LOSSY}, so that the page can be sent; judge fine "
            "texture by the files of the run"
        )
