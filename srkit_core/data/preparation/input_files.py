"""Which input files are to be prepared, and what is each called?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from srkit_core.data.file_list import Listing, list_files
from srkit_core.data.folders import name_inside
from srkit_core.data.groups import group_of
from srkit_core.data.lmdb_folder import DATABASE, is_lmdb, lmdb_around, lmdb_pictures
from srkit_core.data.own_work import check_not_prepared
from srkit_core.data.pairs import Naming
from srkit_core.data.picture import Split
from srkit_core.data.remote import on_this_machine
from srkit_core.data_source import DataSource, parse_data_sources
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import IN_WORDS

_About: TypeAlias = tuple[Path | None, Split]
"""Of a picture its LR, and what it is for."""


@dataclass(frozen=True)
class InputFile:
    """A source picture: `name` tells it from the others, `shown` is its path as a person wrote it;
    bytes and mtime (ns) of its file.

    `group` goes by the name inside its source, so that another source moves nothing to another
    split. `lr` is its LR where it is of a pair of that `scale`, of which bytes and mtime are then
    part. `split` is what it is for, "" where its source does not say.
    """

    name: str
    group: str
    path: Path
    shown: str
    bytes: int
    mtime: int
    lr: Path | None = None
    lr_shown: str = ""
    scale: int = 1
    split: Split = ""


@dataclass(frozen=True)
class FoundInputs:
    """The input files, sorted by name.

    `ignored` counts others without a picture ending, `remarks` say more.

    `samples` is a file in each folder that they come from, by which another machine can tell
    whether it sees the folder.
    """

    files: tuple[InputFile, ...]
    ignored: int
    remarks: tuple[str, ...]
    samples: Mapping[Path, Path]


def find_inputs(sources: Sequence[str], out: Path, naming: Naming | None = None) -> FoundInputs:
    """List what the sources hold, with `naming` as pairs; with more than one folder, names begin
    with that of the folder.

    Raises DataError when there is nothing, RecipeError when a source has a weight, or lies in `out`
    or around it.
    """
    unweighted = [_unweighted(source) for source in sources]
    here = [on_this_machine(source) for source in unweighted]
    listings = [_listing(source, naming) for source, _ in here]
    by_root = dict[Path, dict[Path, _About]]()
    for source, listing in zip(unweighted, listings, strict=True):
        _refuse_nested(source, out)
        check_not_prepared(Path(source.where))
        by_root.setdefault(listing.root, {}).update(
            {path: (lr, listing.splits.get(path, "")) for path, lr in listing.files}
        )
    prefixes = _prefixes(list(by_root))
    found = [
        _input_file(prefix, name_inside(path, root).as_posix(), path, about)
        for (root, paths), prefix in zip(by_root.items(), prefixes, strict=True)
        for path, about in paths.items()
    ]
    remarks = tuple(
        remark
        for (_, fetched), listing in zip(here, listings, strict=True)
        for remark in (*fetched, *listing.remarks)
    )
    if not found:
        raise DataError(
            "; ".join([f"{', '.join(sources)} holds no picture", *remarks]),
            hint=f"give a folder with pictures: {IN_WORDS}",
        )
    return FoundInputs(
        tuple(sorted(found, key=lambda one: one.name)),
        sum(one.ignored for one in listings),
        remarks,
        _samples(by_root),
    )


def _listing(source: DataSource, naming: Naming | None) -> Listing:
    """List a source, also an LMDB, which nothing but a preparation reads."""
    place, lr = Path(source.where), Path(source.lr) if source.lr else None
    if source.listing or not is_lmdb(place):
        return list_files(source, naming)
    high = lmdb_pictures(place)
    if naming is None:
        return Listing(place, tuple((one, None) for one in high))
    if lr is None or not is_lmdb(lr):
        raise DataError(
            f"the LR of {place} is no LMDB", hint="--lq with the LMDB of its LR", path=place
        )
    low = {one.relative_to(lr).with_suffix(""): one for one in lmdb_pictures(lr)}
    keys = {one: one.relative_to(place).with_suffix("") for one in high}
    missing = [one for one, key in keys.items() if key not in low]
    if missing:
        raise DataError(f"{missing[0]} has no LR picture in {lr}", hint="the LMDB of its LR")
    return Listing(place, tuple((one, low[key]) for one, key in keys.items()))


def _samples(by_root: Mapping[Path, Iterable[Path]]) -> dict[Path, Path]:
    """Return a file in each folder; one of which all are gone again has none."""
    files = {
        root.absolute(): next(
            (one.absolute() for one in map(_stored, paths) if one.is_file()), None
        )
        for root, paths in by_root.items()
    }
    return {root: file for root, file in files.items() if file}


def _stored(path: Path) -> Path:
    """Return the file that a picture is in: itself, or the database of an LMDB."""
    place = lmdb_around(path)
    return place / DATABASE if place else path


def _unweighted(source: str) -> DataSource:
    parsed = parse_data_sources(source)
    if len(parsed) > 1 or parsed[0].weight != 1:
        raise RecipeError(
            f"'{source}' is a mixture, and each picture is prepared once",
            hint="give the folders one by one, without weights",
        )
    return parsed[0]


def _refuse_nested(source: DataSource, out: Path) -> None:
    there = out.resolve()
    places = {one: Path(one).resolve() for one in source.places()}
    nested = [
        place
        for place, here in places.items()
        if here.is_relative_to(there) or (there.is_relative_to(here) and not source.listing)
    ]
    if nested:
        raise RecipeError(
            f"{out} and {nested[0]} lie in each other, so that output would become input",
            hint="name another OUT",
        )


def _prefixes(roots: Sequence[Path]) -> list[str]:
    """Return what names begin with: nothing for a single folder."""
    if len(roots) == 1:
        return [""]
    prefixes, taken = list[str](), Counter[str]()
    for root in roots:
        name = root.resolve().name
        taken[name] += 1
        prefixes.append(f"{name}/" if taken[name] == 1 else f"{name}.{taken[name]}/")
    return prefixes


def _input_file(prefix: str, inside: str, path: Path, about: _About) -> InputFile:
    """Look at a file; one that is gone again is told apart when it is read."""
    name, group, (lr, split) = f"{prefix}{inside}", group_of(inside), about
    try:
        status = [_stored(one).stat() for one in (path, lr) if one]
        size, mtime = sum(one.st_size for one in status), sum(one.st_mtime_ns for one in status)
    except OSError:
        size, mtime = -1, -1
    low, shown = (lr.absolute(), lr.as_posix()) if lr else (None, "")
    return InputFile(
        name, group, path.absolute(), path.as_posix(), size, mtime, low, shown, split=split
    )
