"""Which published weights is the compact generator for?"""

from typing import Final

from srkit_core.specs import Home, WeightsFile, WeightsSpec

ENTRIES: Final = (
    WeightsSpec(
        name="realesr-general-x4v3",
        files=(
            WeightsFile(
                sha256="8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292",
                size=4_885_111,
                sources=(
                    Home(
                        "https://github.com/xinntao/Real-ESRGAN/releases/download/v0.2.5.0/realesr-general-x4v3.pth"
                    ),
                ),
            ),
        ),
        licence="BSD-3-Clause",
        summary="compact Real-ESRGAN x4 for photographs",
        source="Wang et al. 2021 (Real-ESRGAN), its authors' releases",
        generator="srvgg",
    ),
)
"""Weights that `eval` and `upscale` take by name."""
