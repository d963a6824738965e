"""What scores did models get, and how do they stand side by side?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from srkit_core.errors import DataError, IncompatibleError

PictureScores: TypeAlias = dict[str, float]
"""Scores of one picture, by the labels of the metrics; one that is not finite judges nothing."""


class MetricTraits(Protocol):
    """What a score means; a `MetricSpec` says it."""

    @property
    def unit(self) -> str:
        """Such as dB; "" where it has none."""
        ...

    @property
    def higher_is_better(self) -> bool:
        """Which of two scores is the better one."""
        ...

    @property
    def of_set(self) -> bool:
        """Whether it judges a set of pictures as a whole, and no picture of it."""
        ...


@dataclass(frozen=True)
class ReadTraits:
    """What a score in a file means."""

    unit: str
    higher_is_better: bool
    of_set: bool = False


@dataclass(frozen=True)
class ModelScores:
    """Scores of one model per picture, and what each metric means.

    A picture whose score is infinite (PSNR of one that was met exactly) or nan (a metric that
    cannot judge it) is left out of mean and deviation, and named. `weights` are what was asked for
    and the sha256 of the file that this meant, None for a model without a file. `of_set` holds the
    scores of metrics that judge all pictures as a whole (FID), which have no deviation.
    """

    name: str
    images: dict[str, PictureScores]
    specs: Mapping[str, MetricTraits] = field(repr=False)
    weights: Mapping[str, str] | None = field(default=None, repr=False)
    of_set: Mapping[str, float] = field(default_factory=dict)

    def mean(self, label: str) -> float:
        """Return the mean of one metric over the pictures it judges, or its score of the set; nan
        where it judges none.
        """
        if label in self.of_set:
            return self.of_set[label]
        return float(np.mean(list(self.judged(label).values()) or [nan]))

    def std(self, label: str) -> float:
        """Return the standard deviation of one metric over the pictures it judges (of the
        population); nan where it judges none.
        """
        return float(np.std(list(self.judged(label).values()) or [nan]))

    def judged(self, label: str) -> dict[str, float]:
        """Return the finite scores of one metric, by picture; of a metric of sets there are
        none.
        """
        if label in self.of_set:
            return {}
        scores = {name: found[label] for name, found in self.images.items()}
        return {name: value for name, value in scores.items() if isfinite(value)}

    def left_out(self, label: str) -> tuple[str, ...]:
        """Return the names of the pictures that are not in the mean of one metric; all are in the
        score of a set.
        """
        if label in self.of_set:
            return ()
        judged = self.judged(label)
        return tuple(name for name in self.images if name not in judged)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `srkit eval --json` writes them: None where nothing is judged."""
        images = [
            {"name": name, **{label: _known(value) for label, value in scores.items()}}
            for name, scores in self.images.items()
        ]
        metrics = {label: self._described(label, spec) for label, spec in self.specs.items()}
        weights = {"weights": dict(self.weights)} if self.weights else {}
        return {"name": self.name, **weights, "metrics": metrics, "images": images}

    def _described(self, label: str, spec: MetricTraits) -> dict[str, Any]:
        left_out = self.left_out(label)
        return {
            "mean": _known(self.mean(label)),
            "std": _known(self.std(label)),
            "unit": spec.unit,
            "higher_is_better": spec.higher_is_better,
            **({"of_set": True} if label in self.of_set else {}),
            **({"left_out": list(left_out)} if left_out else {}),
        }


@dataclass(frozen=True)
class Scores:
    """Scores of one or several models on the same pictures under one protocol.

    `protocol` names channel, border, quantisation, scale, LR and the versions of the metrics.
    """

    protocol: Mapping[str, Any]
    models: tuple[ModelScores, ...]

    def __getitem__(self, name: str) -> ModelScores:
        """Return the scores of the model of that name; raises KeyError when there is none."""
        found = next((one for one in self.models if one.name == name), None)
        if found is None:
            raise KeyError(f"no model '{name}'; there are {', '.join(self.names)}")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models, in their order."""
        return tuple(one.name for one in self.models)

    def mean(self, metric: str, model: str | None = None) -> float:
        """Return the mean of a metric over the pictures it judges, of the only model or of a named
        one; nan where it judges none.
        """
        return (self.models[0] if model is None else self[model]).mean(metric)

    def left_out(self, metric: str, model: str | None = None) -> tuple[str, ...]:
        """Return the names of the pictures that are not in that mean."""
        return (self.models[0] if model is None else self[model]).left_out(metric)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the document that `srkit eval --json FILE` writes."""
        models = [one.to_dict() for one in self.models]
        return {"protocol": dict(self.protocol), "models": models}


def read_scores(path: str | Path) -> Scores:
    """Return the scores that `srkit eval --json FILE` wrote, of several sets those of all their
    pictures; raises DataError when it is no such file, or the sets have different protocols.
    """
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if "sets" in document and "models" not in document:
            raise _sets_apart(file)
        return Scores(document["protocol"], tuple(map(_read_model, document["models"])))
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot read {file}: {reason}", hint="check the path", path=file) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{file} holds no scores: {error}", hint="srkit eval MODEL --json FILE", path=file
        ) from None


def _sets_apart(file: Path) -> DataError:
    fact = f"{file} holds scores of several sets, under protocols that differ"
    return DataError(fact, hint="srkit eval RECIPE --only SET --json FILE", path=file)


def compare(*scores: Scores | str | Path) -> Scores:
    """Put scores, or files of scores, side by side: the models of all of them, in their order.

    Raises IncompatibleError, naming the field, when protocols or pictures differ, or two models
    share a name.
    """
    several = [one if isinstance(one, Scores) else read_scores(one) for one in scores]
    if not several:
        raise IncompatibleError("there are no scores to compare", hint="compare(first, second)")
    for other in several[1:]:
        _check_comparable(several[0], other)
    models = [model for one in several for model in one.models]
    names = [model.name for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        fact = f"two models are called '{twice}'"
        raise IncompatibleError(fact, hint="evaluate them under names: {'first': MODEL}")
    return Scores(several[0].protocol, tuple(models))


def _check_comparable(one: Scores, other: Scores) -> None:
    hint = "evaluate both models in one call, or with the same options"
    for name in dict.fromkeys([*one.protocol, *other.protocol]):
        first, second = one.protocol.get(name), other.protocol.get(name)
        if first != second:
            raise IncompatibleError(f"the protocols differ in {name}: {first}, {second}", hint=hint)
    first_names, second_names = (_picture_names(each.models) for each in (one, other))
    stray = next(iter(first_names ^ second_names), None)
    if stray is not None:
        raise IncompatibleError(f"the pictures differ: only one has '{stray}'", hint=hint)


def _picture_names(models: Sequence[ModelScores]) -> set[str]:
    return {name for model in models for name in model.images}


def _read_model(document: Mapping[str, Any]) -> ModelScores:
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


def _known(value: float) -> float | None:
    return value if isfinite(value) else None
