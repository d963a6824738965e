"""Is a picture made smaller without torch to the bytes that torch makes of it?"""

import numpy as np
import pytest
import torch

from srkit_core.builtin.interpolation import Shrink
from srkit_core.builtin.pixel_interpolation import ShrinkPixels
from srkit_core.io.images import to_bytes, to_unit

FACTORS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)
SIDES = ((1, 1), (7, 5), (64, 96), (131, 77))


def _of_batch(kernel, factor, border, hr):
    shrink = Shrink(kernel, factor, border=border, quantise=True)
    return to_bytes(shrink(to_unit(torch.from_numpy(hr)[None]), rng=torch.Generator()))[0].numpy()


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
@pytest.mark.parametrize("kernel", ["bicubic", "bilinear", "nearest"])
def test_every_byte_is_torchs(kernel, border):
    rng = np.random.default_rng(20261128)
    for factor in FACTORS:
        shrink = ShrinkPixels(kernel, factor, border=border)
        for height, width in SIDES:
            noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            for hr in (noise, (noise > 127).astype(np.uint8) * 255):
                lr = shrink(hr)
                assert lr.shape == (-(-height // factor), -(-width // factor), 3)
                assert (lr == _of_batch(kernel, factor, border, hr)).all(), (factor, height, width)


def test_bands_do_not_show(monkeypatch):
    hr = np.random.default_rng(1).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    whole = ShrinkPixels("bicubic", 4, border="symmetric")(hr)
    for pixels in (1, 5_000, 40_000):
        monkeypatch.setattr("srkit_core.builtin.pixel_interpolation._CACHED", pixels)
        assert (ShrinkPixels("bicubic", 4, border="symmetric")(hr) == whole).all()
    assert (whole == _of_batch("bicubic", 4, "symmetric", hr)).all()


def test_gray_and_transparent_pictures_are_made_smaller_too():
    hr = np.random.default_rng(2).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    shrink = ShrinkPixels("bicubic", 2, border="symmetric")
    assert (shrink(hr)[..., :3] == shrink(hr[..., :3].copy())).all()
    assert shrink(hr[..., :1]).shape == (8, 8, 1)
