"""Which published weights is this generator for?"""

from typing import Final

from srkit_core.specs import Home, WeightsFile, WeightsSpec
from srkit_core.specs.ncnn_carriers import ncnn_carriers

_RELEASES: Final = "https://github.com/xinntao/Real-ESRGAN/releases/download"
_SOURCE: Final = "Wang et al. 2021 (Real-ESRGAN), its authors' releases"
_KAIR: Final = "https://github.com/cszn/KAIR/releases/download/v1.0"
_DRIVE: Final = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="


def _published(
    name: str,
    summary: str,
    *files: WeightsFile,
    scale: int,
    blocks: int,
    parameters: int,
    scored: str = "",
    licence: str = "BSD-3-Clause",
    source: str = _SOURCE,
) -> WeightsSpec:
    return WeightsSpec(
        name=name,
        files=files,
        licence=licence,
        summary=summary,
        source=source,
        generator=f"rrdb(blocks={blocks}, upsampler=nearest)",
        scale=scale,
        parameters=parameters,
        scored=scored,
    )


def _from_release(url: str, *, size: int, sha256: str) -> WeightsFile:
    return WeightsFile(sha256=sha256, size=size, sources=(Home(f"{_RELEASES}/{url}"),))


def _by_kair(file: str, *, size: int, sha256: str) -> WeightsFile:
    return WeightsFile(sha256=sha256, size=size, sources=(Home(f"{_KAIR}/{file}"),))


RRDB_WEIGHTS: Final = (
    _published(
        "realesrgan-x2plus",
        "Real-ESRGAN x2 for photographs",
        _from_release(
            "v0.2.1/RealESRGAN_x2plus.pth",
            size=67_061_725,
            sha256="49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
        ),
        scale=2,
        blocks=23,
        parameters=16_703_171,
    ),
    _published(
        "realesrgan-x4plus",
        "Real-ESRGAN x4 for photographs",
        _from_release(
            "v0.1.0/RealESRGAN_x4plus.pth",
            size=67_040_989,
            sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
        ),
        WeightsFile(
            sha256="713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
            size=33_424_520,
            sources=ncnn_carriers("REALESRGAN_X4PLUS_UP4X", "realesrgan-x4plus"),
            texts=(
                "c8a066c12541a1ef01ba90fddd90688278bdc11536847699239be29225015bc8",
                "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
            ),
        ),
        scale=4,
        blocks=23,
        parameters=16_697_987,
        scored="Set5 x4: 26.63 dB PSNR-Y (in fp16)",
    ),
    _published(
        "realesrgan-x4plus-anime",
        "Real-ESRGAN x4 for drawings, six blocks",
        _from_release(
            "v0.2.2.4/RealESRGAN_x4plus_anime_6B.pth",
            size=17_938_799,
            sha256="f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da",
        ),
        WeightsFile(
            sha256="fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
            size=8_943_500,
            sources=ncnn_carriers("REALESRGAN_X4PLUSANIME_UP4X", "realesrgan-x4plus-anime"),
            texts=(
                "d63c7e93c58ec5d0048ca1f0a995f40b2af17c2816a2e0a3b7172046d98795ec",
                "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
            ),
        ),
        scale=4,
        blocks=6,
        parameters=4_467_779,
        scored="Set5 x4: 25.22 dB PSNR-Y (in fp16)",
    ),
    _published(
        "esrgan-x4",
        "ESRGAN x4 for clean pictures made small by bicubic",
        _by_kair(
            "ESRGAN.pth",
            size=66_929_193,
            sha256="65fece06e1ccb48853242aa972bdf00ad07a7dd8938d2dcbdf4221b59f6372ce",
        ),
        scale=4,
        blocks=23,
        parameters=16_697_987,
        licence="Apache-2.0",
        source="Wang et al. 2018 (ESRGAN), RRDB_ESRGAN_x4.pth of its authors, as KAIR releases it",
    ),
    _published(
        "esrgan-psnr-x4",
        "what ESRGAN x4 was trained from, by l1 alone",
        WeightsFile(
            sha256="f372b59f22929e1bc83fa58d78215c96f976de3b2eaeee736da1b348913da6cc",
            sources=(Home(f"{_DRIVE}1pJ_T-V1dpb1ewoEra1TGSWl5e6H7M4NN"),),
        ),
        scale=4,
        blocks=23,
        parameters=16_697_987,
        licence="Apache-2.0",
        source="Wang et al. 2018 (ESRGAN), RRDB_PSNR_x4.pth of its authors",
    ),
    _published(
        "bsrgan-x4",
        "BSRGAN x4 for photographs",
        _by_kair(
            "BSRGAN.pth",
            size=67_046_751,
            sha256="5d505a0766160921e0388d76e1ddf08cb114303990f9080432bf2b1c988b1c54",
        ),
        scale=4,
        blocks=23,
        parameters=16_697_987,
        licence="Apache-2.0",
        source="Zhang et al. 2021 (BSRGAN), its authors' releases",
    ),
)
"""Weights that `eval` and `upscale` take by name. Files of ncnn hold the weights in fp16."""
