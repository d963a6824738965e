"""Into which files are the pictures upscaled that a person names?"""

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from srkit_core.data.folders import FolderContents, search
from srkit_core.data.own_work import check_not_prepared, is_own, written_in
from srkit_core.data_source import missing_path_hint
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import IN_WORDS, picture_endings, writable_endings
from srkit_core.io.output_files import check_free, check_place, leads_to
from srkit_core.same_name import disk_key

PATTERN_MARKS: Final = frozenset("*?[")
"""What makes a word a pattern, where no file is called so."""


@dataclass(frozen=True)
class OutputNaming:
    """What outputs are called: `out` is where a person wants them (None: beside the inputs),
    `added` what a name there gets, such as `_x4`, `ending` that of their format ("": of the
    source's, .png where that is not written).
    """

    out: Path | None = None
    added: str = ""
    ending: str = ".png"


@dataclass(frozen=True)
class Outputs:
    """Pictures with the files that they become, and what there is to say of the search."""

    pairs: tuple[tuple[Path, Path], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """The pictures of an input, the folder that they lie in, and the one that their outputs do."""

    files: tuple[Path, ...]
    base: Path
    out: Path
    added: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Planned:
    """A picture, and its output but for the name."""

    source: Path
    folder: Path
    added: str
    ending: str

    def target(self, *, whole_name: bool = False) -> Path:
        """Return the output, called after the stem, or after the whole name of the source."""
        name = self.source.name if whole_name else self.source.stem
        own = self.source.suffix
        ending = self.ending or (own if own.lower() in writable_endings() else ".png")
        return self.folder / f"{name}{self.added}{ending}"


def pair_outputs(
    inputs: Sequence[str], naming: OutputNaming, *, overwrite: bool = False
) -> Outputs:
    """Pair every picture that inputs mean, which are files, folders and patterns, with its output.

    An output that is there and that srkit wrote may be done already, which `left_to_do` knows.
    Raises DataError where that would lose something, RecipeError where `naming.out` cannot be what
    is meant.
    """
    found, notes = _without_results([one for word in inputs for one in _found(word, naming)])
    every = (planned for one in found for planned in _planned(one, naming.ending))
    planned = list(dict.fromkeys(every))
    if not planned:
        raise DataError(f"{', '.join(inputs)} holds no picture", hint=f"give pictures: {IN_WORDS}")
    if naming.out is not None and _is_one_file(inputs, naming.out, len(planned)):
        tasks = [(planned[0].source, naming.out)]
    else:
        tasks = _named(planned)
    _check(tasks, overwrite=overwrite)
    return Outputs(tuple(tasks), (*(note for one in found for note in one.notes), *notes))


def _planned(found: _Found, ending: str) -> Iterable[_Planned]:
    for file in found.files:
        folder = found.out / file.parent.relative_to(found.base)
        yield _Planned(file, folder, found.added, ending)


def _named(planned: Sequence[_Planned]) -> list[tuple[Path, Path]]:
    """Call outputs after the stems of their sources, and after their whole names where two stems
    are alike.
    """
    keys = _Keys()
    alike = Counter(keys(one.target()) for one in planned)
    return [(one.source, one.target(whole_name=alike[keys(one.target())] > 1)) for one in planned]


def _without_results(found: Sequence[_Found]) -> tuple[list[_Found], tuple[str, ...]]:
    """Leave out files that srkit made, where their like is written beside them and others are
    named: a pattern that a shell filled in finds the results of the last time, too.
    """
    results = [one for one in found if one.added and all(map(_is_own, one.files))]
    if len(results) in (0, len(found)):
        return [*found], ()
    names = [str(one.files[0]) for one in results]
    more = "" if len(names) <= 3 else f" and {len(names) - 3} more"
    note = f"left out, being made by srkit: {', '.join(names[:3])}{more}"
    return [one for one in found if one not in results], (note,)


class _Keys:
    """Tells files apart as the disk of their folder does."""

    def __init__(self) -> None:
        self._of: Callable[[Path], Callable[[str], str]] = cache(disk_key)

    def __call__(self, path: Path) -> str:
        whole = path.absolute()
        return self._of(whole.parent)(os.path.normpath(whole))


def _check(tasks: Sequence[tuple[Path, Path]], *, overwrite: bool) -> None:
    keys, taken = _Keys(), dict[str, Path]()
    for source, target in tasks:
        other = taken.setdefault(keys(target), source)
        if other is not source:
            raise DataError(
                f"{source} and {other} would both become {target}",
                hint="upscale them into two folders",
                path=source,
            )
        check_free(target, overwrite=overwrite or _is_own(target))
        if os.path.lexists(target) and target.resolve() == source.resolve():
            raise RecipeError(f"{target} is its own input", hint="--out another place")
    for folder in {target.parent for _, target in tasks}:
        check_place(tasks[0][1] if len(tasks) == 1 else folder / "picture.png")


def _is_one_file(inputs: Sequence[str], out: Path, pictures: int) -> bool:
    """Whether --out names a file; raises RecipeError where it does and there is not one input."""
    if out.suffix.lower() not in picture_endings() or leads_to(out, Path.is_dir):
        return False
    first = Path(inputs[0])
    if pictures > 1 or len(inputs) > 1 or first.is_dir():
        fact = f"{first} is a folder" if first.is_dir() else f"there are {pictures} inputs"
        hint = f"--out {shlex.quote(str(out.with_suffix('')))}"
        raise RecipeError(f"--out {out} is one picture, and {fact}", hint=hint)
    if out.suffix.lower() not in writable_endings():
        hint = f"--out {shlex.quote(str(out.with_suffix('.png')))}"
        raise RecipeError(f"no {out.suffix} pictures are written", hint=hint)
    return True


def _found(word: str, naming: OutputNaming) -> list[_Found]:
    """Return the pictures that an input means; what srkit wrote before is left out, and told."""
    path = Path(word)
    if path.is_dir():
        return [_in_folder(path, naming)]
    if leads_to(path, Path.exists):
        return [_beside(path, naming)]
    if not PATTERN_MARKS & {*word}:
        raise DataError(f"there is no file {path}", hint=missing_path_hint(path), path=path)
    return [_beside(one, naming) for one in _like(path)]


def _like(pattern: Path) -> list[Path]:
    """Return the pictures that a pattern means, which no shell has filled in."""
    folder = next(one for one in pattern.parents if not PATTERN_MARKS & {*str(one)})
    found = sorted(folder.glob(str(pattern.relative_to(folder))))
    pictures = [one for one in found if _is_photograph(one)]
    if not pictures:
        hint = f"the folder {shlex.quote(str(folder))}, or another pattern"
        raise DataError(f"no picture is called like {pattern}", hint=hint, path=pattern)
    return pictures


def _is_photograph(path: Path) -> bool:
    """Whether what a pattern found is a picture, and none that srkit wrote."""
    return path.suffix.lower() in picture_endings() and path.is_file() and not _is_own(path)


def _is_own(path: Path) -> bool:
    return is_own(path, written_in(path.parent))


def _beside(file: Path, naming: OutputNaming) -> _Found:
    if naming.out is None:
        return _Found((file,), file.parent, file.parent, naming.added)
    return _Found((file,), file.parent, naming.out)


def _in_folder(folder: Path, naming: OutputNaming) -> _Found:
    out = naming.out or _folder_beside(folder, naming.added)
    if folder.resolve() == out.resolve():
        raise RecipeError(
            f"{out} holds the pictures to upscale, and the results would lie among them",
            hint=f"--out {shlex.quote(str(folder / 'upscaled'))}",
        )
    check_not_prepared(folder)
    contents = search(folder, out)
    return _Found(contents.pictures, folder, out, "", (*_others(contents), *contents.notes()))


def _others(contents: FolderContents) -> tuple[str, ...]:
    """Say how many files are no pictures."""
    if not contents.others:
        return ()
    files = "1 file" if contents.others == 1 else f"{contents.others} files"
    return (f"left out of {contents.folder}: {files} without a picture ending",)


def _folder_beside(folder: Path, added: str) -> Path:
    """Return the folder of the outputs of a folder: beside it, called after it."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    if not named.name:
        raise RecipeError(f"nothing can lie beside {folder}", hint="--out upscaled")
    return named.with_name(f"{named.name}{added}")
