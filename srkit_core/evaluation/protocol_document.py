"""What is written of the way in which scores were made?"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import torch

from srkit_core.data.picture_set import PictureSet
from srkit_core.evaluation.evaluation_pictures import are_stored
from srkit_core.evaluation.protocol import Protocol, own_protocols
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.metric_binding import MetricTerm
from srkit_core.pinning import networks_of
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry

UNKNOWN_LR: Final = {"lr": "unknown", "kernel": "unknown"}
"""Of pictures that were made elsewhere, nobody here knows from what."""


def protocol_document(
    wanted: EvaluationRecipe,
    protocol: Protocol,
    metrics: Sequence[MetricTerm],
    scale: int,
    lr: Mapping[str, str],
    precision: torch.dtype,
) -> dict[str, Any]:
    """Return a protocol in plain values, but for the pictures and the networks of metrics."""
    versions = {
        term.label: f"{term.bound.component.distribution} {term.bound.component.version}"
        for term in metrics
    }
    own = own_protocols(metrics, protocol)
    return {
        **protocol.describe(),
        **({"crop": wanted.crop} if wanted.crop else {}),
        "scale": scale,
        **lr,
        "precision": str(precision).removeprefix("torch."),
        "metrics": versions,
        **({"metric_protocols": own} if own else {}),
        "srkit": version("srkit"),
    }


def networks_used(
    metrics: Sequence[MetricTerm], registry: Registry, report: DownloadProgress | None
) -> dict[str, dict[str, dict[str, str]]]:
    """Return the sha256 of the files of the networks that metrics read, by label and name, as a
    field of a protocol, and fetch those that are not here; none where none reads any.
    """
    found = {term.label: networks_of([term.bound], registry, report) for term in metrics}
    read = {
        label: {one.spec.name: one.file.sha256 for one in some}
        for label, some in found.items()
        if some
    }
    return {"networks": read} if read else {}


def lr_described(wanted: EvaluationRecipe, found: PictureSet) -> dict[str, str]:
    """Say where the LR of pictures is from: stored in a place, made by a degradation, or both."""
    pictures, degrade = found.pictures, str(wanted.degrade)
    place = str(wanted.lr or wanted.data or found.source)
    if are_stored(pictures):
        return {"lr": place, "kernel": "as stored"}
    if any(one.lr is not None for one in pictures):
        return {"lr": f"{place}; made from HR where none is", "kernel": f"as stored; {degrade}"}
    return {"lr": "made from HR", "kernel": degrade}
