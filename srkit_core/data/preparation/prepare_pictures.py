"""How are pictures prepared for training from Python, and with which options?"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from srkit_core.data.preparation.file_names import check_pattern, default_pattern
from srkit_core.data.preparation.manifest import ManifestFields
from srkit_core.data.preparation.selection import Tally
from srkit_core.data.prepared_layout import SHARDS
from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_chain

StoredFormat: TypeAlias = Literal["packed", "files"]
ProgressCallback: TypeAlias = Callable[[str, int, int], None]
"""Hears of each step: what is being done, how many are done, of how many."""

_COUNTS = ("patch", "stride", "scale", "variants", "limit")
_HELP = "srkit prepare --help"
_FOLDER_NAME = re.compile(r"[^./\\:][^/\\:]*")


@dataclass(frozen=True)
class PrepareOptions:
    """What is written; sides in HR pixels.

    `patch` is the side of a patch, None for whole pictures; `stride` leads from patch to patch,
    None for the side of a patch. `resize` is (width, height), which whole pictures are resized to,
    whatever their proportions. HR is cut to whole LR pixels at `scale`. `degrade` is the chain that
    makes LR; left out it is bicubic for the format `files`, and no LR is stored in `packed`.

    For the format `files` alone: `layout` are the folders of HR and LR, ("hr", "lr") when left out,
    and `names` is the pattern of file names, of {name} {stem} {index} {patch} {variant}.

    Each picture is written in `variants`: itself, then augmented copies; `limit` is the most that
    are written of all together. Raises RecipeError for what makes no sense.
    """

    patch: int | None = 256
    stride: int | None = None
    resize: tuple[int, int] | None = None
    scale: int = 4
    degrade: str | None = None
    format: StoredFormat = "packed"
    layout: tuple[str, ...] | None = None
    names: str | None = None
    variants: int = 1
    limit: int | None = None

    def __post_init__(self) -> None:
        self._check_numbers()
        if self.format not in get_args(StoredFormat):
            raise RecipeError(
                f"--format takes packed or files, not '{self.format}'", hint="--format packed"
            )
        if self.format == "packed" and (self.layout or self.names):
            raise RecipeError(
                f"{'--layout' if self.layout else '--names'} is for files",
                hint="add --format files",
            )
        _check_layout(self.layout)
        if self.degrade:
            parse_chain(self.degrade)
        if self.names:
            check_pattern(self.names, patches=self.patch is not None, copies=self.variants > 1)

    def _check_numbers(self) -> None:
        numbers = [(name, getattr(self, name)) for name in _COUNTS]
        for name, value in (*numbers, *(("resize", side) for side in self.resize or ())):
            if value is not None and value < 1:
                raise RecipeError(f"--{name} takes 1 or more, not {value}", hint=_HELP)
        for flag, side in (("--patch", self.patch), ("--stride", self.stride)):
            if self.patch and side and side % self.scale:
                whole = max(side // self.scale, 1) * self.scale
                raise RecipeError(
                    f"{flag} {side} is no whole number of LR pixels at scale {self.scale}",
                    hint=f"{flag} {whole}",
                )

    @property
    def chain(self) -> str:
        """The degradation that makes LR in its canonical form, "" for no LR."""
        text = self.degrade or ("bicubic" if self.format == "files" else "")
        return str(parse_chain(text)) if text else ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of HR and LR files."""
        return self.layout or ("hr", "lr")

    @property
    def pattern(self) -> str:
        """The pattern of file names."""
        return self.names or default_pattern(
            patches=self.patch is not None, copies=self.variants > 1
        )

    def in_words(self) -> dict[str, str]:
        """Return every option that shapes pixels, as text."""
        words = {
            "format": self.format,
            "scale": str(self.scale),
            "patch": str(self.patch or "whole"),
            "degrade": self.chain,
        }
        words |= {"stride": str(self.stride or self.patch)} if self.patch else {}
        words |= {"resize": "{}x{}".format(*self.resize)} if self.resize else {}
        words |= (
            {"layout": ",".join(self.folders), "names": self.pattern}
            if self.format == "files"
            else {}
        )
        words |= {"variants": str(self.variants)} if self.variants > 1 else {}
        return words | ({"limit": str(self.limit)} if self.limit is not None else {})


