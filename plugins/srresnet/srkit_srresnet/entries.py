"""Which published weights is SRResNet for?"""

from typing import Final

from srkit_core.specs import WeightsFile, WeightsSpec

ENTRIES: Final = (
    WeightsSpec(
        name="srresnet-x4",
        files=(
            WeightsFile(
                sha256="9eb32817746efd6f3232ad35ea8055763d5a174c040bb94b31564b22a8b48714",
                size=6_306_323,
            ),
        ),
        licence="Apache-2.0",
        summary="SRResNet x4 trained on DIV2K, 16 blocks",
        source="M. Krasser's re-implementation of SRGAN in TensorFlow, version 0.5, converted",
        generator="srresnet",
    ),
)
"""Weights that `eval` and `upscale` take by name."""
