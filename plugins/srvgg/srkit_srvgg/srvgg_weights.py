"""Which published weights is the compact generator for?"""

from typing import Final

from srkit_core.specs import Home, WeightsFile, WeightsSpec
from srkit_core.specs.ncnn_carriers import ncnn_carriers

_RELEASE: Final = "https://github.com/xinntao/Real-ESRGAN/releases/download/v0.2.5.0"
_SOURCE: Final = "Wang et al. 2021 (Real-ESRGAN), its authors' releases"
_LICENCE: Final = "BSD-3-Clause"

SRVGG_WEIGHTS: Final = (
    WeightsSpec(
        name="realesr-general-x4v3",
        files=(
            WeightsFile(
                sha256="8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292",
                size=4_885_111,
                sources=(Home(f"{_RELEASE}/realesr-general-x4v3.pth"),),
            ),
        ),
        licence=_LICENCE,
        summary="compact Real-ESRGAN x4 for photographs",
        source=_SOURCE,
        generator="srvgg(blocks=32)",
        scale=4,
        parameters=1_213_296,
    ),
    WeightsSpec(
        name="realesr-general-wdn-x4v3",
        files=(
            WeightsFile(
                sha256="1641f8c4464b9f097c9fdda5589273713f67cf59f3d909e0bd688f0cee269dca",
                size=4_885_111,
                sources=(Home(f"{_RELEASE}/realesr-general-wdn-x4v3.pth"),),
            ),
        ),
        licence=_LICENCE,
        summary="compact Real-ESRGAN x4 for photographs, which takes less noise away",
        source=_SOURCE,
        generator="srvgg(blocks=32)",
        scale=4,
        parameters=1_213_296,
    ),
    WeightsSpec(
        name="realesr-animevideov3",
        files=(
            WeightsFile(
                sha256="b8a8376811077954d82ca3fcf476f1ac3da3e8a68a4f4d71363008000a18b75d",
                size=2_504_012,
                sources=(Home(f"{_RELEASE}/realesr-animevideov3.pth"),),
            ),
            WeightsFile(
                sha256="548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
                size=1_247_368,
                sources=ncnn_carriers("REALESRGAN_ANIMAVIDEOV3_UP4X", "realesr-animevideov3-x4"),
                texts=(
                    "157c0a10405f885d4c53ce76fe2ba731694bcd16ec90ab6b889335e384239682",
                    "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
                ),
            ),
        ),
        licence=_LICENCE,
        summary="compact Real-ESRGAN x4 for drawings and their videos",
        source=_SOURCE,
        generator="srvgg(blocks=16)",
        scale=4,
        parameters=621_424,
        scored="Set5 x4: 28.25 dB PSNR-Y (in fp16)",
    ),
)
"""Weights that `eval` and `upscale` take by name. Files of ncnn hold the weights in fp16."""
