"""Does a generator see as far as it declares, so that tiles agree with the whole picture?"""

from typing import Any

from torch import nn

from srkit_core.specs import EVERYWHERE
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.generator_checks import GeneratorChecks
from srkit_core.testing.network_contract import in_eval_mode, outputs, shaken
from srkit_core.testing.samples import pictures

_TILE = 32
"""The smallest side of a tile that people use, in LR pixels."""
_SEAM = 1.0
"""By how much SR of a tile may differ from SR of the whole, in steps of 8 bit."""


class TileChecks(GeneratorChecks):
    """Checks of `receptive`, the overlap of tiles."""

    @check("values")
    def test_tiles_agree_with_the_whole_picture(self) -> None:
        """A tile of 32 pixels that sees `receptive` pixels around itself is as the whole picture
        is there, within a step of 8 bit; also when layers that start at zero have learned.
        """
        if self.receptive() >= EVERYWHERE:
            raise NotTriedError("the whole picture matters to it: no tile can be the same")
        network = in_eval_mode(self.build())
        self._check_tile(network)
        if isinstance(network, nn.Module):
            self._check_tile(shaken(network))

    def _check_tile(self, network: Any) -> None:
        unit, reach = self.unit(), self.receptive()
        around = -(-reach // unit) * unit
        tile = max(-(-_TILE // unit) * unit, self.smallest())
        beyond = -(-max(tile // 2, 8) // unit) * unit
        whole = pictures(1, tile + 2 * around, tile + 2 * (around + beyond))
        whole[..., :beyond] = whole[..., -beyond:] = 1  # unlike the tile, for what takes means
        (expected, *_), (found, *_) = (
            outputs(network, lr) for lr in (whole, whole[..., beyond:-beyond].contiguous())
        )
        inner = slice(around * self.scale, (around + tile) * self.scale)
        outer = slice((around + beyond) * self.scale, (around + beyond + tile) * self.scale)
        off = 255 * (expected[..., inner, outer] - found[..., inner, inner]).abs().max().item()
        assert off <= _SEAM, (
            f"a tile of {tile} LR pixels that sees {reach} around it is off by {off:.1f}/255: "
            "declare a larger `receptive`"
        )
