"""Do NIQE and DISTS give the figures of their peers, and are their parts those of the papers?"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import DataError, WeightsError
from srkit_core.pretrained import FOLDER_VARIABLE, find, obtain
from srkit_core.testing import MetricContract
from srkit_core.testing.samples import noisy, pictures
from srkit_iqa_metrics import DISTS_WEIGHTS, NIQE_PRISTINE, dists, niqe, niqe_statistics
from srkit_iqa_metrics.niqe_metric import NIQE
from srkit_perception.network_weights import VGG16_TORCHVISION

FOLDER = Path(
    os.environ.get("SRKIT_ASSETS", Path(__file__).resolve().parents[4] / "shared" / "assets")
)
BESIDE = pytest.mark.skipif(
    not (FOLDER / "MANIFEST.tsv").is_file(),
    reason="the shared assets are not on this machine (set SRKIT_ASSETS)",
)


@pytest.fixture(scope="module")
def shared_weights():
    """The shared weights, where nothing else is set."""
    with pytest.MonkeyPatch.context() as patch:
        if FOLDER_VARIABLE not in os.environ:
            patch.setenv(FOLDER_VARIABLE, str(FOLDER / "weights"))
        yield


def need(spec):
    try:
        obtain(spec)
    except WeightsError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def learnt_niqe(shared_weights):
    """NIQE's 12 kB, downloaded where they are not on this machine."""
    need(NIQE_PRISTINE)


@pytest.fixture(scope="module")
def learnt_dists(shared_weights):
    """DISTS's 12 kB, downloaded where they are not on this machine, and VGG16, which is not."""
    if find(VGG16_TORCHVISION) is None:
        pytest.skip("VGG16 is not on this machine (set SRKIT_WEIGHTS)")
    need(DISTS_WEIGHTS)


@pytest.mark.usefixtures("learnt_niqe")
class TestNIQE(MetricContract):
    """The sample pictures are not natural, and from fewer blocks NIQE does not tell their noises
    apart.
    """

    expression = "niqe"


@pytest.mark.usefixtures("learnt_niqe")
class TestNIQEWithBorder(MetricContract):
    expression = "niqe(border=4)"


@pytest.mark.usefixtures("learnt_dists")
class TestDISTS(MetricContract):
    expression = "dists"


def picture(path: str) -> Tensor:
    return (
        torch.from_numpy(np.array(Image.open(FOLDER / path).convert("RGB")))
        .permute(2, 0, 1)[None]
        .float()
        / 255
    )


NIQE_OF_BASICSR = {
    "baby": (3.26549, 3.32212),
    "bird": (4.36208, 5.28307),
    "butterfly": (5.15490, 5.20505),
    "head": (8.35049, 8.74076),
    "woman": (4.38900, 4.63517),
}
"""`calculate_niqe` of basicsr 1.4.2 with crop_border 0 and 4.

Its float32 is good for about four digits.
"""

DISTS_OF_ITS_AUTHORS = {"butterfly": 0.356435, "head": 0.342528}
"""`DISTS` of DISTS_pytorch 0.1, of HR and LRx4 with every pixel repeated 4 x 4.

VGG16 is the shared one, in float16.
"""


@BESIDE
@pytest.mark.usefixtures("learnt_niqe")
@pytest.mark.parametrize("name", NIQE_OF_BASICSR)
def test_niqe_is_that_of_basicsr(name):
    hr = picture(f"benchmarks/Set5/HR/{name}.png")
    scores = [niqe(border=border)(hr, torch.zeros_like(hr)).item() for border in (0, 4)]
    assert scores == pytest.approx(NIQE_OF_BASICSR[name], rel=1e-4)


@BESIDE
@pytest.mark.usefixtures("learnt_dists")
@pytest.mark.parametrize("name", DISTS_OF_ITS_AUTHORS)
def test_dists_is_that_of_its_authors(name):
    hr, lr = (
        picture(f"benchmarks/Set5/HR/{name}.png"),
        picture(f"benchmarks/Set5/LRx4/{name}x4.png"),
    )
    sr = lr.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert dists()(torch.cat([sr, hr]), torch.cat([hr, sr])).tolist() == pytest.approx(
        [DISTS_OF_ITS_AUTHORS[name]] * 2, abs=2e-6
    )


@BESIDE
@pytest.mark.usefixtures("learnt_dists")
def test_dists_of_the_example_of_lpips():
    """DISTS_pytorch 0.1 again, on pictures of 64 x 64 pixels."""
    near, far, reference = (picture(f"goldens/lpips/ex_{name}.png") for name in ("p1", "p0", "ref"))
    assert dists()(near, reference).item() == pytest.approx(0.225023, abs=2e-6)
    assert dists()(far, reference).item() == pytest.approx(0.387928, abs=2e-6)


