"""Is a gradient what it should be?"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

_STEP: Final = 1e-3
_AGREE: Final = 0.1
"""How far a difference quotient over a kink may be from the slope."""


def one_number(said: Any) -> Tensor:
    """Return a scalar as it is, and the mean of anything larger."""
    made = torch.as_tensor(said)
    return made.mean() if made.ndim else made


def gradient_fault(gradient: Tensor | None, name: str) -> str | None:
    """Say what is wrong with the gradient that reaches a batch, or None."""
    if gradient is None:
        return f"no gradient reaches {name}"
    if not bool(gradient.isfinite().all()):
        return f"the gradient that reaches {name} is not finite"
    if not bool(gradient.flatten(1).any(1).all()):
        return f"the gradient that reaches {name} is zero for some of the batch"
    return None


def slope_fault(function: Callable[[Tensor], Tensor], given: Tensor) -> str | None:
    """Say how the gradient of a scalar function differs from its slope, in float64; None where it
    does not, or there is no gradient.
    """
    leaf = given.double().requires_grad_()
    try:
        value = function(leaf.clone())
    except RuntimeError:  # it takes no float64, which another check tells
        return None
    if not value.requires_grad:
        return None
    (gradient,) = torch.autograd.grad(value, leaf, allow_unused=True)
    if gradient is None or not bool(gradient.any()) or not bool(gradient.isfinite().all()):
        return None
    direction = gradient / gradient.abs().max()
    with torch.no_grad():
        ahead, behind = (
            float(function(given.double() + side * direction)) for side in (_STEP, -_STEP)
        )
    slope, said = (ahead - behind) / (2 * _STEP), float((gradient * direction).sum())
    if abs(slope - said) <= _AGREE * abs(said):
        return None
    return (
        f"changes by {slope:.4g} a unit along its gradient, which says {said:.4g}: compute all of "
        "it with torch, without detach() or a backward of its own that is wrong"
    )
