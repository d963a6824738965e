"""Which names can something not have, because they are taken or cannot be written?"""

import re
from collections.abc import Mapping
from typing import Final

LONGEST_NAME: Final = 64
"""How many characters a name may have: it is a column, a file and a word of a command line."""

_DEVICES: Final = frozenset(
    (
        *("con", "prn", "aux", "nul"),
        *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
    )
)
"""Devices of Windows: no file and no folder there can have their names."""

_VALUES: Final = frozenset(("true", "false", "none", "nan", "inf", "auto", "paired", "random"))
"""Words that mean something of their own in expressions and recipes."""

RESERVED: Final[Mapping[str, frozenset[str]]] = {
    "metric": frozenset(
        (
            *("step", "epoch", "stage", "split", "lr", "loss", "d_real", "d_fake", "d_gap"),
            *("gradient", "images_per_s", "memory_mb", "elapsed_s"),  # columns of metrics.csv
            *("name", "model", "image", "left_out"),  # of reports
        )
    ),
    "loss": frozenset(("total", "discriminator")),
    "validation set": frozenset(("std",)),
    "stage": frozenset(),
    "weights": frozenset(("bicubic", "bilinear", "nearest", "lanczos", "photos", "last", "best")),
    "command": frozenset(
        (
            *("list", "show", "doctor", "demo", "train", "check", "recipes", "eval", "compare"),
            *("report", "runs", "sweep", "upscale", "models", "export", "prepare", "degrade"),
            *("weights", "plugin", "help", "srkit"),  # those that are to come included
        )
    ),
}
"""Names by what they would be of: a metric has a column of its own, a loss one under `loss/`, a
validation set one under each metric, where `psnr/std` is a deviation, a stage a folder of weights,
weights are a model beside the baselines of interpolation.
"""

_COMPONENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DISTRIBUTION: Final = re.compile(r"[a-z][a-z0-9-]*")
_NUMBER: Final = re.compile(r"[0-9][0-9._]*(e[0-9]+)?")
_FILES: Final = ("weights", "layout", "stage", "recipe")
"""What is called by the name of its file, which may hold dots and begin with a digit."""


def name_fault(kind: str, name: str) -> str | None:
    """Say what is wrong with the name of anything that is announced, of a stage or of a validation
    set; None when nothing is.

    Small and capital letters are one here, as they are in the names of files on many systems.
    """
    shown = _shown(name)
    if len(name) > LONGEST_NAME:
        return f"its name has {len(name)} characters, more than {LONGEST_NAME}"
    if name.casefold() in RESERVED.get(kind, ()):
        return f"the name {shown} is taken: something else is written under it"
    if kind == "validation set":
        odd = "/" in name or any(not letter.isprintable() for letter in name)
        return "its name may hold no '/' and no control characters" if odd else None
    if name.casefold().partition(".")[0] in _DEVICES:
        return f"the name {shown} is taken: it is a device on Windows"
    if kind != "stage" and name.casefold() in _VALUES:
        return f"the name {shown} is taken: it means something else where names are written"
    return _spelling_fault(kind, name)


def distribution_fault(name: str) -> str | None:
    """Say why components of a distribution of that name (PEP 503) could not be told apart by it;
    None when they can.
    """
    if len(name) > LONGEST_NAME:
        return f"the name of the distribution has more than {LONGEST_NAME} characters"
    if _DISTRIBUTION.fullmatch(name):
        return None
    return (
        f"the distribution {_shown(name)} has a name that expressions cannot hold: a letter first, "
        "then letters, digits and '-'"
    )


def _spelling_fault(kind: str, name: str) -> str | None:
    of_file = kind in _FILES
    more = "letters, digits, '.', '-' and '_'" if of_file else "letters, digits, '-' and '_'"
    if not (_FILE if of_file else _COMPONENT).fullmatch(name):
        odd = next((one for one in name if not one.isascii() or not one.isprintable()), "")
        beside = f", and {_shown(odd)} is none of ASCII" if odd else ""
        return f"its name may hold {more} only{beside}"
    if of_file and kind != "stage" and (name.endswith(".") or _NUMBER.fullmatch(name)):
        return f"the name {_shown(name)} is a number, or ends in a dot"
    return None


def _shown(name: str) -> str:
    return f"'{name}'" if name.isprintable() and len(name) <= LONGEST_NAME else ascii(name)
