"""Into which files are the pictures upscaled that a person names?"""

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srkit_core.data.folders import search
from srkit_core.data.own_work import check_not_prepared
from srkit_core.data_source import missing_path_hint
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import IN_WORDS, picture_endings, writable_endings
from srkit_core.io.output_files import check_free, check_place, leads_to
from srkit_core.same_name import disk_key


@dataclass(frozen=True)
class Outputs:
    """Pictures with the files that they become, and what there is to say of the search."""

    pairs: tuple[tuple[Path, Path], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """The pictures of an input, and the folder that their outputs are placed relative to."""

    base: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def pair_outputs(inputs: Sequence[Path], out: Path, *, overwrite: bool = False) -> Outputs:
    """Pair every picture that inputs mean with its output file.

    Raises DataError where that would lose something, RecipeError where `out` cannot be what is
    meant.
    """
    found = [_pictures(path, out) for path in inputs]
    sources = [(file, one.base) for one in found for file in one.files]
    if not sources:
        raise DataError(
            f"{', '.join(map(str, inputs))} holds no picture", hint=f"give pictures: {IN_WORDS}"
        )
    single = _is_one_file(inputs, out, len(sources))
    inside = [one.relative_to(base) for one, base in sources]
    key_of = disk_key(out)
    alike = Counter(key_of(str(path.with_suffix(""))) for path in inside)
    names = [
        path.with_suffix(".png")
        if alike[key_of(str(path.with_suffix("")))] == 1
        else path.with_name(f"{path.name}.png")
        for path in inside
    ]
    tasks = [
        (one, out if single else out / name) for (one, _), name in zip(sources, names, strict=True)
    ]
    taken = dict[str, Path]()
    for source, target in tasks:
        key = key_of(str(target))
        if key in taken:
            raise DataError(
                f"{source} and {taken[key]} would both become {target}",
                hint="upscale them into two folders",
                path=source,
            )
        check_free(target, overwrite=overwrite)
        if os.path.lexists(target) and target.resolve() == source.resolve():
            raise RecipeError(f"{target} is its own input", hint="--out another place")
        taken[key] = source
    check_place(tasks[0][1] if len(tasks) == 1 else out / "picture.png")
    return Outputs(tuple(tasks), tuple(note for one in found for note in one.notes))


def _is_one_file(inputs: Sequence[Path], out: Path, pictures: int) -> bool:
    """Whether --out names a file; raises RecipeError where it does and there is not one input."""
    if out.suffix.lower() not in picture_endings() or leads_to(out, Path.is_dir):
        return False
    if len(inputs) > 1 or inputs[0].is_dir():
        folder = inputs[0].is_dir()
        fact = f"{inputs[0]} is a folder" if folder else f"there are {pictures} inputs"
        hint = f"--out {shlex.quote(str(out.with_suffix('')))}"
        raise RecipeError(f"--out {out} is one picture, and {fact}", hint=hint)
    if out.suffix.lower() not in writable_endings():
        hint = f"--out {shlex.quote(str(out.with_suffix('.png')))}"
        raise RecipeError(f"no {out.suffix} pictures are written", hint=hint)
    return True


def _pictures(path: Path, out: Path) -> _Found:
    """Return the pictures that an input means; what srkit wrote before is left out, and told."""
    if path.is_dir():
        if path.resolve() == out.resolve():
            raise RecipeError(
                f"{out} holds the pictures to upscale, and the results would lie among them",
                hint=f"--out {shlex.quote(str(path / 'upscaled'))}",
            )
        check_not_prepared(path)
        contents = search(path, out)
        return _Found(path, contents.pictures, contents.notes())
    if not path.exists():
        raise DataError(f"there is no file {path}", hint=missing_path_hint(path), path=path)
    return _Found(path.parent, (path,))
