import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from srkit_core.builtin import msssim, psnr, ssim
from srkit_core.builtin.interpolation import Enlarge
from srkit_core.errors import DataError, OptionError
from srkit_core.interfaces import Metric

SET5 = ("baby", "bird", "butterfly", "head", "woman")


def pair(*shape: int, noise: float = 0.1) -> tuple[Tensor, Tensor]:
    """A smooth picture with detail, and the same with noise."""
    draw = torch.Generator().manual_seed(3)
    hr = torch.rand(shape, generator=draw, dtype=torch.float64).cumsum(-1)
    hr = hr / hr.max()
    return (hr + noise * torch.randn(shape, generator=draw, dtype=torch.float64)).clamp(0, 1), hr


def test_psnr_by_hand() -> None:
    hr = torch.full((3, 3, 4, 5), 0.5)
    sr = hr + torch.tensor([0.1, 0.01, 0.0]).view(3, 1, 1, 1)
    scores = psnr()(sr, hr)
    assert scores.shape == (3,)
    assert scores[:2].tolist() == pytest.approx([20, 40], abs=1e-4)
    assert scores[2] == torch.inf


def test_ssim_by_hand() -> None:
    flat = torch.ones(1, 3, 16, 16, dtype=torch.float64)
    # Without variance only the first factor is left: (2 * 0.5 * 0.6 + C1) / (0.5^2 + 0.6^2 + C1).
    assert ssim()(0.5 * flat, 0.6 * flat).item() == pytest.approx(0.6001 / 0.6101, abs=1e-12)
    stripes = torch.arange(16).remainder(2).double().expand(1, 1, 16, 16)
    assert ssim()(stripes, stripes).item() == pytest.approx(1, abs=1e-12)
    # A uniform window of 15 holds 7 or 8 of the stripes: p = 7/15 or 8/15, covariance with the
    # negative -p (1 - p) = -56/225.
    negative = (112 / 225 + 1e-4) * (-112 / 225 + 9e-4) / ((113 / 225 + 1e-4) * (112 / 225 + 9e-4))
    assert ssim(window=15, sigma=1e6)(stripes, 1 - stripes).item() == pytest.approx(
        negative, abs=1e-9
    )


def peer_ssim(sr: Tensor, hr: Tensor, sigma: float) -> float:
    options = {
        "gaussian_weights": True,
        "use_sample_covariance": False,
        "data_range": 1,
        "channel_axis": 0,
    }
    return float(structural_similarity(sr.numpy(), hr.numpy(), sigma=sigma, **options))  # type: ignore[no-untyped-call]


def peer_psnr(sr: Tensor, hr: Tensor) -> float:
    return float(peak_signal_noise_ratio(hr.numpy(), sr.numpy(), data_range=1))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("noise", [0.001, 0.1, 0.5])
def test_scores_are_those_of_scikit_image(channels: int, noise: float) -> None:
    sr, hr = pair(2, channels, 48, 61, noise=noise)
    assert psnr()(sr, hr).tolist() == pytest.approx(list(map(peer_psnr, sr, hr)), abs=1e-9)
    # scikit-image cuts its window at 3.5 sigma: 11 pixels for 1.5, 9 for 1.
    assert ssim()(sr, hr).tolist() == pytest.approx(
        [peer_ssim(a, b, 1.5) for a, b in zip(sr, hr, strict=True)], abs=1e-9
    )
    assert ssim(window=9, sigma=1.0)(sr, hr).tolist() == pytest.approx(
        [peer_ssim(a, b, 1.0) for a, b in zip(sr, hr, strict=True)], abs=1e-9
    )


@pytest.mark.parametrize("height", [137, 138, 139, 300])
def test_ssim_of_a_tall_picture_is_that_of_scikit_image(height: int) -> None:
    """The picture is compared in stripes; 138 rows hold the windows of the first one."""
    sr, hr = pair(1, 2, height, 20)
    assert ssim()(sr, hr).item() == pytest.approx(peer_ssim(sr[0], hr[0], 1.5), abs=1e-9)
    assert ssim()(hr, hr).item() == 1


SCORED = [psnr(), ssim(), msssim(weights=(0.4, 0.6), window=7)]


@pytest.mark.parametrize("metric", SCORED)
def test_sums_are_float64_whatever_comes_in(metric: Metric) -> None:
    sr, hr = (picture.float() for picture in pair(2, 3, 32, 32, noise=1e-4))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = metric(sr, hr)
    assert scores.dtype == torch.float64
    assert torch.equal(scores, metric(sr.double(), hr.double()))


