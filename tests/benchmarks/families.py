"""Which families of works are there, and in which module is each?"""

from collections.abc import Sequence
from importlib import import_module

from tests.benchmarks.bench import Case

FAMILIES = {
    "step": "a training step",
    "upscale": "a picture that is upscaled",
    "prepare": "pictures that are prepared for training",
    "loader": "batches that are read",
    "degradation": "LR that is made of HR",
    "metrics": "scores of a picture",
    "start": "the start of a command",
    "validation": "a validation during training",
    "checkpoint": "a checkpoint that is written",
}
"""Each is the module `NAME_speed` of this folder; in the order of the page."""


def cases_of(family: str) -> Sequence[Case]:
    """Return the works of a family."""
    found: Sequence[Case] = import_module(f"tests.benchmarks.{family}_speed").cases()
    return found


def chosen(words: Sequence[str]) -> list[tuple[str, Case]]:
    """Return the works that words choose: a family, or `FAMILY:PART` of what its works are called.

    No words choose all. Raises SystemExit for a family or a part that there is not.
    """
    works = list[tuple[str, Case]]()
    for word in words or list(FAMILIES):
        family, _, part = word.partition(":")
        if family not in FAMILIES:
            raise SystemExit(f"there is no family '{family}'; there are {', '.join(FAMILIES)}")
        found = [case for case in cases_of(family) if part.lower() in case.work.lower()]
        if not found:
            names = "; ".join(case.work for case in cases_of(family))
            raise SystemExit(f"nothing of '{family}' is called '{part}'; there are: {names}")
        works += [(family, case) for case in found]
    return works


def together(works: Sequence[tuple[str, Case]]) -> list[tuple[str, list[Case]]]:
    """Return the works by family, those of one group together."""
    found = dict[tuple[str, str], list[Case]]()
    for family, case in works:
        found.setdefault((family, case.group or case.work), []).append(case)
    return [(family, cases) for (family, _), cases in found.items()]