@pytest.mark.usefixtures("learnt_dists")
def test_dists_is_0_for_equal_pictures_and_float32_under_autocast():
    hr = pictures(2, 40, 33)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = dists()(noisy(hr, 0.1), hr)
    assert scores.dtype == torch.float32
    assert torch.equal(scores, dists()(noisy(hr, 0.1), hr))
    assert dists()(hr, hr).tolist() == [0, 0]


def test_statistics_are_36_a_block_and_the_rest_is_left_out():
    luma = (pictures(1, 200, 300)[0, 0] * 255).round()
    statistics = niqe_statistics.block_features(luma)
    assert statistics.shape == (2 * 3, 36)
    assert torch.equal(statistics, niqe_statistics.block_features(luma[:192, :288]))
    assert bool(statistics.isfinite().all())


@pytest.mark.parametrize(("power", "shape"), [(1.0, 1.0), (2.0, 2.0)])
def test_the_fit_finds_the_shape_and_scales_of_a_skewed_sample(power, shape):
    # Quantiles of |x|^power = -log(u) or chi-square: a Laplace (1) and a Gaussian (2) sample, twice
    # as wide to the right.
    levels = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    half = (
        -levels.log() if power == 1 else torch.erfinv(levels)
    )  # exp(-|x|) and exp(-x^2), of scale 1
    blocks = torch.cat([-half, 2 * half, 2 * half]).view(1, 200, 300)
    found = [number.item() for number in niqe_statistics._asymmetric_fit(blocks)]
    assert found == pytest.approx([shape, 1, 2], rel=0.01)


def test_a_block_without_texture_has_no_scales():
    luma = (pictures(1, 96, 288)[0, 0] * 255).round()
    luma[:, 90:198] = 235
    flat = niqe_statistics.block_features(luma).isnan().any(1)
    assert flat.tolist() == [False, True, False]


def test_a_flat_region_is_exactly_0_when_normalised():
    luma = torch.full((96, 96), 97.0, dtype=torch.float64)
    luma[:, :20] = 16
    for scale in (luma, niqe_statistics._halved(luma)):
        normalised = niqe_statistics._normalised(scale)
        assert not normalised[:, -20:].any()
        assert normalised.any()


def test_half_the_size_is_that_of_an_antialiased_cubic():
    luma = pictures(1, 96, 128)[:, :1].double() * 255
    peer = functional.interpolate(luma, scale_factor=0.5, mode="bicubic", antialias=True)[0, 0]
    halved = niqe_statistics._halved(luma[0, 0])
    assert halved.shape == (48, 64)
    assert torch.allclose(
        halved[4:-4, 4:-4], peer[4:-4, 4:-4], atol=1e-4
    )  # at the border torch knows no symmetric continuation
    # At the border a ramp goes on as 2, 1, 0 | 0, 1, 2, 3, 4; the cubic's weights are -3, -9, 29,
    # 111, 111, 29, -9, -3 of 256.
    ramp = niqe_statistics._halved(torch.arange(96.0, dtype=torch.float64).expand(96, 96))
    assert ramp[0, [0, 10, 47]].tolist() == pytest.approx([115 / 256, 20.5, 95 - 115 / 256])


def model_of(statistics: Tensor, *, away: Tensor, spread: float) -> NIQE:
    """A pristine model that makes the distance that of `away` over the root of `spread`."""
    covariance = 2 * spread * torch.eye(36, dtype=torch.float64) - statistics.T.cov()
    return NIQE(mean=statistics.mean(0) + away, covariance=covariance, border=0)


def test_the_distance_is_that_of_equation_10():
    hr = pictures(1, 192, 288)
    luma = (
        (hr[0].double() * torch.tensor([65.481, 128.553, 24.966]).view(3, 1, 1)).sum(0) + 16
    ).round()
    away = torch.linspace(-1, 1, 36, dtype=torch.float64)
    metric = model_of(niqe_statistics.block_features(luma), away=away, spread=4.0)
    assert metric(hr, hr).item() == pytest.approx(away.norm().item() / 2, rel=1e-6)


def test_a_picture_without_texture_has_no_distance():
    flat = torch.full((2, 3, 192, 192), 0.5)
    metric = NIQE(mean=torch.zeros(36), covariance=torch.eye(36), border=0)
    assert metric(flat, flat).isnan().tolist() == [True, True]


@pytest.mark.parametrize(
    ("height", "width", "border"), [(96, 191, 0), (95, 400, 0), (192, 96, 1), (8, 8, 30)]
)
def test_a_picture_of_less_than_two_blocks_is_refused(height, width, border):
    metric = NIQE(mean=torch.zeros(36), covariance=torch.eye(36), border=border)
    with pytest.raises(
        DataError,
        match=f"{width} x {height} pixels is too small for 'niqe' with a border of {border}",
    ):
        metric(torch.zeros(1, 3, height, width), torch.zeros(1, 3, height, width))
