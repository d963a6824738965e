"""Which groups of pictures are kept from training?

A digest of a group's name decides, so that with shares files that are added later never move the
others, unless they are copies of them; the default is a count, 1 to 8, which they may.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeAlias

from srkit_core.errors import DataError
from srkit_core.same_name import composed

Selection: TypeAlias = float | Sequence[str]
"""A share of the groups, or the names of pictures."""

HELD_OUT_SHARE = 0.1
HELD_OUT_MOST = 8


def choose(
    groups: Mapping[str, str],
    hold_out: Selection | None,
    test: Selection,
    source: str,
    *,
    first: Collection[str] = (),
    none: bool = False,
) -> tuple[set[str], set[str]]:
    """Return the groups (for validation, for a test) of pictures, given as name to group.

    A share takes the groups whose digest falls into it, so of few pictures it may take more or
    fewer. Names come before shares, and may have their endings. An empty `hold_out` stands for a
    tenth, 1 to 8 groups, those of `first` before others, None for no validation. Raises DataError
    when a name is unknown or in both parts, or a share takes none, unless `none` allows that.
    """
    named, tested = (
        _named(groups, hold_out or (), "hold_out", source),
        _named(groups, test, "test", source),
    )
    both = sorted(named & tested)
    if both:
        raise DataError(
            f"{source}: '{both[0]}' is both held out for validation and kept for a test",
            hint="data.hold_out or data.test",
        )
    free = [group for group in dict.fromkeys(groups.values()) if group not in named | tested]
    share = test if isinstance(test, float) else 0.0
    if isinstance(test, float):
        tested = _within(free, 0.0, share)
        _refuse_none(tested, test, "test", groups, source, allowed=none)
    if isinstance(hold_out, float):
        named = _within(free, share, share + hold_out)
        _refuse_none(named, hold_out, "hold_out", groups, source, allowed=none)
    elif hold_out is not None and not hold_out:
        named = _some([group for group in free if group not in tested], first)
    return named, tested


def _named(groups: Mapping[str, str], selection: Selection, field: str, source: str) -> set[str]:
    if isinstance(selection, float):
        return set()
    written = {composed(name): name for name in groups}
    found = {
        name: name
        if name in groups
        else written.get(composed(name))
        or written.get(composed(name.removesuffix(PurePosixPath(name).suffix)), "")
        for name in selection
    }
    unknown = [name for name, known in found.items() if known not in groups]
    if unknown:
        action = {"hold_out": "to hold out", "test": "to keep for a test"}[field]
        raise DataError(
            f"{source} has no picture '{unknown[0]}' {action}",
            hint=f"data.{field}, one of: {', '.join(list(groups)[:8])}",
        )
    return {groups[known] for known in found.values()}


def _within(groups: Iterable[str], low: float, high: float) -> set[str]:
    return {group for group in groups if low <= int(_digest(group)[:13], 16) / 16**13 < high}


def _refuse_none(
    found: set[str],
    share: float,
    field: str,
    groups: Mapping[str, str],
    source: str,
    *,
    allowed: bool,
) -> None:
    if not found and not allowed:
        names = f"--set 'data.{field}=[\"{next(iter(groups), 'NAME')}\"]'"
        raise DataError(
            f"no picture of {source} falls into the share of {share:g} of data.{field}",
            hint=f"a larger share, or names: {names}",
        )


def _some(groups: Sequence[str], first: Collection[str]) -> set[str]:
    count = min(max(round(len(groups) * HELD_OUT_SHARE), 1), HELD_OUT_MOST)
    return set(sorted(groups, key=lambda group: (group not in first, _digest(group)))[:count])


def _digest(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()
