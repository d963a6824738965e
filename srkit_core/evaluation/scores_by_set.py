"""What scores did models get on each of several sets, and in the mean over them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan
from typing import Any, Final

from srkit_core.evaluation.digests import joined_digest
from srkit_core.evaluation.scores import MetricTraits, ModelScores, Scores

_BY_METRIC: Final = ("metrics", "metric_protocols", "networks")
"""Fields of a protocol that say something of each metric, by its label."""

_OF_PICTURES: Final = ("lr_sha256", "pictures")
"""Fields of a protocol that say which pictures were scored."""

_NOT_COMPARED: Final = ("lr", *_OF_PICTURES, *_BY_METRIC)
"""Fields that may differ between sets whose scores are averaged: which pictures they are and where
LR lies, and those of other metrics.
"""


@dataclass(frozen=True)
class ScoresBySet:
    """Scores of the same models on sets of pictures, each under its own protocol.

    A single set may have no name.
    """

    sets: Mapping[str, Scores]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models, in their order."""
        return self._first.names

    @property
    def traits(self) -> dict[str, MetricTraits]:
        """What each metric means, by its label, of all sets."""
        return {
            label: spec for one in self.sets.values() for label, spec in one.models[0].specs.items()
        }

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The fields in which the protocols of the sets differ, but for where LR lies and which
        metrics there are: where there is one, no mean is taken over sets.
        """
        protocols = [one.protocol for one in self.sets.values()]
        names = dict.fromkeys(
            name for one in protocols for name in one if name not in _NOT_COMPARED
        )
        return tuple(
            name
            for name in names
            if any(one.get(name) != protocols[0].get(name) for one in protocols)
        )

    def averaged(self) -> tuple[str, ...]:
        """Return the labels of the metrics that have a mean over sets: of several, each of which
        has the metric, in the same version.
        """
        if len(self.sets) < 2 or self.differing:
            return ()
        said = [_of_metrics(one.protocol) for one in self.sets.values()]
        return tuple(
            label
            for label in self._first.models[0].specs
            if all(one.get(label) == said[0][label] for one in said)
        )

    def mean(self, label: str, model: str) -> float:
        """Return the mean over the sets of their means, each set counting alike; nan where a set
        has none.
        """
        means = [one.mean(label, model) for one in self.sets.values()]
        return sum(means) / len(means) if means else nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `srkit eval --json` writes them.

        Of one set its own document. Of several the document of all pictures as one set, each called
        SET/PICTURE, where the protocols agree, and beside it `sets`, the document of each with its
        name, and `means` over sets.
        """
        if len(self.sets) == 1:
            return self._first.to_dict()
        sets = [{"name": name, **one.to_dict()} for name, one in self.sets.items()]
        means = [{"name": name, "metrics": self._means(name)} for name in self.names]
        return {**self._joined(), "sets": sets, "means": means}

    @property
    def _first(self) -> Scores:
        return next(iter(self.sets.values()))

    def _means(self, model: str) -> dict[str, Any]:
        means = {label: self.mean(label, model) for label in self.averaged()}
        return {label: mean if isfinite(mean) else None for label, mean in means.items()}

    def _joined(self) -> dict[str, Any]:
        """Return the document of all pictures as one set; nothing where protocols differ."""
        labels = [label for label in self.averaged() if not self.traits[label].of_set]
        if not labels:
            return {}
        places = dict.fromkeys(str(one.protocol.get("lr")) for one in self.sets.values())
        shared = {k: v for k, v in self._first.protocol.items() if k not in _OF_PICTURES}
        protocol = {**shared, "lr": ", ".join(places), **self._pictures()}
        for field in _BY_METRIC:
            if said := {
                name: one for name, one in protocol.get(field, {}).items() if name in labels
            }:
                protocol[field] = said
            else:
                protocol.pop(field, None)
        models = tuple(self._joined_model(name, labels) for name in self.names)
        return Scores(protocol, models, against=self._first.against).to_dict()

    def _pictures(self) -> dict[str, Any]:
        """Return what is known of the pictures of all sets together, as fields of a protocol."""
        found = [one.protocol.get("pictures") for one in self.sets.values()]
        lows = [one.protocol.get("lr_sha256") for one in self.sets.values()]
        known = [one for one in found if one]
        joined: dict[str, Any] = {}
        if len(known) == len(found):
            digest = joined_digest(one["sha256"] for one in known)
            joined["pictures"] = {"count": sum(one["count"] for one in known), "sha256": digest}
        if all(lows):
            joined["lr_sha256"] = joined_digest(map(str, lows))
        return joined

    def _joined_model(self, model: str, labels: Sequence[str]) -> ModelScores:
        images = {
            f"{name}/{picture}": {label: values[label] for label in labels}
            for name, one in self.sets.items()
            for picture, values in one[model].images.items()
        }
        return ModelScores(model, images, {label: self.traits[label] for label in labels})


def _of_metrics(protocol: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what a protocol says of each metric, by its label."""
    versions, *own = (protocol.get(field, {}) for field in _BY_METRIC)
    return {
        label: [version, *(one.get(label) for one in own)] for label, version in versions.items()
    }
