"""What does a check say of the pictures that will be trained on?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srkit_core.data_source import DataSource, parse_data_sources
from srkit_core.errors import SrkitError
from srkit_core.run_options import BUNDLED_SOURCE

if TYPE_CHECKING:
    from srkit_core.plan import Plan


def data_line(
    planned: "Plan", environment: dict[str, Any], data: str | None, crops: int | None
) -> str:
    """Return the line that names the pictures, as they are given or as a run recorded them."""
    place = data or environment.get("data", {}).get("source")
    usual = "photos, the bundled photographs, unless --data names others"
    named = place or ("pairs, which --data names" if planned.degradation is None else usual)
    return f"data: {named}" + (f"; {crops} crops an epoch" if crops else "")


def data_notes(planned: "Plan", environment: dict[str, Any], data: str | None) -> Iterator[str]:
    """Say which pictures are not on this machine, and where LR is from where some is stored."""
    place = data or environment.get("data", {}).get("source", BUNDLED_SOURCE)
    sources = parse_data_sources(place)
    gone = [one for source in sources for one in source.places() if not _is_somewhere(one)]
    whose = "the pictures" if data else "its pictures"
    yield from (f"note: {whose} in {one} are not here; give others with --data" for one in gone)
    stored = planned.degradation is None or any(source.has_lr for source in sources)
    if (
        not gone
        and stored
        and not any("://" in one for source in sources for one in source.places())
    ):
        yield from _lr_notes(planned, sources)


def _is_somewhere(place: str) -> bool:
    return place == BUNDLED_SOURCE or "://" in place or Path(place).exists()


def _lr_notes(planned: "Plan", sources: tuple[DataSource, ...]) -> Iterator[str]:
    """Count the pictures whose LR is on the disk, and those whose LR is made."""
    paired = planned.degradation is None
    try:
        counts = [(one.has_lr or paired, _count(one, planned, paired=paired)) for one in sources]
    except SrkitError as error:
        yield f"note: {error}; {error.hint}"
        return
    stored, made = (sum(count for has, count in counts if has is kind) for kind in (True, False))
    other = f", of {made} it is made by {planned.degradation.chain}" if planned.degradation else ""
    yield f"LR of {stored} pictures is from disk{other}"


def _count(source: DataSource, planned: "Plan", *, paired: bool) -> int:
    """Return how many pictures a source on this machine names, by names alone."""
    from srkit_core.data.file_list import list_files
    from srkit_core.data.pairs import Naming
    from srkit_core.data.prepared_folder import find_prepared_folder

    packed = find_prepared_folder(source)
    if packed:
        return len(packed.manifest.pictures)
    names = planned.recipe.data.lr_names_of("train")
    naming = Naming(planned.recipe.scale, names) if paired or source.has_lr else None
    return len(list_files(source, naming).files)
