"""Which of the prepared pictures stay?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from srkit_core.data.preparation.likeness import Likenesses
from srkit_core.data.preparation.originals import Original
from srkit_core.data.preparation.records import Record, load

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

    def filter(self, original: Original, which: str, reason: str) -> None:
        """Count a picture that a filter takes."""
        self.filtered.append((original.shown, reason))
        self.counts[which] += 1


def staying(
    originals: Iterable[Original], out: Path, tally: Tally, *, duplicates: bool
) -> Iterator[tuple[Original, Record]]:
    """Yield the pictures that stay, in the order of the plan, which decides: of near-duplicates the
    first one, unless all may stay.

    Pictures without a finished record are passed over.
    """
    kept = Likenesses()
    for original in originals:
        record = load(out, original.name)
        if record is None or not record.outputs:
            continue
        if not any(output.patches for output in record.outputs):
            tally.filter(original, TOO_FLAT, "it is flat everywhere")
            continue
        other = None if duplicates else kept.alike(record.likeness)
        if other:
            tally.filter(original, DUPLICATE, f"it looks like {other}")
            continue
        kept.keep(record.likeness, original.name)
        tally.counts[FLAT_PATCHES] += sum(output.flat for output in record.outputs)
        yield original, record
