"""Is a real photograph in tiles the whole one, with real weights and the default overlap?"""

import numpy as np
import pytest

from srkit_core.errors import WeightsError
from srkit_core.io.images import read_image
from srkit_core.models.find_model import load_model
from srkit_core.pretrained import obtain
from srkit_core.registry import discover
from srkit_core.upscaling.backends.choice import open_backend
from srkit_core.upscaling.backends.torch_backend import TorchBackend
from srkit_core.upscaling.bands import upscale_bands
from srkit_core.upscaling.tile_choice import TileChoice

STEP = 1
"""What rounding makes of a difference however small."""


def upscaled(backend, lr, tile, overlap=None):
    bands = upscale_bands(backend, lr, TileChoice(tile, overlap))
    return np.concatenate([one.pixels for one in bands]).astype(int)


def crop(assets, height, width):
    pixels = read_image(assets / "photos/china.jpg")
    return pixels[200 : 200 + height, 300 : 300 + width]


def off(one, other):
    return int(np.abs(one - other).max())


def test_tiles_of_srresnet_are_the_whole_picture(assets):
    backend = TorchBackend(load_model(assets / "weights/srresnet_x4_pretrained.pth"))
    lr = crop(assets, 24, 128)
    assert backend.receptive == 40
    whole = upscaled(backend, lr, 128)
    assert off(upscaled(backend, lr, 32), whole) <= STEP
    assert off(upscaled(backend, lr, 32, overlap=4), whole) > STEP


@pytest.mark.parametrize("name", ["compact-x4", "compact-photo-x2"])
def test_tiles_of_our_own_models_are_the_whole_picture(assets, name):
    backend = TorchBackend(load_model(name))
    lr = crop(assets, 60, 96)
    whole = upscaled(backend, lr, 128)
    assert off(upscaled(backend, lr, 32), whole) <= STEP
    assert off(upscaled(backend, lr, 32, overlap=2), whole) > STEP


@pytest.mark.slow
def test_tiles_of_real_esrgan_are_the_whole_picture_within_a_step(assets):
    """What 16 pixels leave is far more; docs/upscaling.md has the figures of larger pictures."""
    registry = discover()
    spec = registry.pretrained("realesrgan-x4plus")
    try:
        obtain(spec)
    except WeightsError as error:
        pytest.skip(f"realesrgan-x4plus cannot be had here: {error.message}")
    backend = open_backend("realesrgan-x4plus", backend="torch", registry=registry)
    lr = crop(assets, 24, 208)
    whole = upscaled(backend, lr, 208)
    assert off(upscaled(backend, lr, 32), whole) <= STEP
    assert off(upscaled(backend, lr, 32, overlap=16), whole) > STEP