@dataclass(frozen=True)
class PrepareRequest:
    """What is asked for: sources of pictures, the output folder, what is written, and what the
    manifest says beside pixels.

    `redo` begins anew.
    """

    sources: Sequence[str]
    out: Path
    options: PrepareOptions
    fields: ManifestFields = field(default_factory=ManifestFields)
    redo: bool = False


@dataclass(frozen=True)
class PrepareReport:
    """What a preparation has done: of `files`, so many `written` now and the rest before.

    `pictures` and `patches` are in the manifest of the folder `out`. `splits` counts the pictures
    for train, val and test; `renewed` says that the manifest says other things than before. `tally`
    names what was left out, `notes` say more.
    """

    out: Path
    files: int
    written: int
    pictures: int
    patches: int
    splits: Mapping[str, int]
    renewed: bool
    tally: Tally
    notes: tuple[str, ...]


def prepare(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    patch: int | None = 256,
    stride: int | None = None,
    resize: tuple[int, int] | None = None,
    scale: int = 4,
    degrade: str | None = None,
    format: StoredFormat = "packed",
    layout: tuple[str, ...] | None = None,
    names: str | None = None,
    variants: int = 1,
    limit: int | None = None,
    split: str | None = None,
    licence: str | None = None,
    keep_duplicates: bool | None = None,
    redo: bool = False,
    workers: int | None = None,
    time_limit: float | None = None,
    cluster: str | None = None,
    progress: ProgressCallback | None = None,
) -> PrepareReport:
    """Prepare the pictures of folders, files, lists or addresses for training; a second call goes
    on where the first one ended.

    `patch` to `limit` are fields of PrepareOptions, `split` to `keep_duplicates` of ManifestFields;
    `workers`, `time_limit` and `cluster` are for `open_executor`, and `redo` does all of it again.
    Raises what these and `prepare_folder` raise; a file that cannot be used is in the report.
    """
    options = PrepareOptions(
        patch=patch, stride=stride, resize=resize, scale=scale, degrade=degrade, format=format,
        layout=layout, names=names, variants=variants, limit=limit,
    )  # fmt: skip
    fields = ManifestFields(split, licence, keep_duplicates)
    texts = [sources] if isinstance(sources, (str, Path)) else sources
    request = PrepareRequest([str(one) for one in texts], Path(out), options, fields, redo)
    return _prepare(request, workers, time_limit, cluster, progress or _ignore)


def pixel_folders(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that pixels are written into, by options in words."""
    return tuple(words["layout"].split(",")) if words["format"] == "files" else (SHARDS,)


def _prepare(
    request: PrepareRequest,
    workers: int | None,
    time_limit: float | None,
    cluster: str | None,
    progress: ProgressCallback,
) -> PrepareReport:
    """Import the work, which knows the options above, and do it."""
    from srkit_core.data.preparation.executor import open_executor
    from srkit_core.data.preparation.prepare_folder import prepare_folder

    with open_executor(
        request.options, request.out, workers=workers, time_limit=time_limit, cluster=cluster
    ) as executor:
        return prepare_folder(request, executor, progress)


def _check_layout(layout: tuple[str, ...] | None) -> None:
    if layout is None:
        return
    plain = all(_FOLDER_NAME.fullmatch(folder) for folder in layout)
    if len(layout) != 2 or not plain or layout[0].casefold() == layout[1].casefold():
        raise RecipeError(
            f"--layout takes the names of two folders, not '{','.join(layout)}'",
            hint="--layout HQ,LQ",
        )


def _ignore(work: str, done: int, length: int) -> None:
    """Let nobody hear of it."""
