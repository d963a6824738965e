"""Which sources of pictures does an argument name, where is their LR, and how often does each come?

One source, or several with weights, in the form of a sum of losses::

    sources = source { " + " source }    3*DIV2K + 0.5*Flickr2K
    source  = [ number "*" ] place [ " with " LR | " as paired" ]
    place   = where | list.txt | list.txt " in " folder
    where   = folder | file | address://... | photos

What exists as it is written wins, whatever it looks like.
"""

import difflib
import os
import re
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Final

from srkit_core.errors import RecipeError
from srkit_core.home import at_home

_WEIGHTED = re.compile(r"((?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*(.+)", re.DOTALL)
_LISTED = re.compile(r"(.+\.(?:txt|csv)) in (.+)", re.DOTALL | re.IGNORECASE)
_WITH: Final = " with "
_AS_PAIRED: Final = " as paired"


@dataclass(frozen=True)
class DataSource:
    """A folder, file or address.

    Of a `listing` only what it names, and each picture `weight` times an epoch. `lr` is the folder
    of its LR where that lies apart; `paired` says that LR lies in or beside it.
    """

    where: str
    weight: float = 1.0
    listing: Path | None = None
    lr: str = ""
    paired: bool = False

    @property
    def is_address(self) -> bool:
        """Whether it lies on another machine or in another system, such as `hf://datasets/...`."""
        return is_address(self.where)

    @property
    def has_lr(self) -> bool:
        """Whether it says that its LR is stored, and where."""
        return self.paired or bool(self.lr)

    def places(self) -> tuple[str, ...]:
        """Return the folders, files and addresses that it names, lists aside."""
        return tuple(filter(None, (self.where, self.lr)))

    def __str__(self) -> str:
        listed = self.where if self.listing is None else f"{self.listing} in {self.where}"
        stored = f"{_WITH}{self.lr}" if self.lr else _AS_PAIRED if self.paired else ""
        weight = "" if self.weight == 1 else f"{self.weight:.12g}*"
        return f"{weight}{listed}{stored}"


def missing_path_hint(path: str | Path) -> str:
    """Return what to try where a path leads nowhere: a pattern that no shell has seen, a folder
    that is not there, or a slip of the pen.
    """
    text, folder = str(path), Path(path).parent
    if any(mark in text for mark in "*?["):
        whole = next(one for one in Path(path).parents if not set("*?[") & set(str(one)))
        return f"a pattern between quotes stays one: without quotes, or the folder {whole}"
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    if there != folder:
        return f"there is no folder {folder} either; {there} is the last that is there"
    names = [one.name for one in folder.iterdir()] if os.access(folder, os.R_OK) else []
    nearest = difflib.get_close_matches(Path(path).name, names, n=1)
    return f"did you mean '{folder / nearest[0]}'?" if nearest else "check the path"


def parse_data_sources(text: str) -> tuple[DataSource, ...]:
    """Read an argument; raises RecipeError for a place without a name or a weight of 0."""
    text = at_home(text)
    if Path(text).exists():
        return (_place(text),)
    found = [_weighted(text) for text in text.split(" + ")]
    if not all(source.where for source in found):
        raise RecipeError(
            f"'{text}' names no place before or after a '+'", hint='--data "3*DIV2K + Flickr2K"'
        )
    return tuple(found)


def with_lr_apart(text: str, lr: str) -> str:
    """Return sources of HR with the folders of their LR, given in the same order.

    Raises RecipeError when they are not as many, when a source says already where its LR is, or LR
    is given a weight.
    """
    high, low = parse_data_sources(text), parse_data_sources(lr)
    if len(high) != len(low):
        raise RecipeError(
            f"--lq names {len(low)} places for LR, and --data {len(high)} for HR",
            hint='--data "A + 2*B" --lq "LR_OF_A + LR_OF_B"',
        )
    said = next((one for one in high if one.has_lr), None)
    if said:
        raise RecipeError(f"'{said}' says already where its LR is", hint="leave out --lq")
    other = next((one for one in low if one != DataSource(one.where)), None)
    if other:
        raise RecipeError(
            f"--lq takes folders of LR, not '{other}'", hint="weights and lists belong to --data"
        )
    pairs = zip(high, low, strict=True)
    return " + ".join(str(replace(one, lr=of_it.where)) for one, of_it in pairs)


def anchored(text: str) -> str:
    """Return an argument that means the same from any folder: what exists gets its whole path,
    other names stay.
    """
    return " + ".join(str(_anchored(source)) for source in parse_data_sources(text))


def is_address(place: str) -> bool:
    """Whether a place lies on another machine or in another system."""
    return "://" in place and not Path(place).exists()


def _weighted(text: str) -> DataSource:
    text = text.strip()
    match = None if Path(text).exists() else _WEIGHTED.fullmatch(text)
    weight = float(match[1]) if match else 1.0
    if not weight or not isfinite(weight):
        raise RecipeError(
            f"a weight is a number above 0, not that of '{text}'",
            hint='--data "3*DIV2K + 0.5*Flickr2K"',
        )
    return replace(_with_lr(match[2].strip() if match else text), weight=weight)


def _with_lr(text: str) -> DataSource:
    """Read a place that may say where its LR is."""
    text = at_home(text)
    if Path(text).exists():
        return _place(text)
    if text.endswith(_AS_PAIRED):
        return replace(_place(text.removesuffix(_AS_PAIRED).strip()), paired=True)
    words = text.split(_WITH)
    halves = [(_WITH.join(words[:at]), _WITH.join(words[at:])) for at in range(1, len(words))]
    both = [one for one in halves if Path(at_home(one[1].strip())).exists()] or halves
    if not both or not all(map(str.strip, both[0])):
        return _place(text)
    high, low = both[0]
    return replace(_place(high.strip()), lr=at_home(low.strip()))


def _place(where: str) -> DataSource:
    where = at_home(where)
    match = None if Path(where).exists() else _LISTED.fullmatch(where)
    if match and Path(at_home(match[1])).is_file():
        return DataSource(at_home(match[2]), listing=Path(at_home(match[1])))
    if where.lower().endswith((".txt", ".csv")) and Path(where).is_file():
        return DataSource(str(Path(where).parent), listing=Path(where))
    return DataSource(where)


def _anchored(source: DataSource) -> DataSource:
    listing = source.listing.absolute() if source.listing else None
    where, lr = _whole(source.where), _whole(source.lr) if source.lr else ""
    return replace(source, where=where, lr=lr, listing=listing)


def _whole(place: str) -> str:
    return str(Path(place).absolute()) if Path(place).exists() else place
