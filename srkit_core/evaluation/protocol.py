"""Which pixels of SR and HR does a metric see?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.devices import backend_of
from srkit_core.errors import DataError
from srkit_core.io.images import check_finite
from srkit_core.metric_binding import MetricTerm
from srkit_core.validation_config import ProtocolName

_LUMA = (65.481, 128.553, 24.966)
_LUMA_OFFSET = 16.0
_ROWS: Final = 64
"""How many rows of a picture a CPU prepares at a time: what is between fits its cache (measured: a
fifth of the time of whole pictures).
"""


@dataclass(frozen=True)
class Protocol:
    """How pictures are made comparable: `channel` luma or RGB, `border` HR pixels cut from each
    side, 8-bit rounding; luma may be rounded to whole levels, and what is not rounded to 8 bit may
    be left outside of [0, 1].

    The field's convention for published tables (Timofte et al. 2013; Lim et al. 2017): luma, border
    = scale, 8 bit.
    """

    channel: ProtocolName
    border: int
    quantise: bool = True
    whole_levels: bool = False
    clamp: bool = True

    def of_metric(self, common: Mapping[str, Any]) -> "Protocol":
        """Return the protocol of one metric, for which `protocol` and `border` may have been
        written.
        """
        channel, border = common.get("protocol"), common.get("border")
        return replace(
            self,
            channel=self.channel if channel is None else channel,
            border=self.border if border is None else border,
        )

    def prepare(self, pictures: Tensor) -> Tensor:
        """Turn (B, 3, H, W) in [0, 1] into what metrics of the protocol see: float64, (B, 1 or 3,
        H', W') in [0, 1].

        Raises DataError when the border leaves nothing, and NotFiniteError as `whole` does.
        """
        check_finite(pictures)
        cut = self._without_border(pictures)
        cut = cut if backend_of(cut.device).float64 else cut.cpu()
        rows = _ROWS if cut.device.type == "cpu" else cut.shape[-2]
        return torch.cat([self._seen(stripe) for stripe in torch.split(cut, rows, -2)], -2)

    def _seen(self, stripe: Tensor) -> Tensor:
        exact = self._rounded(stripe).double()
        if self.channel == "rgb":
            return exact
        return luma(exact).mul(255).round().div(255) if self.whole_levels else luma(exact)

    def _rounded(self, pictures: Tensor) -> Tensor:
        """Return float32; of 8 bit the same values as `to_unit(to_bytes(...))`, without the bytes
        between.
        """
        if self.quantise:
            return pictures.float().clamp(0, 1).mul_(255).round_().div_(255)
        return pictures.float().clamp(0, 1) if self.clamp else pictures.float()

    def whole(self, pictures: Tensor) -> Tensor:
        """Turn (B, 3, H, W) into what `rgb` metrics see: whole, RGB, float32 in [0, 1], rounded to
        8 bit if asked.

        Raises NotFiniteError for NaN and infinity, of which no score is made.
        """
        check_finite(pictures)
        return self._rounded(pictures)

    def describe(self) -> dict[str, Any]:
        """Return the protocol in words, for reports."""
        rounded = "rounded to whole levels" if self.whole_levels else "not rounded"
        luma_said = f"Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255, {rounded}"
        channel = luma_said if self.channel == "y" else "RGB"
        exact = "none" if self.clamp else "none, nor clamped"
        return {
            "channel": self.channel,
            "definition": channel,
            "border": self.border,
            "quantisation": "8 bit" if self.quantise else exact,
        }

    def _without_border(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        if min(height, width) <= 2 * self.border:
            raise DataError(
                f"nothing is left of {width}x{height} pixels without a border of {self.border}",
                hint="--border 0",
            )
        return pictures[..., self.border : height - self.border, self.border : width - self.border]


def own_protocols(metrics: Sequence[MetricTerm], common: Protocol) -> dict[str, dict[str, Any]]:
    """Return, in words and by label, the protocols of the metrics that see pictures otherwise than
    by the `common` one.
    """
    seen = {
        term.label: common.of_metric(term.bound.common)
        for term in metrics
        if term.spec.domain == "protocol"
    }
    return {label: own.describe() for label, own in seen.items() if own != common}


def luma(rgb: Tensor) -> Tensor:
    """Return BT.601 luma (B, 1, H, W) of RGB (B, 3, H, W), both in [0, 1].

    Ranges over 16/255..235/255, not rounded.
    """
    weights = torch.tensor(_LUMA, dtype=rgb.dtype, device=rgb.device)
    weighted = (rgb.movedim(1, -1) @ weights)[:, None]
    return (weighted + _LUMA_OFFSET) / 255
