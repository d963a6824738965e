"""Which figures did papers print for a model on a set of pictures?"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any, Final

from srkit_core.evaluation.scores import ModelScores, Scores

_FILE: Final = "published.toml"
_METRICS: Final = ("psnr", "ssim")
"""What the figures of a row are of, in their order."""


@dataclass(frozen=True)
class PublishedFigure:
    """A figure of a paper for a model and a metric on a set, and where it stands."""

    model: str
    label: str
    set_name: str
    value: float
    source: str


def published_figures(name: str, scores: Scores) -> Iterator[tuple[str, PublishedFigure]]:
    """Yield each row of scores of a set that is called `name` ("" where nobody says it), with the
    published figures of its model, where both are known and the protocol is that of the tables.
    """
    found = known_set(name, scores.protocol)
    if found is None or not is_of_tables(scores.protocol):
        return
    for one in scores.models:
        for model, table in _tables()["models"].items():
            values = table.get(f"x{scores.protocol['scale']}", {}).get(found)
            if values and _is_model(one, table):
                for label, value in zip(_METRICS, values, strict=True):
                    if label in one.specs:
                        yield one.name, PublishedFigure(model, label, found, value, table["source"])


def is_of_tables(protocol: Mapping[str, Any]) -> bool:
    """Whether figures under a protocol compare with those of tables: luma, border = scale, 8 bit,
    LR by MATLAB's bicubic or from files, whole pictures.
    """
    return (
        protocol.get("channel") == "y"
        and protocol.get("border") == protocol.get("scale")
        and protocol.get("quantisation", "8 bit") == "8 bit"
        and protocol.get("kernel") in ("bicubic", "as stored", "unknown")
        and not protocol.get("crop")
    )


def known_set(name: str, protocol: Mapping[str, Any]) -> str | None:
    """Return which of the known sets scores are of: by the digest of their pictures, else by the
    name of the set or of a folder of it, and its number of pictures.
    """
    pictures = protocol.get("pictures") or {}
    for known, digests in _tables()["digests"].items():
        if pictures.get("sha256") in digests:
            return str(known)
    words = {name, *PurePath(str(pictures.get("from", ""))).parts}
    called = {_plain(word) for word in words}
    for known, count in _tables()["sets"].items():
        if _plain(known) in called and pictures.get("count", count) == count:
            return str(known)
    return None


def _is_model(one: ModelScores, table: Mapping[str, Any]) -> bool:
    """Whether a row is a published model, by its name, or by the name of its file."""
    weights = one.weights or {}
    asked_for = str(weights.get("asked_for", ""))
    names = {_plain(name) for name in table.get("names", ())}
    official = {*table.get("files", ())}
    return _plain(one.name) in names | {_plain(file) for file in official} or (
        _plain(asked_for) in names or Path(asked_for).name in official
    )


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files("srkit_core.evaluation").joinpath(_FILE).read_text(encoding="utf-8"))
