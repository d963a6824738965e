"""Which scores does a file hold that `srkit eval --json` wrote?"""

import json
from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import Any

from srkit_core.errors import DataError
from srkit_core.evaluation.scores import ModelScores, ReadTraits, Scores
from srkit_core.evaluation.scores_by_set import ScoresBySet


def read_scores(path: str | Path) -> Scores:
    """Return the scores that `srkit eval --json FILE` wrote, of several sets those of all their
    pictures; raises DataError when it is no such file, or the sets have different protocols.
    """
    file = Path(path)
    document = _document(file)
    if "sets" in document and "models" not in document:
        fact = f"{file} holds scores of several sets, under protocols that differ"
        raise DataError(fact, hint="srkit eval RECIPE --only SET --json FILE", path=file)
    return _scores(document, file)


def read_scores_by_set(path: str | Path) -> ScoresBySet:
    """Return the scores of a file by the names of its sets, of a single set by ""; raises DataError
    when it is no such file.
    """
    file = Path(path)
    document = _document(file)
    if "sets" not in document:
        return ScoresBySet({"": _scores(document, file)})
    sets = document["sets"]
    if not isinstance(sets, list) or not all(isinstance(one, dict) for one in sets):
        raise _no_scores(file, "its sets are no list of tables")
    return ScoresBySet({str(one.get("name")): _scores(one, file) for one in sets})


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot read {file}: {reason}", hint="check the path", path=file) from None
    except (ValueError, RecursionError) as error:
        raise _no_scores(file, str(error)) from None
    if not isinstance(document, dict):
        raise _no_scores(file, f"it is a {type(document).__name__}")
    return document


def _scores(document: Mapping[str, Any], file: Path) -> Scores:
    try:
        protocol = dict(document["protocol"])
        return Scores(protocol, tuple(map(_model, document["models"])))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_scores(file, str(error)) from None


def _model(document: Mapping[str, Any]) -> ModelScores:
    specs = {
        label: ReadTraits(str(one["unit"]), bool(one["higher_is_better"]), "of_set" in one)
        for label, one in document["metrics"].items()
    }
    of_set = {
        label: _number(document["metrics"][label]["mean"])
        for label, spec in specs.items()
        if spec.of_set
    }
    labels = [label for label in specs if label not in of_set]
    images = {
        one["name"]: {label: _number(one[label]) for label in labels} for one in document["images"]
    }
    return ModelScores(document["name"], images, specs, document.get("weights"), of_set)


def _number(value: Any) -> float:
    """Return a score; null stands for one that is not finite."""
    return nan if value is None else float(value)


def _no_scores(file: Path, why: str) -> DataError:
    return DataError(
        f"{file} holds no scores: {why}", hint="srkit eval MODEL --json FILE", path=file
    )
