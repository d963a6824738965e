"""What does a metric of a whole set of pictures say?

Features are taken of each picture as it comes, wherever it is scored, and compared once all are
there.
"""

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from srkit_core.errors import PluginError
from srkit_core.interfaces import SetMetric
from srkit_core.models.component_errors import component_errors

SetFeatures: TypeAlias = Mapping[str, tuple[Tensor, Tensor]]
"""Features of SR and HR of one picture, (F,) each on the CPU, by the labels of metrics."""


def features_of(metric: SetMetric, sr: Tensor, hr: Tensor) -> tuple[Tensor, Tensor]:
    """Return the features of one picture and of what it should be, (1, C, H, W) each: (F,).

    Raises PluginError for features of another shape.
    """
    found = [metric.features(one).detach() for one in (sr, hr)]
    for one in found:
        if one.ndim != 2 or len(one) != 1:
            fact = f"the features of one picture have the shape {tuple(one.shape)}, not (1, F)"
            raise PluginError(fact, hint="srkit plugin check NAME")
    return found[0][0].cpu(), found[1][0].cpu()


def set_score(
    metric: SetMetric, owner: str, features: Mapping[str, tuple[Tensor, Tensor]]
) -> float:
    """Return the score of a set from the features of its pictures, by their names.

    They are put in the order of names, so that the score does not depend on who scored which.
    """
    ordered = [features[name] for name in sorted(features)]
    sr, hr = (torch.stack(side) for side in zip(*ordered, strict=True))
    with component_errors(owner, f"scored {len(ordered)} pictures as a set"):
        return float(metric.compare(sr, hr))
