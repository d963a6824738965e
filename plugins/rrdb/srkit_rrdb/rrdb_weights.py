"""Which published weights is this generator for?"""

from typing import Final

from srkit_core.specs import Home, WeightsFile, WeightsSpec

_RELEASES: Final = "https://github.com/xinntao/Real-ESRGAN/releases/download"
_SOURCE: Final = "Wang et al. 2021 (Real-ESRGAN), its authors' releases"


def _published(
    name: str, summary: str, *, scale: int, url: str, size: int, sha256: str
) -> WeightsSpec:
    file = WeightsFile(sha256=sha256, size=size, sources=(Home(f"{_RELEASES}/{url}"),))
    return WeightsSpec(
        name=name,
        files=(file,),
        licence="BSD-3-Clause",
        summary=summary,
        source=_SOURCE,
        generator="rrdb",
        scale=scale,
    )


RRDB_WEIGHTS: Final = (
    _published(
        "realesrgan-x2plus",
        "Real-ESRGAN x2 for photographs",
        scale=2,
        url="v0.2.1/RealESRGAN_x2plus.pth",
        size=67_061_725,
        sha256="49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
    ),
    _published(
        "realesrgan-x4plus",
        "Real-ESRGAN x4 for photographs",
        scale=4,
        url="v0.1.0/RealESRGAN_x4plus.pth",
        size=67_040_989,
        sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
    ),
    _published(
        "realesrgan-x4plus-anime",
        "Real-ESRGAN x4 for drawings, six blocks",
        scale=4,
        url="v0.2.2.4/RealESRGAN_x4plus_anime_6B.pth",
        size=17_938_799,
        sha256="f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da",
    ),
)
"""Weights that `eval` and `upscale` take by name."""
