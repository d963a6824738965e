"""Which names are taken, because something else of a run or a report is written under them?"""

import re
from collections.abc import Mapping
from typing import Final

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
    "stage": frozenset(
        (
            *("con", "prn", "aux", "nul"),  # devices: no folder on Windows can have their names
            *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
        )
    ),
}
"""Names by what they would be of: a metric has a column of its own, a loss one under `loss/`, a
validation set one under each metric, where `psnr/std` is a deviation, a stage a folder of weights.
"""

_COMPONENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def name_fault(kind: str, name: str) -> str | None:
    """Say what is wrong with the name of a component, of pretrained weights, of a layout or of a
    validation set; None when nothing is.

    Small and capital letters are one here, as they are in the names of files on many systems.
    """
    if name.casefold() in RESERVED.get(kind, ()):
        return f"the name '{name}' is taken: something else is written under it"
    if kind == "validation set":
        odd = "/" in name or any(not letter.isprintable() for letter in name)
        return "its name may hold no '/' and no control characters" if odd else None
    if kind in ("weights", "layout", "stage"):
        fits, more = _FILE.fullmatch(name), "letters, digits, '.', '-' and '_'"
    else:
        fits, more = _COMPONENT.fullmatch(name), "letters, digits, '-' and '_'"
    return None if fits else f"its name may hold {more} only"
