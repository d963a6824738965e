"""Do the degradations compute what their sources say?"""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from srkit_core.interfaces import Range
from srkit_core.testing.samples import pictures
from srkit_degradations import blur, jpeg, noise, realesrgan, resize, sharpen
from srkit_degradations.compression import quantisation_tables
from srkit_degradations.drawn_kernels import DrawnKernel, kernels_of
from srkit_degradations.noising import Noise
from srkit_degradations.published_chains import bsrgan

PLACES = ((0, 0), (0, 1), (1, 0), (-1, 2))
"""PickedRows and columns of the values below, counted from the middle.

The fifth is the top right corner, the sixth the bottom right one.
"""


def _seen(kernel):
    middle = kernel.shape[-1] // 2
    return [
        *(kernel[0, middle + row, middle + column].item() for row, column in PLACES),
        kernel[0, 0, -1].item(),
        kernel[0, -1, -1].item(),
    ]


# Values of the kernel functions of BasicSR 1.4.2 (basicsr/data/degradations.py), run on numpy 2.4
# and scipy 1.17.
PUBLISHED = {
    "isotropic": (
        DrawnKernel("gaussian", 7, 0.0, 1.5, 1.5, 0),
        [0.073268826, 0.058669089, 0.058669089, 0.024119584, 0.0013419654, 0.0013419654],
    ),
    "anisotropic": (
        DrawnKernel("gaussian", 9, 0.0, 2.0, 0.7, 0.6),
        [0.11450948, 0.075958156, 0.054911595, 0.0020031352, 1.9982297e-15, 0.00079216429],
    ),
    "generalised": (
        DrawnKernel("generalised", 7, 0.0, 1.2, 1.2, 0, 0.6),
        [0.065092074, 0.043556368, 0.043556368, 0.02266005, 0.0066865466, 0.0066865466],
    ),
    "generalised-anisotropic": (
        DrawnKernel("generalised", 7, 0.0, 2.0, 0.8, -1.1, 2.5),
        [0.16440843, 0.063613524, 0.14913292, 9.9034143e-07, 2.4857437e-27, 0.0],
    ),
    "plateau": (
        DrawnKernel("plateau", 7, 0.0, 1.2, 1.2, 0, 1.4),
        [0.11638856, 0.072733976, 0.072733976, 0.017338252, 0.003294325, 0.003294325],
    ),
    "plateau-anisotropic": (
        DrawnKernel("plateau", 9, 0.0, 2.5, 0.9, 2.2, 1.8),
        [0.091770431, 0.051962277, 0.069456063, 0.021410401, 0.00355734, 0.00012727538],
    ),
    "sinc": (
        DrawnKernel("sinc", 11, cutoff=1.3),
        [0.15776261, 0.12670115, 0.12670115, 0.040485346, 0.0075041755, 0.0075041755],
    ),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_kernels_are_the_published_ones(kind):
    shape, values = PUBLISHED[kind]
    kernel = kernels_of([shape])
    assert kernel.sum().item() == pytest.approx(1)
    assert _seen(kernel) == pytest.approx(values, rel=1e-6, abs=1e-12)


def test_a_smaller_kernel_has_zeros_around_it_and_sums_to_1():
    both = kernels_of([DrawnKernel("sinc", 7, 2.0), DrawnKernel("sinc", 21, 2.0)])
    alone = kernels_of([DrawnKernel("sinc", 7, 2.0)])
    assert torch.allclose(both[0, 7:14, 7:14], alone[0])
    assert both[0].abs().sum().item() == pytest.approx(alone.abs().sum().item())
    assert both.sum((1, 2)).tolist() == pytest.approx([1, 1])


def test_a_gaussian_of_no_width_leaves_the_picture_alone():
    hr = pictures(2, 12, 12)
    assert torch.equal(blur(sigma=0.0)(hr, rng=torch.Generator()), hr)


@pytest.mark.parametrize("kind", ["isotropic", "anisotropic"])
def test_blurring_is_the_correlation_with_the_drawn_kernel_and_a_mirrored_border(kind):
    hr = pictures(3, 20, 24).double()
    lr, draws = blur(kind=kind, sigma=Range(0.5, 3), size=9).traced(
        hr, rng=torch.Generator().manual_seed(0)
    )
    padded = functional.pad(hr, (4,) * 4, mode="reflect")
    for i, one in enumerate(draws):
        shape = (
            one["blur.sigma"],
            one.get("blur.sigma_y", one["blur.sigma"]),
            np.deg2rad(one.get("blur.rotation", 0)),
        )
        kernel = kernels_of([DrawnKernel("gaussian", 9, 0.0, *shape)])
        expected = functional.conv2d(padded[i][:, None], kernel[:, None])[:, 0]
        assert (lr[i] - expected).abs().max() < 2e-4  # draws are written down with 4 decimals


def test_gaussian_noise_has_its_standard_deviation():
    gray = torch.full((2, 3, 200, 200), 0.5)
    lr, draws = noise(sigma=Range(5, 25)).traced(gray, rng=torch.Generator().manual_seed(0))
    for picture, one in zip(lr, draws, strict=True):
        assert picture.std().item() * 255 == pytest.approx(one["noise.sigma"], rel=0.01)
        assert torch.corrcoef(picture.flatten(1))[0, 1].abs() < 0.03


def test_gray_noise_is_the_same_in_all_channels():
    lr = (
        noise(sigma=10.0, gray=1.0)(
            torch.full((1, 3, 100, 100), 0.5), rng=torch.Generator().manual_seed(0)
        )
        - 0.5
    )
    assert (lr[:, 0] - lr[:, 2]).abs().max() < 1e-6
    assert lr[:, 0].std().item() * 255 == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("gray", [0.0, 1.0])
def test_the_variance_of_poisson_noise_is_the_signal_over_the_number_of_levels(gray):
    ramp = (torch.arange(256) / 255).repeat_interleave(2).expand(1, 3, 2000, 512)
    lr = (
        noise(kind="poisson", factor=0.5, gray=gray)(ramp, rng=torch.Generator().manual_seed(0))
        - ramp
    )
    for level in (32, 128, 200):
        band = lr[..., 2 * level : 2 * level + 2]
        assert band.var().item() == pytest.approx(0.25 * level / 255 / 256, rel=0.1)
    assert (lr[:, 0] - lr[:, 1]).abs().max() < 1e-6 if gray else lr[:, 0, :, 256].std() > 0
    assert lr[..., :2].abs().max() == 0  # no photons, no noise


def test_quantisation_tables_are_libjpegs():
    stream = io.BytesIO()
    for quality in (1, 3, 10, 33, 49, 50, 75, 95, 100):
        stream.seek(0)
        Image.new("RGB", (8, 8)).save(stream, "JPEG", quality=quality)
        expected = Image.open(stream).quantization
        assert quantisation_tables(torch.tensor([quality]))[0].int().tolist() == [
            expected[0],
            expected[1],
        ]


@pytest.mark.parametrize("size", [(96, 128), (61, 43)])
@pytest.mark.parametrize("quality", [10, 30, 50, 75, 95])
def test_jpeg_is_what_libjpeg_gives(quality, size):
    hr = blur(sigma=1.0)(pictures(1, *size), rng=torch.Generator())
    pixels = (hr[0] * 255).round().byte().permute(1, 2, 0).numpy()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    expected = torch.from_numpy(np.asarray(Image.open(stream)).astype(np.float32)).permute(2, 0, 1)
    difference = (jpeg(quality=quality)(hr, rng=torch.Generator())[0] * 255 - expected).abs()
    assert difference.mean() < 0.5
    assert difference.max() < 16  # a coefficient that is rounded the other way
    assert (expected - hr[0] * 255).abs().mean() > 4 * difference.mean()


def test_each_picture_has_its_own_quality():
    hr = pictures(1, 32, 32).expand(6, -1, -1, -1)
    lr, draws = jpeg(quality=Range(10, 95)).traced(hr, rng=torch.Generator().manual_seed(0))
    for picture, one in zip(lr, draws, strict=True):
        alone = jpeg(quality=one["jpeg.quality"])(hr[:1], rng=torch.Generator())
        assert torch.equal(picture, alone[0])


def test_sharpening_is_the_dense_reference():
    hr = pictures(2, 70, 90).double()
    # cv2.getGaussianKernel(51, 0) of OpenCV 5.0.0: its ends and its middle.
    sigma = 0.3 * (25 - 1) + 0.8
    taps = torch.exp(-0.5 * (torch.arange(-25, 26).double() / sigma) ** 2)
    taps /= taps.sum()
    assert taps[[0, 10, 25]].tolist() == pytest.approx(
        [0.00037832129423682147, 0.008610552968477316, 0.04993893906128147], rel=1e-9
    )
    dense = torch.outer(taps, taps)[None, None].expand(3, 1, 51, 51)

    def wide(picture):
        padded = functional.pad(picture, (25,) * 4, mode="reflect")
        return functional.conv2d(padded, dense, groups=3)

    detail = hr - wide(hr)
    mask = wide((detail.abs() * 255 > 10).double())
    expected = mask * (hr + 0.5 * detail).clamp(0, 1) + (1 - mask) * hr
    assert (sharpen()(hr, rng=torch.Generator()) - expected).abs().max() < 1e-9
    assert (expected - hr).abs().max() > 0.01


def test_flat_pictures_are_not_sharpened():
    flat = torch.full((1, 3, 60, 60), 0.3)
    assert (sharpen()(flat, rng=torch.Generator()) - flat).abs().max() < 1e-6


def test_a_fixed_resize_is_torchs():
    hr = pictures(2, 24, 32)
    half = functional.interpolate(hr, (12, 16), mode="area")
    lr = resize(factor=0.5, kernel="area", divide=2)(hr, rng=torch.Generator())
    assert torch.equal(lr, half)
    back = resize(factor=0.5, kernel="area")(hr, rng=torch.Generator())
    assert torch.equal(back, functional.interpolate(half, (24, 32), mode="area"))


def test_what_happens_between_the_resizings_happens_at_that_size():
    hr = pictures(1, 64, 64)
    coarse = resize(factor=0.25, kernel="bilinear", through=(noise(sigma=20.0),))(
        hr, rng=torch.Generator().manual_seed(0)
    )
    fine = resize(factor=1.0, kernel="bilinear", through=(noise(sigma=20.0),))(
        hr, rng=torch.Generator().manual_seed(0)
    )
    step = lambda picture: (picture[..., 1:] - picture[..., :-1]).abs().mean()  # noqa: E731
    assert step(coarse) < step(fine) / 2


def _ramp(side):
    """A picture that grows evenly to the right, so that a shift by a pixel shows as 1/side."""
    return ((torch.arange(side) + 0.5) / side).expand(1, 3, side, side)


def _shift(lr):
    """By how many of its own pixels a small picture of the ramp is shifted, seen away from its
    border.
    """
    side = lr.shape[-1]
    return ((lr - _ramp(side)) * side)[..., side // 4 : -side // 4].mean().abs().item()


def test_realesrgan_does_not_shift_pictures():
    nothing, best = (Range(0.0, 0.0),) * 2, (Range(100, 100),) * 2
    preset = realesrgan(scale=4, sigma=nothing, noise=nothing, poisson=nothing, quality=best)
    shifts = [
        _shift(preset(_ramp(200), rng=torch.Generator().manual_seed(seed))) for seed in range(12)
    ]
    assert max(shifts) < 0.1


def test_bsrgan_does_not_shift_pictures():
    preset = bsrgan(scale=4, noise=Range(0.0, 0.0), quality=Range(100, 100))
    shifts = [
        _shift(preset(_ramp(200), rng=torch.Generator().manual_seed(seed))) for seed in range(24)
    ]
    assert max(shifts) < 0.1


def test_correlated_noise_has_channels_that_move_together():
    step = Noise(sigma=Range(2, 25), correlated=1.0)
    lr = step(torch.full((40, 3, 50, 50), 0.5), rng=torch.Generator().manual_seed(0)) - 0.5
    covariances = torch.stack([torch.cov(picture.flatten(1)) for picture in lr]) * 255**2
    variances = covariances.diagonal(dim1=1, dim2=2)
    assert variances.max() < 25**2 * 1.15  # D and U^T D U lie in [0, 1]
    assert variances.mean().item() == pytest.approx(25**2 / 2, rel=0.15)  # the mean of D
    between = torch.stack([covariances[:, 0, 1], covariances[:, 0, 2], covariances[:, 1, 2]])
    assert between.mean() > 25
    assert between.min() > -10  # absolute values, so never opposed
