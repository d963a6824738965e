"""Which pictures does a place hold, and which of its files cannot be used?"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.data import bundled
from srkit_core.data.alignment import aligned, on_grid
from srkit_core.data.folders import pictures_below
from srkit_core.data.pairs import find_pairs, hr_subfolder
from srkit_core.errors import DataError
from srkit_core.io.images import IN_WORDS, Pixels, image_size, read_image

HELD_OUT_SHARE = 0.1
HELD_OUT_MOST = 8
HELD_OUT_SIDE = 1024
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Picture:
    """An HR picture: `name` tells it from the others, sides in pixels; pictures of one `group` are never split.

    `lr` is its LR file where LR comes from disk; `limit` cuts it to its central square of that side.
    """

    name: str
    path: Path
    group: str
    height: int
    width: int
    lr: Path | None = None
    limit: int | None = None

    def sides(self, scale: int) -> tuple[int, int]:
        """Return (height, width) of what `read` returns, from the headers of the files."""
        small = [side // scale for side in (self.height, self.width)]
        if self.lr is not None:
            small = [min(sides) for sides in zip(small, image_size(self.lr), strict=True)]
        if self.limit is not None:
            small = [min(side, self.limit // scale) for side in small]
        return small[0] * scale, small[1] * scale

    def read(self, scale: int, read: Callable[[Path], Pixels] = read_image) -> tuple[Pixels, Pixels | None]:
        """Read (HR, LR or None), uint8 (H, W, 3), cut to whole LR pixels of `scale` and to `limit`.

        Raises DataError when a file cannot be read or LR is not of this scale.
        """
        if self.lr is None:
            hr, lr = on_grid(read(self.path), scale, self.path), None
        else:
            hr, lr = aligned(read(self.path), read(self.lr), scale, self.path)
        if self.limit is None:
            return hr, lr
        small = self.limit // scale
        top, left = (max(side // scale - small, 0) // 2 for side in hr.shape[:2])
        hr = hr[top * scale : (top + small) * scale, left * scale : (left + small) * scale]
        return hr, None if lr is None else lr[top : top + small, left : left + small]


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Source:
    """The usable pictures of a place, sorted; `ignored` counts the files without a picture ending."""

    place: str
    pictures: tuple[Picture, ...]
    skipped: tuple[Skipped, ...] = ()
    ignored: int = 0

    def notes(self) -> list[str]:
        """Say what was left out, a line each."""
        notes = self._left_alone()
        notes += [f"skipped {skipped.path}: {skipped.reason}" for skipped in self.skipped[:_NAMED_AT_MOST]]
        rest = len(self.skipped) - _NAMED_AT_MOST
        notes += [f"skipped {rest} more files"] if rest > 0 else []
        return notes + ([f"ignored {self.ignored} files of {self.place} without a picture ending"] if self.ignored else [])

    def _left_alone(self) -> list[str]:
        high = hr_subfolder(Path(self.place)) if Path(self.place).is_dir() else None
        paired = any(picture.lr for picture in self.pictures)
        return [f"{self.place} holds HR and LR side by side: these are the pictures of {high.name}"] if high and not paired else []

    def fingerprint(self) -> str:
        """Return a digest of names and sizes, by which a repeated run knows its data."""
        text = "\n".join(f"{picture.name} {picture.height} {picture.width} {picture.path.stat().st_size}" for picture in self.pictures)
        return hashlib.sha256(text.encode()).hexdigest()


def open_source(place: str, *, paired: bool = False, scale: int | None = None, smallest: int = 1) -> Source:
    """Return the pictures of a folder (searched recursively), a file, or of `photos`, the bundled photographs.

    With `paired`, the folder holds HR and LR subfolders, and of several for LR that of `scale` is taken; without, HR of
    such a folder is taken and LR left alone. Pictures with a side under `smallest` pixels and files that are no pictures
    are skipped with their reason. Raises DataError when nothing is left. An existing path wins.
    """
    listed, ignored = _listed(place, paired, scale)
    names = _names([path for path, _ in listed], place)
    found = [_examined(name, path, lr, place, smallest) for name, (path, lr) in zip(names, listed, strict=True)]
    pictures = tuple(one for one in found if isinstance(one, Picture))
    source = Source(place, pictures, tuple(one for one in found if isinstance(one, Skipped)), ignored)
    if not pictures:
        raise _nothing_left(source, smallest)
    return source


def readable(source: Source) -> Source:
    """Read every picture once and skip those with a good header and a broken body; raises DataError when none is left.

    For validation sets, whose figures would otherwise mean other pictures than those that were named.
    """
    pictures, skipped = list[Picture](), list(source.skipped)
    for picture in source.pictures:
        try:
            for path in filter(None, (picture.path, picture.lr)):
                read_image(path)
        except DataError as error:
            skipped.append(_skipped(error, picture.path))
        else:
            pictures.append(picture)
    checked = replace(source, pictures=tuple(pictures), skipped=tuple(skipped))
    if not pictures:
        raise _nothing_left(checked, 1)
    return checked


def split(source: Source, hold_out: Sequence[str]) -> tuple[tuple[Picture, ...], tuple[Picture, ...]]:
    """Part the pictures into (training, held out) by group.

    `hold_out` names pictures; without names a tenth of the groups, 1 to 8, is held out, chosen by a digest of their
    names so that added files move few others, and each held-out picture is cut to its central 1024 x 1024.
    """
    groups = _named_groups(source, hold_out) if hold_out else _drawn_groups(source)
    training = tuple(picture for picture in source.pictures if picture.group not in groups)
    if not training:
        raise DataError(f"{source.place} has too few pictures to hold any out", hint="--val PATH names other pictures for validation")
    held = tuple(replace(picture, limit=HELD_OUT_SIDE) for picture in source.pictures if picture.group in groups)
    return training, held


def _listed(place: str, paired: bool, scale: int | None) -> tuple[list[tuple[Path, Path | None]], int]:
    path = Path(place)
    if paired and not path.is_dir():
        raise DataError(f"{place} has no LR pictures", hint="--data a folder with HR and LR subfolders, or --degrade bicubic", path=path)
    if _is_bundled(place):
        return [(photo, None) for photo in bundled.bundled_photographs()], 0
    if path.is_file():
        return [(path, None)], 0
    if not path.is_dir():
        raise DataError(f"there is no folder {place}", hint=f"check the path, or use '{bundled.NAME}', the bundled photographs", path=path)
    if paired:
        pairs, ignored = find_pairs(path, scale)
        return [*pairs], ignored
    pictures, ignored = pictures_below(hr_subfolder(path) or path)
    return [(picture, None) for picture in pictures], ignored


def _is_bundled(place: str) -> bool:
    return place == bundled.NAME and not Path(place).exists()


def _examined(name: str, path: Path, lr: Path | None, place: str, smallest: int) -> Picture | Skipped:
    try:
        height, width = image_size(path)
        if lr:
            image_size(lr)
    except DataError as error:
        return _skipped(error, path)
    if min(height, width) < smallest:
        return Skipped(path, f"{width} x {height} is smaller than the crop of {smallest} pixels")
    return Picture(name, path, bundled.GROUPS[path.name] if _is_bundled(place) else name, height, width, lr)


def _skipped(error: DataError, path: Path) -> Skipped:
    return Skipped(error.path or path, error.message.removeprefix(f"cannot read {error.path}: "))


def _names(paths: Sequence[Path], place: str) -> list[str]:
    """Name files as they lie in a place, without their endings where that tells them apart."""
    inside = [path.relative_to(place) if path.is_relative_to(place) and path != Path(place) else Path(path.name) for path in paths]
    bare = [path.with_suffix("").as_posix() for path in inside]
    count = Counter(bare)
    return [name if count[name] == 1 else path.as_posix() for name, path in zip(bare, inside, strict=True)]


def _nothing_left(source: Source, smallest: int) -> DataError:
    small = [skipped for skipped in source.skipped if "smaller than the crop" in skipped.reason]
    if small and len(small) == len(source.skipped):
        return DataError(
            f"all {len(small)} pictures of {source.place} are smaller than the crop of {smallest} pixels",
            hint="--patch with a smaller number",
        )
    if source.skipped:
        first = source.skipped[0]
        return DataError(
            f"none of the {len(source.skipped)} files of {source.place} can be used; {first.path.name}: {first.reason}",
            hint="--data another folder",
        )
    return DataError(f"{source.place} holds no picture", hint=f"--data a folder with pictures ({IN_WORDS}), or '{bundled.NAME}'")


def _named_groups(source: Source, names: Sequence[str]) -> set[str]:
    groups = {picture.name: picture.group for picture in source.pictures}
    unknown = [name for name in names if name not in groups]
    if unknown:
        raise DataError(
            f"{source.place} has no picture '{unknown[0]}' to hold out", hint=f"data.hold_out, one of: {', '.join(list(groups)[:8])}"
        )
    return {groups[name] for name in names}


def _drawn_groups(source: Source) -> set[str]:
    groups = sorted({picture.group for picture in source.pictures}, key=lambda group: hashlib.sha256(group.encode()).hexdigest())
    return set(groups[: min(max(round(len(groups) * HELD_OUT_SHARE), 1), HELD_OUT_MOST)])
