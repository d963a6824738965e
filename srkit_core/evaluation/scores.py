"""What scores did models get, and how do they stand side by side?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any, Protocol, TypeAlias

import numpy as np

from srkit_core.evaluation.mean_intervals import (
    METHOD,
    TEST,
    Interval,
    MeanDifference,
    mean_difference,
    mean_interval,
)

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
    and the sha256 of the file that this meant (of a folder of SR, that of its pictures), None for a
    model without a file. `of_set` holds the scores of metrics that judge all pictures as a whole
    (FID), which have no deviation. Pictures that were computed `again` are those of which half
    precision made NaN or infinity, so that they were scored in fp32.
    """

    name: str
    images: dict[str, PictureScores]
    specs: Mapping[str, MetricTraits] = field(repr=False)
    weights: Mapping[str, str] | None = field(default=None, repr=False)
    of_set: Mapping[str, float] = field(default_factory=dict)
    again: tuple[str, ...] = field(default=(), repr=False)

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

    def interval(self, label: str) -> Interval:
        """Return the 95 % bootstrap interval of that mean over pictures (`mean_interval`); nan of
        fewer than five pictures.
        """
        return mean_interval(list(self.judged(label).values()))

    def difference(self, label: str, other: "ModelScores") -> MeanDifference:
        """Return by how much the mean of one metric is above that of another model, over the
        pictures that it judges of both.
        """
        own, others = self.judged(label), other.judged(label)
        names = [name for name in own if name in others]
        return mean_difference([own[name] for name in names], [others[name] for name in names])

    def is_file_of(self, other: "ModelScores") -> bool:
        """Whether both are known to be of one file."""
        return bool(
            self.weights and other.weights and self.weights["sha256"] == other.weights["sha256"]
        )

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
            "interval": _ends(self.interval(label)),
            "unit": spec.unit,
            "higher_is_better": spec.higher_is_better,
            **({"of_set": True} if label in self.of_set else {}),
            **({"left_out": list(left_out)} if left_out else {}),
        }


@dataclass(frozen=True)
class ExplainedScores:
    """What the same SR scores under a common protocol, and who uses that."""

    name: str
    used_by: str
    scores: "Scores"


@dataclass(frozen=True)
class Scores:
    """Scores of one or several models on the same pictures under one protocol.

    `protocol` names channel, border, quantisation, scale, LR, the versions of the metrics and the
    digests of their networks, and the digest of the pictures. `explained` are scores of the same SR
    under common protocols, where they were asked for; `against` is the model that the others are
    tested against.
    """

    protocol: Mapping[str, Any]
    models: tuple[ModelScores, ...]
    explained: tuple[ExplainedScores, ...] = ()
    against: str | None = None

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

    def differences(self) -> Iterator[tuple[str, str, MeanDifference]]:
        """Yield each other model, each metric, and by how much that model's mean is above that of
        the model that they are tested against; nothing where none is.
        """
        if self.against is None:
            return
        base = self[self.against]
        for one in self.models:
            for label in one.specs if one is not base else ():
                if label in one.of_set:
                    continue
                yield one.name, label, one.difference(label, base)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the document that `srkit eval --json FILE` writes."""
        models = [one.to_dict() for one in self.models]
        explained = [
            {"name": one.name, "used_by": one.used_by, **one.scores.to_dict()}
            for one in self.explained
        ]
        return {
            "protocol": dict(self.protocol),
            "intervals": METHOD,
            "models": models,
            **({"against": self._tested()} if self.against is not None else {}),
            **({"explained": explained} if explained else {}),
        }

    def _tested(self) -> dict[str, Any]:
        found = dict[str, dict[str, Any]]()
        for name, label, one in self.differences():
            found.setdefault(name, {})[label] = {
                "difference": _known(one.mean),
                "interval": _ends(one.interval),
                "p": _known(one.p),
                "pictures": one.pictures,
            }
        models = [{"name": name, "metrics": metrics} for name, metrics in found.items()]
        return {"model": self.against, "test": TEST, "models": models}


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


def _ends(interval: Interval) -> list[float] | None:
    return list(interval) if all(map(isfinite, interval)) else None
