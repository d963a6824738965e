"""Does LPIPS give the figures of its authors?"""

import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from srkit_core.errors import DataError
from srkit_core.pretrained import find
from srkit_core.testing import MetricContract, ReferenceLossContract
from srkit_lpips_metric import lpips, lpips_loss, srkit_components
from srkit_lpips_metric.metric import LPIPS, MeanLPIPS, read_heads
from srkit_perception import entry
from srkit_perception.architectures import Architecture, Layer
from srkit_perception.feature_extractor import FeatureExtractor

ASSETS = Path(
    os.environ.get("SRKIT_ASSETS", Path(__file__).resolve().parents[4] / "shared" / "assets")
)


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """AlexNet and VGG16 without a download."""
    monkeypatch.setenv("SRKIT_WEIGHTS", os.environ.get("SRKIT_WEIGHTS", str(ASSETS / "weights")))
    for name in ("alexnet-torchvision", "vgg16-torchvision"):
        if find(entry(name)) is None:
            pytest.skip(
                f"{name} is not on this machine (set SRKIT_WEIGHTS, or srkit weights get {name})"
            )


@pytest.fixture
def example() -> dict[str, Tensor]:
    """The pictures of LPIPS's own example."""
    folder = ASSETS / "goldens" / "lpips"
    if not folder.is_dir():
        pytest.skip("the example of LPIPS is not on this machine (set SRKIT_ASSETS)")
    return {name: _picture(folder / f"ex_{name}.png") for name in ("ref", "p0", "p1")}


def _picture(path: Path) -> Tensor:
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None] / 255


@pytest.mark.usefixtures("weights")
class TestMetric(MetricContract):
    expression = "lpips"


@pytest.mark.usefixtures("weights")
class TestMetricOnVGG(MetricContract):
    expression = "lpips(net=vgg)"


@pytest.mark.usefixtures("weights")
class TestLoss(ReferenceLossContract):
    expression = "lpips"


@pytest.mark.usefixtures("weights")
class TestLossOnAlexNet(ReferenceLossContract):
    expression = "lpips(net=alex)"


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize(
    ("net", "expected"), [("alex", (0.7219, 0.1376)), ("vgg", (0.5686, 0.4217))]
)
def test_the_example_of_the_authors(
    example: dict[str, Tensor], net: str, expected: tuple[float, float]
):
    distorted = torch.cat([example["p0"], example["p1"]])
    scores = lpips(net=net)(distorted, example["ref"].expand(2, -1, -1, -1))
    assert scores.tolist() == pytest.approx(expected, abs=1e-4)
    assert lpips_loss(net=net)(
        distorted, example["ref"].expand(2, -1, -1, -1)
    ).item() == pytest.approx(sum(expected) / 2, abs=1e-4)


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize(("net", "side"), [("alex", 31), ("vgg", 16)])
def test_the_smallest_pictures_are_scored_and_smaller_ones_refused(net: str, side: int):
    metric = lpips(net=net)
    assert metric(torch.rand(1, 3, side, 40), torch.rand(1, 3, side, 40)).item() > 0
    with pytest.raises(DataError, match=f"40 x {side - 1} pixels is too small"):
        metric(torch.rand(1, 3, side - 1, 40), torch.rand(1, 3, side - 1, 40))


def _tiny(head: list[float], bias: tuple[float, float] = (0.0, 0.0)) -> LPIPS:
    """LPIPS on a network whose two features are red and green."""
    layer = nn.Conv2d(3, 2, 1)
    layer.weight = nn.Parameter(torch.eye(3)[:2, :, None, None], requires_grad=False)
    layer.bias = nn.Parameter(torch.tensor(bias), requires_grad=False)
    plain = torch.eye(3)[:, :, None, None], torch.zeros(3)
    network = FeatureExtractor(
        "tiny", Architecture("tiny", (Layer("conv1", "conv", (3, 2)),)), nn.Sequential(layer), plain
    )
    return LPIPS(lambda device: network, ["conv1"], [torch.tensor(head).view(1, 2, 1, 1)])


def test_the_formula_by_hand():
    # Unit vectors (0.6, 0.8) and (1, 0), twice; and equal directions, of other lengths. Mean of two
    # positions.
    sr = torch.tensor([[0.3, 0.5], [0.4, 0.5], [0.9, 0.1]]).view(1, 3, 1, 2)
    hr = torch.tensor([[0.7, 0.2], [0.0, 0.2], [0.0, 0.0]]).view(1, 3, 1, 2)
    assert _tiny([1.0, 1.0])(sr, hr).tolist() == pytest.approx([(0.16 + 0.64) / 2])
    assert _tiny([2.0, 0.5])(sr, hr).tolist() == pytest.approx([(0.32 + 0.32) / 2])
    assert MeanLPIPS(_tiny([1.0, 1.0]))(
        torch.cat([sr, hr]), torch.cat([hr, hr])
    ).item() == pytest.approx(0.2)


def test_features_that_are_all_zero_have_a_finite_slope():
    sr, hr = torch.zeros(1, 3, 2, 2, requires_grad=True), torch.rand(1, 3, 2, 2)
    score = _tiny([1.0, 1.0])(sr, hr)
    score.sum().backward()
    assert score.item() == pytest.approx(1.0)  # the squared length of a unit vector
    assert bool(sr.grad.isfinite().all())


def test_shapes_that_differ_are_refused():
    with pytest.raises(DataError, match="cannot be compared"):
        _tiny([1.0, 1.0])(torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 5))


@pytest.mark.parametrize(
    ("net", "channels"), [("alex", [64, 192, 384, 256, 256]), ("vgg", [64, 128, 256, 512, 512])]
)
def test_heads_weigh_every_channel_of_five_layers(net: str, channels: list[int]):
    heads = read_heads(net)
    assert [tuple(head.shape) for head in heads] == [(1, count, 1, 1) for count in channels]
    assert all(
        bool((head >= 0).all()) for head in heads
    )  # Zhang et al. 2018 keep them so, for a distance


def test_it_says_which_network_it_needs():
    metric, loss = srkit_components()
    assert (
        metric.pretrained({"net": "alex"})
        == loss.pretrained({"net": "alex"})
        == (("alexnet-torchvision",),)
    )
    assert metric.pretrained({"net": "vgg"}) == (("vgg16-torchvision",),)
    assert (metric.higher_is_better, metric.domain, loss.default_weight) == (False, "rgb", 1)


@pytest.mark.usefixtures("weights")
class TestInAProcessOfItsOwn:
    code: ClassVar[str] = (
        "import sys, torch\nfrom srkit_lpips_metric import lpips\nlpips()(torch.rand(1, 3, 40, "
        "40), torch.rand(1, 3, 40, 40))\n"
        "print([name for name in ('torchvision', 'lpips') if name in sys.modules])"
    )

    def test_nothing_is_said_and_torchvision_is_not_imported(self):
        done = subprocess.run(
            [sys.executable, "-c", self.code], capture_output=True, text=True, check=True
        )
        assert (done.stdout.strip(), done.stderr) == ("[]", "")
