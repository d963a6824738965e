"""Do msssim, ldl, gradient-variance and focal-frequency measure what their papers say?

The figures are computed anew here, in float64 by numpy.
"""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from srkit_core.builtin import msssim
from srkit_core.builtin.known_losses import (
    focal_frequency,
    gradient_variance,
    ldl,
    msssim_loss,
    ssim_loss,
)
from srkit_core.errors import DataError, OptionError

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def pair(side, noise=0.05, batch=2):
    rng = np.random.default_rng(3)
    hr = rng.random((batch, 3, side, side + 6)).cumsum(-1)
    hr /= hr.max()
    sr = hr + noise * rng.standard_normal(hr.shape)
    return sr, hr


def asked(loss, sr, hr):
    return loss(torch.from_numpy(sr), torch.from_numpy(hr)).item()


def window_mean(x, window=11, sigma=1.5):
    taps = np.exp(-0.5 * ((np.arange(window) - window // 2) / sigma) ** 2)
    kernel = np.outer(taps, taps) / np.outer(taps, taps).sum()
    return np.einsum("bchwij,ij->bchw", sliding_window_view(x, (window, window), (2, 3)), kernel)


def contrast_and_luminance(x, y):
    """Wang et al. 2004, eq. 6, and what is left of eq. 13."""
    mx, my = window_mean(x), window_mean(y)
    vx, vy = window_mean(x * x) - mx**2, window_mean(y * y) - my**2
    covariance = window_mean(x * y) - mx * my
    contrast = (2 * covariance + 0.03**2) / (vx + vy + 0.03**2)
    return contrast, (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)


def halved(x):
    """Means of 2 x 2; of an odd side's last pixel that pixel."""
    x = np.pad(x, [(0, 0), (0, 0), (0, x.shape[2] % 2), (0, x.shape[3] % 2)], mode="edge")
    return x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean((3, 5))


@pytest.mark.parametrize(("side", "weights"), [(161, WEIGHTS), (173, WEIGHTS), (44, (0.3, 0.7))])
def test_msssim_is_a_product_over_scales(side, weights):
    sr, hr = pair(side)
    product, x, y = np.ones((2, 3)), sr, hr
    for number, weight in enumerate(weights):
        contrast, luminance = contrast_and_luminance(x, y)
        last = number == len(weights) - 1
        product *= (contrast * luminance if last else contrast).mean((2, 3)) ** weight
        x, y = halved(x), halved(y)
    expected = 1 - product.mean()
    assert 0.01 < expected < 0.9
    assert asked(msssim_loss(weights=weights), sr, hr) == pytest.approx(expected, rel=1e-9)
    scores = msssim(weights=weights)(torch.from_numpy(sr), torch.from_numpy(hr))
    assert scores.tolist() == pytest.approx(product.mean(1).tolist(), rel=1e-9)


def test_msssim_of_one_scale_is_ssim():
    sr, hr = pair(20, batch=1)
    sr, hr = sr[:, :1], hr[:, :1]
    assert asked(msssim_loss(weights=(1.0,)), sr, hr) == pytest.approx(asked(ssim_loss(), sr, hr))


def test_msssim_of_opposite_structure_is_finite():
    _, hr = pair(161)
    for count in (1, 3):
        sr = torch.from_numpy(hr.copy())
        sr[:, :count] = 1 - sr[:, :count]
        loss = msssim_loss()(sr.requires_grad_(), torch.from_numpy(hr))
        loss.backward()
        # Opposite structure counts as a similarity of 1e-4 on each scale.
        assert loss.item() == pytest.approx(count / 3 * (1 - 1e-4 ** sum(WEIGHTS)), abs=1e-12)
        assert sr.grad.isfinite().all()
        scores = msssim()(sr.detach(), torch.from_numpy(hr))
        assert scores.tolist() == pytest.approx([1 - count / 3] * 2, abs=1e-12)


def test_msssim_needs_room_for_its_window_on_the_coarsest_scale():
    flat = torch.zeros(1, 3, 160, 200)
    with pytest.raises(DataError, match=r"200 x 160 pixels is too small for 5 scales .* need 161"):
        msssim_loss()(flat, flat)
    with pytest.raises(DataError, match=r"200 x 160 pixels is too small for 5 scales .* need 161"):
        msssim()(flat, flat)
    with pytest.raises(OptionError, match="'window' of 'msssim' expects an odd number, not 4"):
        msssim_loss(window=4)
    with pytest.raises(OptionError, match="'weights' of 'msssim' expects a number for each scale"):
        msssim_loss(weights=())


@pytest.mark.parametrize("window", [3, 7])
def test_ldl_weighs_differences_by_how_they_vary(window):
    sr, hr = pair(24)
    residual = np.abs(sr - hr).sum(1)
    pad = window // 2
    padded = np.pad(residual, [(0, 0), (pad, pad), (pad, pad)], mode="reflect")
    local = sliding_window_view(padded, (window, window), (1, 2)).var((3, 4), ddof=1)
    whole = residual.var((1, 2), ddof=1) ** 0.2
    expected = (whole[:, None, None, None] * local[:, None] * np.abs(sr - hr)).mean()
    assert asked(ldl(window=window), sr, hr) == pytest.approx(expected, rel=1e-12)


def test_ldl_forgives_a_shift_and_not_a_speckle():
    _, hr = pair(16)
    assert asked(ldl(), hr + 0.1, hr) == pytest.approx(0, abs=1e-12)
    speckled = hr.copy()
    speckled[:, :, 8, 8] += 0.1
    assert asked(ldl(), speckled, hr) > 1e-8
    with pytest.raises(OptionError, match="'window' of 'ldl' expects an odd number, not 6"):
        ldl(window=6)


@pytest.mark.parametrize("size", [5, 8])
def test_gradient_variance_compares_patches_of_sobel_gradients(size):
    sr, hr = pair(30)

    def variances(picture):
        gray = np.pad(
            0.2989 * picture[:, 0] + 0.5870 * picture[:, 1] + 0.1140 * picture[:, 2],
            [(0, 0), (1, 1), (1, 1)],
        )
        windows = sliding_window_view(gray, (3, 3), (1, 2))
        sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        found = []
        for kernel in (sobel, sobel.T):
            gradient = (windows * kernel).sum((3, 4))
            rows, columns = (one // size for one in gradient.shape[1:])
            kept = gradient[:, : rows * size, : columns * size]
            parts = kept.reshape(2, rows, size, columns, size)
            found.append(parts.var((2, 4), ddof=1))
        return found

    pairs = zip(variances(sr), variances(hr), strict=True)
    expected = sum(((one - other) ** 2).mean() for one, other in pairs)
    assert asked(gradient_variance(size=size), sr, hr) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("alpha", "logarithm", "parts"),
    [(1.0, False, 1), (0.0, False, 1), (2.0, False, 1), (1.0, True, 1), (1.0, False, 2)],
)
def test_focal_frequency_weighs_hard_frequencies(alpha, logarithm, parts):
    sr, hr = pair(24)
    rows, columns = 24 // parts, 30 // parts
    values = []
    for i in range(parts):
        for j in range(parts):
            crop = np.s_[:, :, i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
            spectra = [np.fft.fft2(one[crop], norm="ortho") for one in (sr, hr)]
            distance = np.abs(spectra[0] - spectra[1])
            weight = distance**alpha
            weight = np.log(weight + 1) if logarithm else weight
            weight /= weight.max((2, 3), keepdims=True)
            values.append((weight * distance**2).mean())
    loss = focal_frequency(alpha=alpha, logarithm=logarithm, parts=parts)
    assert asked(loss, sr, hr) == pytest.approx(np.mean(values), rel=1e-10)


def test_weights_of_focal_frequency_are_constants_in_its_gradient():
    sr, hr = (torch.from_numpy(one) for one in pair(16))
    sr.requires_grad_()
    (gradient,) = torch.autograd.grad(focal_frequency()(sr, hr), sr)
    difference = torch.fft.fft2((sr - hr).detach(), norm="ortho")
    weights = difference.abs() / difference.abs().amax((2, 3), keepdim=True)
    # The mean of w |F d|^2 has the gradient 2 F* w F d / n, F being unitary.
    expected = 2 * torch.fft.ifft2(weights * difference, norm="ortho").real / sr.numel()
    assert torch.allclose(gradient, expected, rtol=1e-9, atol=1e-15)


def test_focal_frequency_refuses_sides_that_cannot_be_cut():
    flat = torch.zeros(1, 3, 9, 8)
    with pytest.raises(DataError, match="8 x 9 pixels cannot be cut into 2 x 2 equal parts"):
        focal_frequency(parts=2)(flat, flat)
