"""What is to be made of one source picture?"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.data.preparation.grid import corners
from srkit_core.data.preparation.options import Options
from srkit_core.data.preparation.originals import Original

_VERSION = 1
"""Counts up when the same options come to mean other pixels."""


@dataclass(frozen=True)
class Variant:
    """The picture itself (`number` 1) or an augmented copy.

    Its patches have the indices from `first` on.
    """

    name: str
    number: int
    first: int


@dataclass(frozen=True)
class Job:
    """A source picture of (height, width) by its header, and what is written of it below `out`."""

    original: Original
    out: Path
    height: int
    width: int
    options: Options
    variants: tuple[Variant, ...]

    def digest(self) -> str:
        """Tell this job from every other that would write something else.

        Where the source lies does not matter.
        """
        words = [_VERSION, self.options.in_words(), self.height, self.width]
        indexed = self.options.format == "files" and "{index" in self.options.names
        variants = [(one.name, one.number, one.first if indexed else 0) for one in self.variants]
        return hashlib.sha256(json.dumps([*words, variants], sort_keys=True).encode()).hexdigest()


def stored_sides(height: int, width: int, options: Options) -> tuple[int, int]:
    """Return (height, width) of the HR that is stored of a picture: resized where asked for, of
    whole LR pixels.
    """
    wide, tall = options.resize or (width, height)
    return tall // options.scale * options.scale, wide // options.scale * options.scale


def patches_of(height: int, width: int, options: Options) -> int:
    """Return how many patches a picture of (height, width) has, 0 when it is too small."""
    tall, wide = stored_sides(height, width, options)
    return len(corners(tall, wide, options.patch, options.stride)) if tall and wide else 0


def plan_jobs(sizes: Mapping[Original, tuple[int, int]], out: Path, options: Options) -> list[Job]:
    """Return a job for each picture, given with its (height, width), in their order.

    All pictures come before all second variants, and so on, up to the limit; indices run in this
    order.
    """
    bare = [
        Job(original, out, height, width, options, ())
        for original, (height, width) in sizes.items()
    ]
    made: list[list[Variant]] = [[] for _ in bare]
    for place, variant in _in_turn(bare, options):
        made[place].append(variant)
    return [
        replace(job, variants=tuple(variants))
        for job, variants in zip(bare, made, strict=True)
        if variants
    ]


def _in_turn(jobs: list[Job], options: Options) -> Iterator[tuple[int, Variant]]:
    most = len(jobs) * options.variants if options.limit is None else options.limit
    first = 0
    for turn in range(min(most, len(jobs) * options.variants)):
        number, place = divmod(turn, len(jobs))
        name = jobs[place].original.name + (f"#v{number + 1}" if number else "")
        yield place, Variant(name, number + 1, first)
        first += patches_of(jobs[place].height, jobs[place].width, options)
