"""Which of the prepared pictures are selected, and what is left out?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from srkit_core.data.near_duplicates import joined_groups
from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.perceptual_hash import NearDuplicates
from srkit_core.data.preparation.records import Record

TOO_SMALL, TOO_FLAT, DUPLICATE, FLAT_PATCHES = (
    "too small",
    "too flat",
    "near-duplicate",
    "flat patches",
)


@dataclass
class Tally:
    """What was left out: files that cannot be used, and pictures that a filter took, (path, reason)
    each; and counts by filter.
    """

    skipped: list[tuple[str, str]] = field(default_factory=list)
    filtered: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(
        default_factory=lambda: Counter({TOO_SMALL: 0, TOO_FLAT: 0, DUPLICATE: 0, FLAT_PATCHES: 0})
    )

    def filter(self, file: InputFile, which: str, reason: str) -> None:
        """Count a picture that a filter takes."""
        self.filtered.append((file.shown, reason))
        self.counts[which] += 1


def select_pictures(
    files: Iterable[InputFile],
    record_of: Callable[[str], Record | None],
    tally: Tally,
    *,
    duplicates: bool,
) -> Iterator[tuple[InputFile, Record]]:
    """Yield the pictures for the manifest, in the order of the plan, which decides: of
    near-duplicates the first one, unless all may stay.

    `record_of` tells the record of a name. Pictures without a finished record are passed over.
    """
    kept = NearDuplicates()
    for file in files:
        record = record_of(file.name)
        if record is None or not record.outputs:
            continue
        if not any(output.patches for output in record.outputs):
            tally.filter(file, TOO_FLAT, "it is flat everywhere")
            continue
        other = None if duplicates else kept.first_like(record.perceptual_hash)
        if other:
            tally.filter(file, DUPLICATE, f"it looks like {other}")
            continue
        kept.keep(record.perceptual_hash, file.name)
        tally.counts[FLAT_PATCHES] += sum(output.flat for output in record.outputs)
        yield file, record


def with_joined_groups(
    selected: Iterable[tuple[InputFile, Record]],
) -> list[tuple[InputFile, Record]]:
    """Put selected pictures that look the same into one group, so that no split parts them."""
    pictures, kept, pairs = list(selected), NearDuplicates(), list[tuple[str, str]]()
    for file, record in pictures:
        pairs += [(file.group, other) for other in kept.all_like(record.perceptual_hash)]
        kept.keep(record.perceptual_hash, file.group)
    names = joined_groups((file.group for file, _ in pictures), pairs)
    return [(replace(file, group=names[file.group]), record) for file, record in pictures]
