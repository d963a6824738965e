"""How do colours that a file names by numbers, not by a profile, become sRGB?

Lab is that of CIE 1976 under D50. Code points are those of ITU-T H.273, which AVIF, HEIC, JPEG XL
and PNG (cICP) share. Transfers of camera signals (BT.709, BT.601, BT.2020) are shown as sRGB's,
as most programs do.

HDR is mapped to SDR as a display of 203 cd/m2, the white of graphics (ITU-R BT.2408), shows it. The
largest of R, G and B is compressed by the curve of ITU-R BT.2390-8, 5.4.1, from 1000 cd/m2, so that
what is darker than about 90 cd/m2 stays as it was and hues stay; what is brighter than 1000 is
white (that it is the largest, and the 1000, are empirical).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.raster import Samples

_Floats = NDArray[np.float32]
_ROWS = 256
"""So many rows are converted at a time, because float32 needs several times the memory."""

_D65, _D50 = (0.3127, 0.3290), (0.3457, 0.3585)
_SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
_SMPTE_170 = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)
_PRIMARIES: Final = {
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _SMPTE_170,
    7: _SMPTE_170,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
"""Chromaticities of red, green, blue and white other than sRGB's (H.273, table 2)."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)

_LINEAR, _PQ, _HLG = 8, 16, 18
_POWERS = {4: 2.2, 5: 2.8}
_WHITE, _PEAK = 203.0, 1000.0
_BT_2020_LUMA = np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)


@dataclass(frozen=True)
class ColourCode:
    """ColourPrimaries and TransferCharacteristics of H.273; 2 is unspecified."""

    primaries: int = 2
    transfer: int = 2

    def notes(self) -> tuple[str, ...]:
        """Say what is done to HDR."""
        name = {_PQ: "PQ", _HLG: "HLG"}.get(self.transfer)
        return (f"it is HDR ({name}), mapped to SDR: 1000 cd/m2 become white",) if name else ()


def code_to_srgb(samples: Samples, code: ColourCode) -> Samples:
    """Turn gray (H, W) or RGB (H, W, 3), uint8 or uint16, from what a code says into sRGB of the
    same shape and type.
    """
    to_light = _transfer_to_light(code.transfer)
    if to_light is None and code.primaries not in _PRIMARIES:
        return samples
    matrix = _to_linear_srgb(code.primaries)
    is_hdr = code.transfer in (_PQ, _HLG)

    def convert(block: _Floats) -> _Floats:
        light = (to_light or _srgb_to_light)(block) @ matrix.T
        return _light_to_srgb(_sdr(light) if is_hdr else light)

    if samples.ndim == 2:
        return _by_rows(samples[:, :, None].repeat(3, axis=2), convert)[:, :, 1]
    return _by_rows(samples, convert)


def lab_to_srgb(lab: Samples, decode: Callable[[_Floats], _Floats]) -> Samples:
    """Turn Lab (H, W, 3), uint8 or uint16, into sRGB of the same type.

    `decode` makes L* (0 to 100), a* and b* of the stored numbers.
    """
    matrix = _xyz_to_linear_srgb()
    white = _xyz(_D50).astype(np.float32)

    def convert(block: _Floats) -> _Floats:
        lightness, a, b = np.moveaxis(
            decode((block * np.iinfo(lab.dtype).max).astype(np.float32)), 2, 0
        )
        middle = (lightness + 16) / 116
        cubes = np.stack([middle + a / 500, middle, middle - b / 200], axis=2)
        xyz = np.where(cubes > 6 / 29, cubes**3, (cubes - 4 / 29) * 3 * (6 / 29) ** 2) * white
        return _light_to_srgb(xyz.astype(np.float32) @ matrix.T)

    return _by_rows(lab, convert)


