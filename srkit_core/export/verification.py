"""Does a written file compute what the model does?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from srkit_core.errors import IncompatibleError
from srkit_core.export.graph import LARGEST_DIFFERENCE, verification_pictures
from srkit_core.models.model import Model


@torch.no_grad()
def largest_difference(model: Model, results: Sequence[Any], engine: str) -> float:
    """Return by how much what an engine made of the verification pictures differs from what torch
    makes of them, at most; values in [0, 1].

    Raises IncompatibleError where that is more than one step of 8 bit.
    """
    exact = replace(model, precision=torch.float32)
    differences = [
        (torch.from_numpy(result).float() - exact(picture)).abs().max()
        for picture, result in zip(verification_pictures(), results, strict=True)
    ]
    largest = float(torch.stack(differences).max())
    if not largest <= LARGEST_DIFFERENCE:
        raise IncompatibleError(
            f"{engine} computes what differs by {largest:.2g} from what torch does",
            hint=f"srkit plugin check {model.bound.component.full_name}",
        )
    return largest
