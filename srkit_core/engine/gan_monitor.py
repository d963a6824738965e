"""Is the game between generator and discriminator a good one?

Thresholds are empirical. A discriminator that is nearly always right with a gap to certainty
(D(real) 0.96 and D(fake) 0.09 are reported of good runs) is healthy; one that has no doubt left
teaches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

CERTAIN: Final = 0.995
"""D(real) above it and D(fake) below its complement: the discriminator has won."""
INDISTINCT: Final = 0.002
"""A gap between D(real) and D(fake) below it, with hardly a gradient: the discriminator has
collapsed.
"""
STILL: Final = 1e-6
FLAT_CONTRAST: Final = 0.25
"""Contrast of SR below this part of the contrast of HR."""
TINTED: Final = 0.1
"""A channel of SR off by more than this beyond the other channels, of the range [0, 1]."""
PATIENCE: Final = 5
"""Logged rows in a row that must give the same warning."""

SPARSE: Final = 4
"""Every so many pixels of a row and column are looked at, which is enough for a warning and costs a
step nothing.
"""

CONTRAST, TINT = "sr/contrast", "sr/tint"


@dataclass(frozen=True)
class GanWarning:
    """Something that is wrong, and what usually helps."""

    name: str
    message: str


_WON = GanWarning(
    "discriminator-won",
    "the discriminator has won: it tells real from fake without a doubt, and the generator learns "
    "nothing from it; "
    "usual remedies: a lower rate for it (--set optimizer.discriminator.lr=1e-5), a longer "
    "warm-up, or vgg-sn",
)
_COLLAPSED = GanWarning(
    "discriminator-collapsed",
    "the discriminator has collapsed: it says the same of real and fake pictures and hardly "
    "moves; usual remedies: a higher "
    "rate for it, --set d_steps=2, or another adversarial loss",
)
_FLAT = GanWarning(
    "flat-output",
    "the output is flat: it has a quarter of the contrast of HR or less; usual remedies: a "
    "warm-up with l1, or a larger weight of it",
)
_TINTED = GanWarning(
    "tinted-output",
    "the output is tinted: one colour is off by more than 0.1; usual remedies: a larger weight of "
    "l1, or a smaller rate",
)


def contrast_and_tint(sr: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Return how much contrast SR (B, 3, H, W) has beside its target, and by how much one of its
    colours is off.
    """
    with torch.no_grad():
        sr, target = (one[..., ::SPARSE, ::SPARSE].float() for one in (sr, target))
        contrast = sr.std(dim=(1, 2, 3)).mean() / target.std(dim=(1, 2, 3)).mean().clamp(min=1e-6)
        off = (sr - target).mean(dim=(0, 2, 3))
        return {CONTRAST: contrast, TINT: (off - off.median()).abs().max()}


def warnings_of(values: Mapping[str, float]) -> list[GanWarning]:
    """Return what one logged row shows."""
    warnings = []
    real, fake = values.get("d_real"), values.get("d_fake")
    if real is not None and fake is not None:
        if real > CERTAIN and fake < 1 - CERTAIN:
            warnings.append(_WON)
        if abs(real - fake) < INDISTINCT and values.get("gradient/discriminator", 1.0) < STILL:
            warnings.append(_COLLAPSED)
    if values.get(CONTRAST, 1.0) < FLAT_CONTRAST:
        warnings.append(_FLAT)
    if values.get(TINT, 0.0) > TINTED:
        warnings.append(_TINTED)
    return warnings


class GanMonitor:
    """Counts warnings over logged rows, and gives each once when it has lasted."""

    def __init__(self) -> None:
        self._lasting = dict[str, int]()
        self._given = set[str]()

    def row(self, values: Mapping[str, float]) -> list[str]:
        """Take a logged row; return the messages of warnings that have now lasted PATIENCE rows."""
        warnings = {warning.name: warning for warning in warnings_of(values)}
        self._lasting = {name: self._lasting.get(name, 0) + 1 for name in warnings}
        lasting = [name for name in warnings if self._lasting[name] >= PATIENCE]
        new = [name for name in lasting if name not in self._given]
        self._given.update(new)
        return [f"warning: {warnings[name].message}" for name in new]
