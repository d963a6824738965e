"""Which published weights is EDSR for?"""

from collections.abc import Mapping
from typing import Final

from srkit_core.specs import Home, WeightsFile, WeightsSpec

_AUTHORS: Final = "https://cv.snu.ac.kr/research/EDSR/models"
_MIRROR: Final = "https://github.com/TensoRaws/ccrestoration/releases/download/model_zoo"
_PARAMETERS: Final = {
    "edsr-baseline": {2: 1_369_859, 3: 1_554_499, 4: 1_517_571},
    "edsr": {2: 40_729_603, 3: 43_680_003, 4: 43_089_923},
}
_OFFICIAL: Final[Mapping[str, Mapping[int, str]]] = {
    "edsr-baseline": {
        2: "1bc9523228fdc3b0a5ddb0d7062001e22b31bbb398ae09cfdefb97e8ee06e171",
        4: "6b446fab734f4de74448d2fd1f3f990f5bae726e49dc7eff2ae9cefe444a1723",
    },
    "edsr": {
        2: "0edfb8a3772c94485c939f81a8aeefe02cccdfbf45243c6d22b39c29eb7d46de",
        3: "ea3ef2c6449845ac3bda7290480af76a53e5006beff60bf89c84ca62f986eeca",
        4: "4f62e9ef1a4ec6a7d3da4ed837116cec641e4e1566f98187151d813e83a0c1c8",
    },
}
"""Files of the authors; the first eight digits are in their names. Nobody pins that of the baseline
for scale 3.
"""
_CONVERTED: Final[Mapping[str, Mapping[int, str]]] = {
    "edsr-baseline": {
        2: "3ba7b0861913de93740110738fb621410651897e391e8057b7b6104c4f999254",
        3: "6908f88a1be95e7112f480b7b1d9608ad83b4ffa0c227416a6376f6b036a77f3",
        4: "0c287733e70d1b8b8fc5885613ecbe451e5f3010bcae0307612ef5e4aa08dd5f",
    },
    "edsr": {
        2: "be38e77dcff9ec95225cea6326b5a616d57869824688674da317df37f3d87d1b",
        3: "3660f70d306481ef4867731500c4e3d901a1b8547996cf4245a09ffbc151b70b",
        4: "76ee1c8f48813f46024bee8d2700f417f6b2db070e899954ff1552fbae343e93",
    },
}
"""The same numbers as BasicSR names them; of these only the baseline has a home of its own."""


def _files(name: str, scale: int) -> tuple[WeightsFile, ...]:
    official, converted = _OFFICIAL[name].get(scale), _CONVERTED[name][scale]
    file = f"{name.replace('-', '_')}_x{scale}"
    theirs = [Home(f"{_AUTHORS}/{file}-{official[:8]}.pt")] if official else []
    mirror = f"{_MIRROR}/EDSR_Mx{scale}_f64b16_DIV2K_official_{scale}x.pth"
    mirrored = [Home(mirror)] if name == "edsr-baseline" else []
    pairs = ((official, theirs), (converted, mirrored))
    return tuple(WeightsFile(sha256=one, sources=tuple(where)) for one, where in pairs if one)


def _known(name: str, scale: int) -> WeightsSpec:
    large = name == "edsr"
    return WeightsSpec(
        name=f"{name}-x{scale}",
        files=_files(name, scale),
        licence="MIT",
        summary=f"EDSR{'' if large else '-baseline'} x{scale} trained on DIV2K",
        source="Lim et al. 2017 (EDSR), its authors' code in PyTorch",
        generator="edsr(blocks=32, features=256, res_scale=0.1)" if large else "edsr",
        scale=scale,
        parameters=_PARAMETERS[name][scale],
    )


EDSR_WEIGHTS: Final = tuple(
    _known(name, scale) for name in ("edsr-baseline", "edsr") for scale in (2, 3, 4)
)
"""Weights that `eval` and `upscale` take by name."""
