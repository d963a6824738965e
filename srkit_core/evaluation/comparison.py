"""May scores stand side by side, and where they may not, what keeps them apart?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from srkit_core.errors import IncompatibleError
from srkit_core.evaluation.score_files import read_scores
from srkit_core.evaluation.scores import ModelScores, Scores
from srkit_core.evaluation.scores_by_set import ScoresBySet

_SAID_ONLY: Final = ("srkit", "lr", "definition", "pictures")
"""Fields of a protocol that are not compared, or otherwise: the channel says what the definition
does, and the files of LR are compared where they are known.
"""
_NOT_ALWAYS: Final = ("precision", "networks", "lr_sha256")
"""Fields that an older srkit did not write."""
_HINT: Final = "evaluate both models in one call, or with the same options"
_SHOWN: Final = 12
"""How many digits of a digest a person is shown."""


def compare(*scores: Scores | str | Path, against: str | None = None) -> Scores:
    """Put scores, or files of scores, side by side: the models of all of them, in their order.

    Equal rows of one name are one; others of one name have the name of their file behind it.
    `against` is the model that the others are tested against. Raises IncompatibleError, with the
    fields and what each says, when protocols or pictures differ, or two calls have a model of one
    name.
    """
    named = [
        (one, "") if isinstance(one, Scores) else (read_scores(one), str(one)) for one in scores
    ]
    return side_by_side(named, against)


def side_by_side(named: Sequence[tuple[Scores, str]], against: str | None = None) -> Scores:
    """Return what `compare` does, of scores with what their source is called, "" of none."""
    if not named:
        raise IncompatibleError("there are no scores to compare", hint="compare(first, second)")
    first, source = named[0]
    for other, another in named[1:]:
        _check_comparable(first, other, source, another)
    models = _joined(named)
    names = [one.name for one in models]
    if against not in (None, *names):
        fact = f"no model is called '{against}'"
        raise IncompatibleError(fact, hint=f"one of {', '.join(names)}")
    return Scores(first.protocol, models, against=against)


def _check_comparable(one: Scores, other: Scores, source: str, another: str) -> None:
    whose = f" of {source} and {another}" if source and another else ""
    _check_same_kind(one, other, source, another)
    if apart := list(_differing(one.protocol, other.protocol)):
        raise IncompatibleError(f"the protocols{whose} differ in {'; '.join(apart)}", hint=_HINT)
    first, second = (_picture_names(each.models) for each in (one, other))
    if stray := min(first ^ second, default=None):
        only = (source if stray in first else another) or "one"
        raise IncompatibleError(f"the pictures differ: only {only} has '{stray}'", hint=_HINT)
    shown = [_shown_pictures(each.protocol) for each in (one, other)]
    if all(shown) and shown[0] != shown[1]:
        fact = f"the pictures{whose} differ, though not in their names: {' and '.join(shown)}"
        raise IncompatibleError(fact, hint=_HINT)


def _check_same_kind(one: Scores, other: Scores, source: str, another: str) -> None:
    """Refuse to mix scores of pictures with the final figures of a run, which has none of them."""
    bare, whole = (another, source) if _picture_names(one.models) else (source, another)
    if bool(_picture_names(one.models)) != bool(_picture_names(other.models)):
        fact = f"{bare} holds final figures alone, and {whole} scores of pictures"
        raise IncompatibleError(fact, hint=f"srkit eval {bare} --data FOLDER --json FILE")


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields in which two protocols differ, with both values."""
    known = all("lr_sha256" in each for each in (one, other))
    skipped = {*_SAID_ONLY} - (set() if known else {"lr"})
    first, second = (dict(_flat(each, skipped)) for each in (one, other))
    for name in dict.fromkeys([*first, *second]):
        field = name.partition(".")[0]
        new = field in _NOT_ALWAYS and not (field in one and field in other)
        if not new and first.get(name) != second.get(name):
            values = [_shown_value(each.get(name, "none")) for each in (first, second)]
            yield f"{name}: {', '.join(values)}"


def _flat(
    table: Mapping[str, Any], skipped: set[str], before: str = ""
) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if name in skipped:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, skipped, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _shown_value(value: Any) -> str:
    text = str(value)
    is_digest = len(text) == 64 and all(char in "0123456789abcdef" for char in text)
    return text[:_SHOWN] if is_digest else text


def _shown_pictures(protocol: Mapping[str, Any]) -> str:
    pictures = protocol.get("pictures")
    return f"{pictures['count']} of {pictures['sha256'][:_SHOWN]}" if pictures else ""


def _picture_names(models: Sequence[ModelScores]) -> set[str]:
    return {name for model in models for name in model.images}


def _joined(named: Sequence[tuple[Scores, str]]) -> tuple[ModelScores, ...]:
    """Return the models of all, each once, under names that tell them apart."""
    found = dict[str, ModelScores]()
    for scores, source in named:
        for one in scores.models:
            there = found.get(one.name)
            if there is None:
                found[one.name] = one
            elif not _is_equal(one, there):
                name = _told_apart(one.name, source, found)
                found[name] = replace(one, name=name)
    return tuple(found.values())


def _told_apart(name: str, source: str, taken: Mapping[str, ModelScores]) -> str:
    told = f"{name} ({Path(source).stem})"
    if not source or told in taken:
        fact = f"two models are called '{name}', and their scores differ"
        raise IncompatibleError(fact, hint="evaluate them under names: {'first': MODEL}")
    return told


def _is_equal(one: ModelScores, other: ModelScores) -> bool:
    digests = [each.weights["sha256"] if each.weights else None for each in (one, other)]
    labels = list(one.specs)
    return (
        digests[0] == digests[1]
        and labels == list(other.specs)
        and all(one.judged(label) == other.judged(label) for label in labels)
        and one.of_set == other.of_set
    )


def sets_side_by_side(
    named: Sequence[tuple[ScoresBySet, str]], against: str | None = None
) -> ScoresBySet:
    """Return what `side_by_side` does of each set; raises IncompatibleError too where one source
    has a set that another has not.
    """
    first, source = named[0]
    for other, another in named[1:]:
        if stray := min({*first.sets} ^ {*other.sets}, default=None):
            only = source if stray in first.sets else another
            raise IncompatibleError(f"the sets differ: only {only} has '{stray}'", hint=_HINT)
    return ScoresBySet(
        {
            name: side_by_side([(one.sets[name], where) for one, where in named], against)
            for name in first.sets
        }
    )
