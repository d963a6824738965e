"""What is to be written of one input file: which copies of it, and which patches?"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from srkit_core.augmentation.crop_position import detail
from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.records import Record
from srkit_core.io.images import Pixels

_VERSION = 1
"""Counts up when the same options come to mean other pixels."""
_FLAT = 0.5
"""A patch with a smaller mean gradient, in 8-bit steps a pixel, shows next to nothing (empirical).
"""


@dataclass(frozen=True)
class Variant:
    """The picture itself (`number` 1) or an augmented copy.

    Its patches have the indices from `first` on.
    """

    name: str
    number: int
    first: int


@dataclass(frozen=True)
class PictureJob:
    """An input file of (height, width) by its header, and what is written of it below `out`, where
    its record was `before`.
    """

    file: InputFile
    out: Path
    height: int
    width: int
    options: PrepareOptions
    variants: tuple[Variant, ...]
    before: Record | None = None

    def digest(self) -> str:
        """Tell this job from every other that would write something else.

        Where the source lies does not matter.
        """
        words = [_VERSION, self.options.in_words(), self.height, self.width]
        indexed = self.options.format == "files" and "{index" in self.options.pattern
        variants = [(one.name, one.number, one.first if indexed else 0) for one in self.variants]
        return hashlib.sha256(json.dumps([*words, variants], sort_keys=True).encode()).hexdigest()


def stored_sides(height: int, width: int, options: PrepareOptions) -> tuple[int, int]:
    """Return (height, width) of the HR that is stored of a picture: resized where asked for, of
    whole LR pixels.
    """
    wide, tall = options.resize or (width, height)
    scale = options.factor
    return tall // scale * scale, wide // scale * scale


def patches_of(height: int, width: int, options: PrepareOptions) -> int:
    """Return how many patches a picture of (height, width) has, 0 when it is too small."""
    tall, wide = stored_sides(height, width, options)
    return len(patch_corners(tall, wide, options)) if tall and wide else 0


def patch_corners(height: int, width: int, options: PrepareOptions) -> list[tuple[int, int]]:
    """Return the top left of each patch of a stored picture, row by row.

    The last of a row or column is moved inside, so that no border is lost.

    Without a side of patches the whole picture is one; of a picture that is smaller than a patch
    there are none.
    """
    patch = options.patch
    if patch is None:
        return [(0, 0)]
    stride = options.stride or patch
    return list(product(_starts(height, patch, stride), _starts(width, patch, stride)))


def shows_something(
    pixels: Pixels, corners: list[tuple[int, int]], options: PrepareOptions
) -> list[bool]:
    """Say of each patch of (H, W, 3) whether it shows something."""
    side = options.patch or max(pixels.shape)
    return [detail(pixels, corner, side) >= _FLAT for corner in corners]


def plan_jobs(
    sizes: Mapping[InputFile, tuple[int, int]], out: Path, options: PrepareOptions
) -> list[PictureJob]:
    """Return a job for each picture, given with its (height, width), in their order.

    All pictures come before all second variants, and so on, up to the limit; indices run in this
    order.
    """
    bare = [
        PictureJob(file, out, height, width, options, ()) for file, (height, width) in sizes.items()
    ]
    variants_of: list[list[Variant]] = [[] for _ in bare]
    for position, variant in _in_turn(bare, options):
        variants_of[position].append(variant)
    return [
        replace(job, variants=tuple(variants))
        for job, variants in zip(bare, variants_of, strict=True)
        if variants
    ]


def _in_turn(jobs: list[PictureJob], options: PrepareOptions) -> Iterator[tuple[int, Variant]]:
    most = len(jobs) * options.variants if options.limit is None else options.limit
    first = 0
    for turn in range(min(most, len(jobs) * options.variants)):
        number, position = divmod(turn, len(jobs))
        job = jobs[position]
        name = job.file.name + (f"#v{number + 1}" if number else "")
        yield position, Variant(name, number + 1, first)
        first += patches_of(job.height, job.width, options)


def _starts(side: int, patch: int, stride: int) -> list[int]:
    if side < patch:
        return []
    last = side - patch
    return sorted({*range(0, last + 1, stride), last})