def _by_rows(samples: Samples, convert: Callable[[_Floats], _Floats]) -> Samples:
    most, result = np.iinfo(samples.dtype).max, np.empty_like(samples)
    for first in range(0, samples.shape[0], _ROWS):
        rows = slice(first, first + _ROWS)
        unit = convert((samples[rows] / most).astype(np.float32))
        result[rows] = np.rint(unit.clip(0, 1) * most)
    return result


def _transfer_to_light(transfer: int) -> Callable[[_Floats], _Floats] | None:
    """Return what makes light of a signal, relative, or in cd/m2 for HDR; None for sRGB's."""
    if transfer in _POWERS:
        return lambda signal: signal ** _POWERS[transfer]
    known: dict[int, Callable[[_Floats], _Floats]] = {
        _LINEAR: lambda signal: signal,
        _PQ: _pq_to_light,
        _HLG: _hlg_to_light,
    }
    return known.get(transfer)


def _srgb_to_light(signal: _Floats) -> _Floats:
    """IEC 61966-2-1."""
    low = signal <= 0.04045
    return np.where(low, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _light_to_srgb(light: _Floats) -> _Floats:
    """IEC 61966-2-1, of light clipped to [0, 1]."""
    clipped = light.clip(0, 1)
    high = 1.055 * clipped ** (1 / 2.4) - 0.055
    return np.where(clipped <= 0.0031308, clipped * 12.92, high).astype(np.float32)


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq_to_light(signal: Any) -> Any:
    """SMPTE ST 2084 (H.273, 16), into cd/m2."""
    root = signal ** (1 / _M2)
    return 10000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def _light_to_pq(light: Any) -> Any:
    power = (light / 10000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _hlg_to_light(signal: _Floats) -> _Floats:
    """ARIB STD-B67 (H.273, 18) as a display of 1000 cd/m2 shows it (ITU-R BT.2100-2, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luma = (scene @ _BT_2020_LUMA)[:, :, None]
    shown: _Floats = (_PEAK * luma**0.2 * scene).astype(np.float32)
    return shown


def _sdr(light: _Floats) -> _Floats:
    """Compress light in cd/m2 into [0, 1]."""
    light = light.clip(0, None)
    largest = light.max(axis=2, keepdims=True)
    mapped: _Floats = light * (_compressed(largest) / np.maximum(largest, 1e-6) / _WHITE)
    return mapped


def _compressed(light: _Floats) -> _Floats:
    """Return what light of 0 to 1000 cd/m2 becomes on a display of 203 (BT.2390-8, 5.4.1)."""
    peak = _light_to_pq(_PEAK)
    signal, most = _light_to_pq(light.clip(0, _PEAK)) / peak, _light_to_pq(_WHITE) / peak
    knee = 1.5 * most - 0.5
    t = ((signal - knee) / (1 - knee)).clip(0, 1)
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    shown = _pq_to_light(np.where(signal < knee, signal, curve) * peak)
    result: _Floats = shown.astype(np.float32)
    return result


def _xyz(chromaticity: tuple[float, float]) -> NDArray[np.float64]:
    x, y = chromaticity
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _adapted(source: tuple[float, float], target: tuple[float, float]) -> NDArray[np.float64]:
    """Return Bradford's adaptation of XYZ from one white to another (ICC.1:2010, annex E)."""
    gains = (_BRADFORD @ _xyz(target)) / (_BRADFORD @ _xyz(source))
    matrix: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD
    return matrix


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    columns = np.stack([_xyz(one) for one in primaries[:3]], axis=1)
    return columns * np.linalg.solve(columns, _xyz(primaries[3]))


@cache
def _to_linear_srgb(primaries: int) -> _Floats:
    source = _PRIMARIES.get(primaries, _SRGB)
    matrix = np.linalg.inv(_to_xyz(_SRGB)) @ _adapted(source[3], _D65) @ _to_xyz(source)
    return matrix.astype(np.float32)


@cache
def _xyz_to_linear_srgb() -> _Floats:
    return (np.linalg.inv(_to_xyz(_SRGB)) @ _adapted(_D50, _D65)).astype(np.float32)
