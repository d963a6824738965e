"""Which sources of pictures does an argument name, and how often does each come?

One source, or several with weights, in the form of a sum of losses::

    sources = source { " + " source }    3*DIV2K + 0.5*Flickr2K
    source  = [ number "*" ] where
    where   = folder | file | list.txt | list.txt " in " folder | address://... | photos

What exists as it is written wins, whatever it looks like.
"""

import difflib
import os
import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from srkit_core.errors import RecipeError
from srkit_core.home import at_home

_WEIGHTED = re.compile(r"((?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)\s*\*\s*(.+)", re.DOTALL)
_LISTED = re.compile(r"(.+\.txt) in (.+)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class DataSource:
    """A folder, file or address.

    Of a `listing` only what it names, and each picture `weight` times an epoch.
    """

    where: str
    weight: float = 1.0
    listing: Path | None = None

    @property
    def is_address(self) -> bool:
        """Whether it lies on another machine or in another system, such as `hf://datasets/...`."""
        return "://" in self.where and not Path(self.where).exists()

    def __str__(self) -> str:
        listed = self.where if self.listing is None else f"{self.listing} in {self.where}"
        return listed if self.weight == 1 else f"{self.weight:.12g}*{listed}"


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
        return (_data_source(text, 1.0),)
    found = [_weighted(text) for text in text.split(" + ")]
    if not all(source.where for source in found):
        raise RecipeError(
            f"'{text}' names no place before or after a '+'", hint='--data "3*DIV2K + Flickr2K"'
        )
    return tuple(found)


def anchored(text: str) -> str:
    """Return an argument that means the same from any folder: what exists gets its whole path,
    other names stay.
    """
    return " + ".join(str(_anchored(source)) for source in parse_data_sources(text))


def _weighted(text: str) -> DataSource:
    text = text.strip()
    match = None if Path(text).exists() else _WEIGHTED.fullmatch(text)
    weight = float(match[1]) if match else 1.0
    if not weight or not isfinite(weight):
        raise RecipeError(
            f"a weight is a number above 0, not that of '{text}'",
            hint='--data "3*DIV2K + 0.5*Flickr2K"',
        )
    return _data_source(match[2].strip() if match else text, weight)


def _data_source(where: str, weight: float) -> DataSource:
    where = at_home(where)
    match = None if Path(where).exists() else _LISTED.fullmatch(where)
    if match and Path(at_home(match[1])).is_file():
        return DataSource(at_home(match[2]), weight, Path(at_home(match[1])))
    if where.lower().endswith(".txt") and Path(where).is_file():
        return DataSource(str(Path(where).parent), weight, Path(where))
    return DataSource(where, weight)


def _anchored(source: DataSource) -> DataSource:
    where = str(Path(source.where).absolute()) if Path(source.where).exists() else source.where
    return DataSource(where, source.weight, source.listing.absolute() if source.listing else None)
