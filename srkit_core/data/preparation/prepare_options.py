"""What is written when pictures are prepared?

An option is a field here, whose `Flag` is that of `srkit prepare`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, get_args

from srkit_core.data.preparation.file_names import check_pattern, default_pattern
from srkit_core.data.prepared_layout import SHARDS
from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_chain
from srkit_core.flag import Flag

DEFAULT_CHAIN: Final = "bicubic"
"""How LR files are made where nobody says it; it is srkit's own, whatever else has its name."""
_DEFAULT_SCALE: Final = 4
"""HR size over LR size where nobody says it and no pair shows it."""

StoredFormat: TypeAlias = Literal["packed", "files"]

_COUNTS = ("patch", "stride", "scale", "variants", "limit")
_HELP = "srkit prepare --help"
_FOLDER_NAME = re.compile(r"[^./\\:][^/\\:]*")


@dataclass(frozen=True)
class PrepareOptions:
    """What is written; sides in HR pixels.

    `patch` is the side of a patch, None for whole pictures; `stride` leads from patch to patch,
    None for the side of a patch. `resize` is (width, height), which whole pictures are resized to,
    whatever their proportions. HR is cut to whole LR pixels at `scale`, 4 when left out. `degrade`
    is the chain that makes LR; left out it is bicubic for the format `files`, and no LR is stored
    in `packed`. `paired` takes the LR of pairs as it is, and the scale of the first when left out.

    For the format `files` alone: `layout` are the folders of HR and LR, ("hr", "lr") when left out,
    and `names` is the pattern of file names, of {name} {stem} {index} {patch} {variant}.

    Each picture is written in `variants`: itself, then augmented copies; `limit` is the most that
    are written of all together. Raises RecipeError for what makes no sense.
    """

    patch: int | None = 256
    stride: Annotated[
        int | None, Flag("From patch to patch, in HR pixels (default: the patch).", least=1)
    ] = None
    resize: tuple[int, int] | None = None
    scale: Annotated[
        int | None,
        Flag("HR size over LR size, to which HR is cut (default: 4, of pairs theirs).", least=1),
    ] = None
    degrade: Annotated[
        str | None,
        Flag("How LR is made (files: bicubic; packed: no LR is stored); paired: stored LR."),
    ] = None
    format: Annotated[StoredFormat, Flag("For srkit's training, or as files.")] = "packed"
    layout: tuple[str, ...] | None = None
    names: Annotated[
        str | None,
        Flag("Pattern of file names: {name} {stem} {index} {patch} {variant}."),
    ] = None
    variants: Annotated[
        int, Flag("Versions of each picture: itself, then augmented copies.", least=1)
    ] = 1
    limit: Annotated[
        int | None, Flag("Most pictures that are worked on, variants counted.", least=1)
    ] = None

    def __post_init__(self) -> None:
        if self.degrade:
            parse_chain(self.degrade)
        self._check_numbers()
        if self.paired and (self.resize or self.variants > 1):
            raise RecipeError(
                f"{'--resize' if self.resize else '--variants'} changes HR, and LR of pairs is "
                "stored already",
                hint="leave it out, or --degrade bicubic",
            )
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
        if self.names:
            check_pattern(self.names, patches=self.patch is not None, copies=self.variants > 1)

    def _check_numbers(self) -> None:
        numbers = [(name, getattr(self, name)) for name in _COUNTS]
        for name, value in (*numbers, *(("resize", side) for side in self.resize or ())):
            if value is not None and value < 1:
                raise RecipeError(f"--{name} takes 1 or more, not {value}", hint=_HELP)
        for flag, side in (("--patch", self.patch), ("--stride", self.stride)):
            if self.patch and side and side % self.factor:
                whole = max(side // self.factor, 1) * self.factor
                raise RecipeError(
                    f"{flag} {side} is no whole number of LR pixels at scale {self.factor}",
                    hint=f"{flag} {whole}",
                )

    @property
    def paired(self) -> bool:
        """Whether LR is that of pairs."""
        from srkit_core.recipe import PAIRED

        return self.degrade is not None and parse_chain(self.degrade) == PAIRED

    @property
    def factor(self) -> int:
        """HR size over LR size; 1 for pairs whose scale is not found yet."""
        return self.scale or (1 if self.paired else _DEFAULT_SCALE)

    @property
    def chain(self) -> str:
        """The degradation that makes LR in its canonical form, "" for no LR."""
        text = self.degrade or (DEFAULT_CHAIN if self.format == "files" else "")
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
            "scale": str(self.factor),
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


def pixel_folders(words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that pixels are written into, by options in words."""
    return tuple(words["layout"].split(",")) if words["format"] == "files" else (SHARDS,)


def _check_layout(layout: tuple[str, ...] | None) -> None:
    if layout is None:
        return
    plain = all(_FOLDER_NAME.fullmatch(folder) for folder in layout)
    if len(layout) != 2 or not plain or layout[0].casefold() == layout[1].casefold():
        raise RecipeError(
            f"--layout takes the names of two folders, not '{','.join(layout)}'",
            hint="--layout HQ,LQ",
        )
