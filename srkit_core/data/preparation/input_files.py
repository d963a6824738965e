"""Which input files are to be prepared, and what is each called?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from srkit_core.data.file_list import list_files
from srkit_core.data.folders import name_inside
from srkit_core.data.groups import group_of
from srkit_core.data.own_work import check_not_prepared
from srkit_core.data.remote import on_this_machine
from srkit_core.data_source import DataSource, parse_data_sources
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import IN_WORDS


@dataclass(frozen=True)
class InputFile:
    """A source picture: `name` tells it from the others, `shown` is its path as a person wrote it;
    bytes and mtime (ns) of its file.

    `group` goes by the name inside its source, so that another source moves nothing to another
    split.
    """

    name: str
    group: str
    path: Path
    shown: str
    bytes: int
    mtime: int


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


def find_inputs(sources: Sequence[str], out: Path) -> FoundInputs:
    """List what the sources hold; with more than one folder, names begin with that of the folder.

    Raises DataError when there is nothing, RecipeError when a source has a weight, or lies in `out`
    or around it.
    """
    unweighted = [_unweighted(source) for source in sources]
    here = [on_this_machine(source) for source in unweighted]
    listings = [list_files(source, None) for source, _ in here]
    by_root = dict[Path, dict[Path, None]]()
    for source, listing in zip(unweighted, listings, strict=True):
        _refuse_nested(source, out)
        check_not_prepared(Path(source.where))
        by_root.setdefault(listing.root, {}).update({path: None for path, _ in listing.files})
    prefixes = _prefixes(list(by_root))
    found = [
        _input_file(prefix, name_inside(path, root).as_posix(), path)
        for (root, paths), prefix in zip(by_root.items(), prefixes, strict=True)
        for path in paths
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


def _samples(by_root: Mapping[Path, Iterable[Path]]) -> dict[Path, Path]:
    """Return a file in each folder; one of which all are gone again has none."""
    files = {
        root.absolute(): next((path.absolute() for path in paths if path.is_file()), None)
        for root, paths in by_root.items()
    }
    return {root: file for root, file in files.items() if file}


def _unweighted(source: str) -> DataSource:
    parsed = parse_data_sources(source)
    if len(parsed) > 1 or parsed[0].weight != 1:
        raise RecipeError(
            f"'{source}' is a mixture, and each picture is prepared once",
            hint="give the folders one by one, without weights",
        )
    return parsed[0]


def _refuse_nested(source: DataSource, out: Path) -> None:
    here, there = Path(source.where).resolve(), out.resolve()
    if here.is_relative_to(there) or (there.is_relative_to(here) and not source.listing):
        raise RecipeError(
            f"{out} and {source.where} lie in each other, so that output would become input",
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


def _input_file(prefix: str, inside: str, path: Path) -> InputFile:
    """Look at a file; one that is gone again is told apart when it is read."""
    name, group = f"{prefix}{inside}", group_of(inside)
    try:
        status = path.stat()
    except OSError:
        return InputFile(name, group, path.absolute(), path.as_posix(), -1, -1)
    return InputFile(
        name, group, path.absolute(), path.as_posix(), status.st_size, status.st_mtime_ns
    )