@pytest.mark.parametrize("metric", SCORED)
def test_a_score_does_not_depend_on_the_rest_of_the_batch(metric: Metric) -> None:
    sr, hr = pair(3, 3, 24, 24)
    before = sr.clone(), hr.clone()
    assert metric(sr, hr).tolist() == pytest.approx(
        [metric(sr[i : i + 1], hr[i : i + 1]).item() for i in range(3)], abs=1e-12
    )
    assert torch.equal(sr, before[0])
    assert torch.equal(hr, before[1])


@pytest.mark.parametrize(("height", "width", "offer"), [(10, 40, 9), (40, 7, 7), (1, 1, 1)])
def test_ssim_of_a_small_picture_is_refused(height: int, width: int, offer: int) -> None:
    small = torch.zeros(1, 3, height, width)
    with pytest.raises(
        DataError, match=f"{width} x {height} pixels is smaller than the 11 x 11 window"
    ) as caught:
        ssim()(small, small)
    assert f"ssim(window={offer})" in caught.value.hint
    assert ssim(window=offer)(small, small).item() == 1


def test_ssim_of_a_picture_as_large_as_the_window() -> None:
    sr, hr = pair(1, 1, 11, 11)
    assert ssim()(sr, hr).shape == (1,)


@pytest.mark.parametrize("window", [10, 0, -1])
def test_a_window_needs_a_centre(window: int) -> None:
    with pytest.raises(
        OptionError, match=f"'window' of 'ssim' expects an odd number, not {window}"
    ):
        ssim(window=window)


def test_sigma_is_positive() -> None:
    with pytest.raises(OptionError, match=r"'sigma' of 'ssim' expects more than 0, not 0\.0"):
        ssim(sigma=0.0)


@pytest.mark.parametrize("metric", SCORED)
def test_pictures_of_two_sizes_are_refused(metric: Metric) -> None:
    with pytest.raises(
        DataError, match=r"\(1, 3, 16, 16\) cannot be compared with \(1, 3, 16, 20\)"
    ):
        metric(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 20))


def luma(image: Tensor) -> Tensor:
    """Luma of the published tables, without the 4 pixels at the border."""
    y = (
        image.double() * torch.tensor([65.481, 128.553, 24.966], dtype=torch.float64).view(3, 1, 1)
    ).sum(1, keepdim=True) + 16
    return y[..., 4:-4, 4:-4] / 255


def picture(path: Path) -> Tensor:
    return (
        torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None].float()
        / 255
    )


def test_msssim_of_bicubic_is_that_of_pytorch_msssim(assets: Path) -> None:
    """Of version 1.0.0 with a float64 window; sides of 496 are even on all scales but the last, so
    that its zeros beyond the end of odd ones change nothing.
    """
    set5 = assets / "benchmarks" / "Set5"
    low, hr = picture(set5 / "LRx4" / "babyx4.png"), picture(set5 / "HR" / "baby.png")
    sr = Enlarge("bicubic", 4, border="symmetric", quantise=True)(low)
    seen = [one[..., 8:-8, 8:-8].double() for one in (sr, hr)]
    assert msssim()(*seen).item() == pytest.approx(0.9626662765190502, abs=1e-12)


def test_bicubic_has_its_published_scores(assets: Path) -> None:
    set5 = assets / "benchmarks" / "Set5"
    published = json.loads((assets / "goldens" / "set5_x4.json").read_text())["Set5"]
    enlarge = Enlarge("bicubic", 4, border="symmetric", quantise=True)
    scores = []
    for name in SET5:
        sr, hr = (
            enlarge(picture(set5 / "LRx4" / f"{name}x4.png")),
            picture(set5 / "HR" / f"{name}.png"),
        )
        seen = luma(sr), luma(hr[..., : sr.shape[-2], : sr.shape[-1]])
        scores.append((psnr()(*seen).item(), ssim()(*seen).item()))
        assert scores[-1][0] == pytest.approx(published[f"{name}.png"]["bicubic"][0], abs=0.01)
        assert scores[-1][1] == pytest.approx(published[f"{name}.png"]["bicubic"][1], abs=0.0005)
    assert np.mean(scores, axis=0).tolist() == pytest.approx([28.43, 0.811], abs=0.005)
