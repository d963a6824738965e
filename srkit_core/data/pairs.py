"""Which LR file belongs to which HR file?"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from srkit_core.data.folders import pictures_below
from srkit_core.data.hr_lr_folders import SCALE_SUFFIX, pair_of_folders
from srkit_core.errors import DataError

_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Naming:
    """How LR is told apart: the scale, where one is wanted, and BasicSR's `filename_tmpl`, "" for
    the usual names.
    """

    scale: int | None = None
    template: str = ""


@dataclass(frozen=True)
class Pairs:
    """The (HR file, LR file) of a folder, the LR pictures that belong to no HR picture, and how
    many other files there are.
    """

    files: Sequence[tuple[Path, Path]]
    strays: Sequence[Path]
    ignored: int


def find_pairs(folder: Path, naming: Naming | None = None) -> Pairs:
    """Pair the files of a folder with an HR and an LR subfolder.

    Raises DataError when a subfolder is missing or there are two, or when HR files have not exactly
    one LR file.
    """
    naming = naming or Naming()
    hr, lr = pair_of_folders(folder, naming.scale)
    (files, others), candidates = pictures_below(hr), Candidates(lr, naming.template)
    pairs = _joined(files, lambda file: candidates.partner(file, file.parent.relative_to(hr)))
    return Pairs(pairs, candidates.besides([low for _, low in pairs]), others + candidates.ignored)


def listed_pairs(names: Sequence[str], root: Path, naming: Naming) -> list[tuple[Path, Path]]:
    """Return the (HR file, LR file) that a list names: `HR, LR` on each line, or HR alone, whose LR
    is looked for.

    Raises DataError when an HR file has not exactly one LR file.
    """
    if all(", " in name for name in names):
        return [(root / hr, root / lr) for hr, _, lr in (name.partition(", ") for name in names)]
    hr, lr = pair_of_folders(root, naming.scale)
    candidates = Candidates(lr, naming.template)
    files = [
        hr / name if (hr / name).is_file() or not (root / name).is_file() else root / name
        for name in names
    ]
    return _joined(files, lambda file: candidates.partner(file, file.parent.relative_to(hr)))


class Candidates:
    """The pictures of an LR folder, to be found by their HR file.

    `ignored` counts its other files.
    """

    def __init__(self, folder: Path, template: str = "") -> None:
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}", hint="check the path", path=folder)
        files, self.ignored = pictures_below(folder)
        self._folder = folder
        self._template = template
        self._by_stem = _grouped(files, lambda file: file.stem)
        self._by_bare_stem = _grouped(files, lambda file: SCALE_SUFFIX.sub("", file.stem))

    def partner(self, hr: Path, inside: Path) -> Path:
        """Return the LR file of an HR file: of the name that the template makes of its stem, or
        without one of its stem.

        Without a template, the stem may end in a scale such as `x4`. Of several files the one in
        the subfolder `inside`. Raises DataError when there is none, or no single one.
        """
        alike = self._alike(hr.stem)
        beside = [file for file in alike if file.parent == self._folder / inside]
        found = beside or alike
        if not found:
            wanted = (
                f"{self._template.replace('{}', hr.stem)}.png"
                if self._template
                else f"{hr.stem}.png or {hr.stem}x4.png"
            )
            raise DataError(
                f"{hr} has no LR picture in {self._folder}", hint=f"add {wanted} there", path=hr
            )
        if len(found) > 1:
            names = ", ".join(str(file.relative_to(self._folder)) for file in found[:2])
            raise DataError(
                f"{hr} has several LR pictures in {self._folder}: {names}",
                hint="name the folder of one scale",
                path=hr,
            )
        return found[0]

    def besides(self, used: Iterable[Path]) -> list[Path]:
        """Return the pictures that are neither in use nor another scale of one that is."""
        bare = {SCALE_SUFFIX.sub("", file.stem) for file in used}
        return sorted(
            file for stem, files in self._by_bare_stem.items() if stem not in bare for file in files
        )

    def _alike(self, stem: str) -> list[Path]:
        if self._template:
            return self._by_stem.get(self._template.replace("{}", stem), [])
        return self._by_stem.get(stem) or self._by_bare_stem.get(stem, [])


def _joined(files: Sequence[Path], partner: Callable[[Path], Path]) -> list[tuple[Path, Path]]:
    pairs, errors = list[tuple[Path, Path]](), list[DataError]()
    for file in files:
        try:
            pairs.append((file, partner(file)))
        except DataError as error:
            errors.append(error)
    if len(errors) > 1:
        others = ", ".join(
            error.path.name for error in errors[1 : _NAMED_AT_MOST + 1] if error.path
        )
        raise DataError(
            f"{errors[0]}, nor have {len(errors) - 1} more one: {others}",
            hint=errors[0].hint,
            path=errors[0].path,
        )
    if errors:
        raise errors[0]
    return pairs


def _grouped(files: Iterable[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    groups = defaultdict[str, list[Path]](list)
    for file in files:
        groups[key(file)].append(file)
    return groups
