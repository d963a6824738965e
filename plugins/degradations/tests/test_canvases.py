"""Does a batch of several sizes in one tensor become what its pictures become alone?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.interfaces import Range
from srkit_core.testing.samples import pictures
from srkit_degradations import bsrgan, bsrgan_chain, realesrgan, realesrgan_chain
from srkit_degradations.canvas import Canvas, on_canvas
from srkit_degradations.compression import compressed
from srkit_degradations.drawn_kernels import DrawnKernel, KernelTable, kernels_of
from srkit_degradations.filtering import filtered
from srkit_degradations.noising import PictureNoise, with_noise
from srkit_degradations.resizing import resized
from srkit_degradations.shot_noise import shot_noise

SIZES = ((40, 64), (17, 33), (64, 9), (1, 2), (48, 48))


def together():
    """Pictures of several sizes on a canvas on which something else lies beyond them."""
    return on_canvas(pictures(len(SIZES), 64, 64), SIZES)


def alone(canvas):
    return [
        canvas.pixels[row : row + 1, :, :height, :width]
        for row, (height, width) in enumerate(canvas.sizes)
    ]


def furthest(canvas, expected):
    pairs = zip(alone(canvas), expected, strict=True)
    return max(float((one - other).abs().max()) for one, other in pairs)


@pytest.mark.parametrize("kernel", ["area", "bilinear", "bicubic"])
def test_matrices_have_the_weights_of_torch(kernel):
    given = together()
    sizes = [(20, 97), (33, 33), (7, 9), (5, 4), (120, 31)]
    made = resized(given, sizes, [kernel] * 5)
    expected = [
        functional.interpolate(one, size, mode=kernel)
        for one, size in zip(alone(given), sizes, strict=True)
    ]
    assert made.sizes == tuple(sizes)
    assert furthest(made, expected) < 2e-5


def test_each_picture_is_resized_by_its_own_kernel():
    given, kernels = together(), ["area", "bicubic", "bilinear", "area", "bicubic"]
    made = resized(given, [(16, 24)] * 5, kernels)
    expected = [
        functional.interpolate(one, (16, 24), mode=kernel)
        for one, kernel in zip(alone(given), kernels, strict=True)
    ]
    assert made.extent is None
    assert made.pixels.shape == (5, 3, 16, 24)
    assert furthest(made, expected) < 2e-5


def test_a_picture_that_keeps_its_size_keeps_its_values():
    given = Canvas.of(pictures(2, 32, 32))
    for kernel in ("area", "bilinear", "bicubic"):
        made = resized(given, [(32, 32), (16, 16)], [kernel] * 2)
        assert torch.equal(made.pixels[0], given.pixels[0])


def test_filters_see_each_picture_mirrored_at_its_own_border():
    given = together()
    shapes = [DrawnKernel("gaussian", size, 0.0, 2.0, 1.0, 0.4) for size in (7, 21, 9, 13, 15)]
    expected = [
        filtered(Canvas.of(one), kernels_of([shape])).pixels
        for one, shape in zip(alone(given), shapes, strict=True)
    ]
    assert furthest(filtered(given, kernels_of(shapes)), expected) < 1e-6


def test_a_table_has_the_kernels_that_are_made_of_some_shapes():
    shapes = [
        DrawnKernel("gaussian", 9, 0.0, 2.0, 1.0, 0.4),
        DrawnKernel("sinc", 13, 1.2),
        DrawnKernel("plateau", 7, 0.0, 1.5, 0.7, -0.2, 1.6),
        DrawnKernel("generalised", 21, 0.0, 3.0, 3.0, 0.0, 0.6),
    ]
    table = KernelTable.of([None, *shapes, shapes[0]], torch.ones(1).double())
    for rows in ([0], [1, 2], [3, 0, 2], [2, 2], [0, 1, 2, 3]):
        some = [shapes[row] for row in rows]
        assert (table.those(some) - kernels_of(some)).abs().max() < 1e-15
    assert table.pixels.shape == (4, 21, 21)


def test_blocks_of_jpeg_end_where_each_picture_ends():
    given, qualities = together(), [30, 50, 70, 90, 95]
    expected = [
        compressed(Canvas.of(one), [quality]).pixels
        for one, quality in zip(alone(given), qualities, strict=True)
    ]
    assert furthest(compressed(given, qualities), expected) == 0


def test_photons_are_counted_by_the_levels_of_the_picture_alone():
    two = torch.full((2, 1, 32, 64), 0.5)
    two[:, :, :, 32:] = torch.arange(32 * 32).view(32, 32) / 1023
    seen = on_canvas(two, ((32, 32), (32, 64)))
    shots = shot_noise(seen, [1, 2], torch.Generator())
    few = shots[0, 0, :, :32].var().item()
    assert few == pytest.approx(128 / 255 / 1, rel=0.1)  # one level, so one photon at white
    assert shots[1, 0, :, :32].var().item() == pytest.approx(128 / 255 / 256, rel=0.1)


def test_each_picture_gets_its_own_noise():
    drawn = [
        PictureNoise(mixing=[[10.0, 0, 0], [0, 10.0, 0], [0, 0, 10.0]]),
        PictureNoise(kind="poisson", factor=0.0),
        PictureNoise(colour="gray", mixing=[[20.0, 0, 0]] * 3),
    ]
    gray = torch.full((3, 3, 96, 96), 0.5)
    made = with_noise(on_canvas(gray, ((96, 96), (96, 64), (80, 96))), drawn, torch.Generator())
    stds = (made.pixels.std((1, 2, 3)) * 255).tolist()
    assert stds[:2] == pytest.approx([10, 0], rel=0.03)
    assert (made.pixels[2, :, :80] * 255).std().item() == pytest.approx(20, rel=0.03)


CLEAN = {
    "realesrgan": lambda: realesrgan(scale=4, noise=(Range(0, 0),) * 2, poisson=(Range(0, 0),) * 2),
    "bsrgan": lambda: bsrgan(scale=4, noise=Range(0, 0), correlated=0.0),
}


@pytest.mark.parametrize("name", CLEAN)
def test_a_chain_on_one_canvas_is_the_chain_of_its_pictures(name, monkeypatch):
    """But for what rounding to 8 bit makes of the last bits."""
    hr, chain = pictures(8, 64, 80), CLEAN[name]()
    usual = chain(hr, rng=torch.Generator().manual_seed(5))
    for module in (realesrgan_chain, bsrgan_chain):
        monkeypatch.setattr(
            module, "worked_on_together", lambda labels, _: [list(range(len(labels)))]
        )
    at_once = chain(hr, rng=torch.Generator().manual_seed(5))
    difference = (at_once - usual).abs() * 255
    assert difference.mean() < 0.05
    assert (difference > 0.5).float().mean() < 0.02
