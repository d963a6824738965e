"""By what are the pictures that were scored known again, under other names and in other files?"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor

from srkit_core.evaluation.digests import joined_digest
from srkit_core.evaluation.scoring import Pair
from srkit_core.io.images import to_bytes


class Fingerprint:
    """Digests of the pictures that pass by: of the pixels of HR as it is scored, and of LR."""

    def __init__(self) -> None:
        self._hr = dict[str, str]()
        self._lr = dict[str, str]()

    def watching(self, examples: Iterable[Pair], *, has_lr: bool = True) -> Iterator[Pair]:
        """Yield the same pairs; those that were seen before are not looked at again. Without
        `has_lr` something else stands in the place of LR.
        """
        for pair in examples:
            if pair.name not in self._hr:
                self._hr[pair.name] = pixel_digest(pair.hr)
            if has_lr and pair.name not in self._lr:
                self._lr[pair.name] = pixel_digest(pair.lr)
            yield pair

    def of_lr(self) -> str:
        """Return the digest of all LR, or of what stood in its place."""
        return joined_digest(self._lr.values())

    def describe(self, place: str, *, stored_lr: bool) -> dict[str, Any]:
        """Return how many pictures there were, the digest of all of them, whatever their names and
        order, and the place they are from, as fields of a protocol; the digest of LR too where it
        came from files.
        """
        digest = joined_digest(self._hr.values())
        pictures = {"pictures": {"count": len(self._hr), "sha256": digest, "from": place}}
        return {**pictures, "lr_sha256": self.of_lr()} if stored_lr else pictures


def pixel_digest(picture: Tensor) -> str:
    """Return the sha256 of a picture (1, 3, H, W) in [0, 1]: of its sides and its 8-bit values,
    row by row, R, G and B of each pixel.
    """
    pixels = to_bytes(picture)[0].cpu().numpy()
    found = hashlib.sha256(f"{pixels.shape[0]}x{pixels.shape[1]} ".encode())
    found.update(pixels.tobytes())
    return found.hexdigest()
