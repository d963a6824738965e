"""Is the perceptual loss that of the papers, whichever network is taken?"""

import os
import subprocess
import sys
from math import sqrt
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from srkit_core.errors import DataError, OptionError, WeightsError
from srkit_core.pretrained import find
from srkit_core.testing import ReferenceLossContract
from srkit_core.testing.samples import noisy, pictures
from srkit_perception import entry, untrained
from srkit_perception.architectures import Architecture, Layer
from srkit_perception.feature_extractor import FeatureExtractor
from srkit_vgg_perceptual import srkit_components, vgg
from srkit_vgg_perceptual.loss import FeatureLoss, weighted_terms

ASSETS = Path(
    os.environ.get("SRKIT_ASSETS", Path(__file__).resolve().parents[4] / "shared" / "assets")
)


class TestVGG(ReferenceLossContract):
    expression = "vgg(weights=random)"


class TestSeveralLayersWithStyle(ReferenceLossContract):
    expression = (
        "vgg(layer=[relu1_2, conv2_1], layer_weights=[0.5, 2], distance=mse, style=1, "
        "weights=random)"
    )


class TestStyleAlone(ReferenceLossContract):
    expression = "vgg(layer=relu2_1, content=0, style=1, weights=random)"


class TestStyleAsBasicSR(ReferenceLossContract):
    expression = (
        "vgg(layer=conv1_2, distance=charbonnier, style=1, style_distance=same, weights=random)"
    )


class TestFrobenius(ReferenceLossContract):
    expression = "vgg(layer=conv1_2, distance=fro, weights=random)"
    expected_failures: ClassVar = {
        "test_a_batch_is_the_mean_of_its_pictures": "BasicSR's norm is that of the whole batch"
    }


class TestVGG16(ReferenceLossContract):
    expression = "vgg(layer=pool5, network=vgg16, distance=squared-l2, weights=random)"


@pytest.fixture
def oxford(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The shared Oxford file, which is all there is on this machine."""
    monkeypatch.setenv("SRKIT_WEIGHTS", os.environ.get("SRKIT_WEIGHTS", str(ASSETS / "weights")))
    for variable in ("SRKIT_CACHE", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    found = find(entry("vgg19-oxford"))
    if found is None:
        pytest.skip("vgg19-oxford is not on this machine (set SRKIT_WEIGHTS)")
    return found.path


def _pair(side: int = 48) -> tuple[Tensor, Tensor]:
    hr = pictures(2, side, side)
    return noisy(hr, 0.05), hr


def _tiny(**options) -> FeatureLoss:
    """A loss on a network of one pixel: channels R + 2 G and B - R, then ReLU."""
    architecture = Architecture(
        "tiny", (Layer("conv1_1", "conv", (3, 2)), Layer("relu1_1", "relu"))
    )
    convolution = nn.Conv2d(3, 2, 1, bias=False)
    convolution.weight = nn.Parameter(
        torch.tensor([[1.0, 2, 0], [-1, 0, 1]])[:, :, None, None], requires_grad=False
    )
    plain = torch.eye(3)[:, :, None, None], torch.zeros(3)
    network = FeatureExtractor("tiny", architecture, nn.Sequential(convolution, nn.ReLU()), plain)
    asked = {"distance": "l1", "content": 1.0, "style": 0.0, "style_distance": "squared-fro"}
    layers, gain = options.pop("layers", {"conv1_1": 1.0}), options.pop("gain", True)
    return FeatureLoss(
        lambda device, dtype: network, layers, weighted_terms(**asked | options), gain=gain
    )


# Two pixels. SR has features (1, -1) and (2, 1), HR (0, 0) and (0, 1): differences 1, -1 and 2, 0.
SR = torch.tensor([[1.0, 0], [0, 1], [0, 1]]).view(1, 3, 1, 2)
HR = torch.tensor([[0.0, 0], [0, 0], [0, 1]]).view(1, 3, 1, 2)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        ("l1", 4 / 4),
        ("mse", 6 / 4),
        ("squared-l2", 6 / 2),
        ("charbonnier", (sqrt(1 + 1e-12) * 2 + sqrt(4 + 1e-12) + 1e-6) / 4),
        ("fro", sqrt(6)),
    ],
)
def test_distances_by_hand(distance: str, expected: float):
    assert _tiny(distance=distance)(SR, HR).item() == pytest.approx(expected)


def test_style_by_hand():
    # Gram matrices over C H W = 4: SR [[5, 1], [1, 2]], HR [[0, 0], [0, 1]]; differences 5, 1, 1,
    # 1.
    assert _tiny(content=0, style=1)(SR, HR).item() == pytest.approx((25 + 1 + 1 + 1) / 16)
    assert _tiny(style=0.5)(SR, HR).item() == pytest.approx(1 + 0.5 * 28 / 16)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        ("l1", (5 + 1 + 1 + 1) / 4 / 4),
        ("mse", 28 / 16 / 4),
        ("charbonnier", (5 + 1 + 1 + 1) / 4 / 4),
        ("fro", sqrt(28) / 4),
    ],
)
def test_style_by_the_distance_of_features_is_basicsr_s(distance: str, expected: float):
    loss = _tiny(distance=distance, content=0, style=3, style_distance="same")
    assert loss(SR, HR).item() == pytest.approx(3 * expected)


def test_the_norm_of_a_batch_is_that_of_all_its_features():
    """As BasicSR's torch.norm(x - gt, p="fro"): of two pictures not twice the norm of one."""
    two = torch.cat([SR, SR]), torch.cat([HR, HR])
    assert _tiny(distance="fro")(*two).item() == pytest.approx(sqrt(12))
    loss = _tiny(distance="fro", content=0, style=1, style_distance="same")
    assert loss(*two).item() == pytest.approx(sqrt(2 * 28) / 4)


def test_style_does_not_know_where_things_are():
    assert _tiny(content=0, style=1)(SR, SR.flip(3)).item() == 0
    assert _tiny()(SR, SR.flip(3)).item() > 0


def test_layers_before_and_after_the_activation_are_weighted_by_hand():
    # After ReLU SR is (1, 0), (2, 1) and HR (0, 0), (0, 1): differences 1, 0, 2, 0.
    assert _tiny(layers={"relu1_1": 1.0})(SR, HR).item() == pytest.approx(3 / 4)
    assert _tiny(layers={"conv1_1": 0.1, "relu1_1": 2.0})(SR, HR).item() == pytest.approx(
        0.1 * 1 + 2 * 3 / 4
    )


def test_the_batch_is_averaged():
    sr, hr = torch.cat([SR, HR]), torch.cat([HR, HR])
    assert _tiny(distance="squared-l2", style=1)(sr, hr).item() == pytest.approx(
        (6 / 2 + 28 / 16) / 2
    )


@pytest.mark.parametrize(
    ("network", "cut", "layer"),
    [("vgg19", 35, "conv5_4"), ("vgg19", 36, "relu5_4"), ("vgg16", 31, "pool5")],
)
def test_torchvision_with_the_same_weights_agrees(network: str, cut: int, layer: str):
    from torchvision import models

    ours = untrained(network, to=layer)
    with torch.device("meta"):
        theirs = getattr(models, network)(weights=None).features[:cut]
    theirs.load_state_dict(ours.layers.state_dict(), assign=True)
    (sr, hr), mean, std = (
        _pair(),
        torch.tensor([0.485, 0.456, 0.406]),
        torch.tensor([0.229, 0.224, 0.225]),
    )
    found, wanted = (
        theirs((picture - mean.view(3, 1, 1)) / std.view(3, 1, 1)) for picture in (sr, hr)
    )
    for distance, expected in (
        ("l1", functional.l1_loss(found, wanted)),
        ("mse", functional.mse_loss(found, wanted)),
    ):
        value = vgg(layer=layer, network=network, distance=distance, weights="random")(sr, hr)
        assert value.item() == pytest.approx(expected.item(), rel=1e-4)


def test_only_sr_gets_a_gradient_and_the_network_is_no_part_of_anything():
    class Trainer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.loss = vgg(weights="random", layer="relu1_2")

    trainer, (sr, hr) = Trainer(), _pair()
    trainer.loss(sr.requires_grad_(), hr.requires_grad_()).backward()
    assert sr.grad is not None
    assert hr.grad is None
    assert (list(trainer.parameters()), trainer.state_dict()) == ([], {})


def _with_gradient(loss, sr, hr, half=None):
    """The loss of SR, and its gradient, under autocast in `half` where that is given."""
    seen = sr.clone().requires_grad_()
    with torch.autocast("cpu", half, enabled=half is not None):
        said = loss(seen, hr)
    said.backward()
    return said, seen.grad


def test_the_network_computes_in_bf16_under_autocast_and_its_gradient_goes_the_same_way():
    loss, (sr, hr) = vgg(weights="random", layer=("conv2_2", "conv3_1"), style=1), _pair()
    plain, gradient = _with_gradient(loss, sr, hr)
    within, rounded = _with_gradient(loss, sr, hr, torch.bfloat16)
    assert (within.dtype, rounded.dtype) == (torch.float32, torch.float32)
    assert within.item() != plain.item()
    assert within.item() == pytest.approx(plain.item(), rel=2e-2)
    cosine = functional.cosine_similarity(gradient.flatten(), rounded.flatten(), dim=0)
    assert cosine.item() >= 0.99


def test_features_never_leave_the_range_of_fp16():
    loss, (sr, hr) = vgg(weights="random", layer="conv2_2"), _pair()
    with torch.autocast("cpu", torch.float16):
        assert torch.equal(loss(sr, hr), loss(sr.float(), hr.float()))


def test_pictures_below_the_depth_of_the_poolings_are_refused():
    small = torch.rand(1, 3, 15, 40)
    with pytest.raises(DataError, match="40 x 15 pixels is too small for layer conv5_4"):
        vgg(weights="random")(small, small)


@pytest.mark.parametrize(
    ("options", "option", "message", "hint"),
    [
        ({"layer": "conv5_5"}, "layer", "vgg19, which has no 'conv5_5'", "conv5_"),
        (
            {"layer": "conv5_4", "network": "vgg16"},
            "layer",
            "vgg16, which has no 'conv5_4'",
            "conv5_3",
        ),
        ({"layer": ("conv1_1", "pool6")}, "layer", "has no 'pool6'", "pool"),
        ({"layer": ("conv1_1", "conv1_1")}, "layer", "different layers", ""),
        ({"layer": ()}, "layer", "different layers", ""),
        (
            {"layer": ("conv1_1", "conv2_1"), "layer_weights": (1.0,)},
            "layer_weights",
            "each of 2 layers, not 1",
            "",
        ),
        ({"content": 0.0}, "content", "both 0", ""),
        ({"weights": "vgg16-torchvision"}, "weights", "expects a vgg19", "weights=auto"),
        ({"weights": "vgg19-oxfrod"}, "weights", "not 'vgg19-oxfrod'", "weights=vgg19-oxford"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict, option: str, message: str, hint: str):
    with pytest.raises(OptionError, match=message) as caught:
        vgg(**options)
    assert caught.value.option == option
    assert hint in caught.value.hint


def test_a_wrong_layer_is_refused_without_torch():
    code = (
        "import sys\nfrom srkit_core.errors import OptionError\nfrom srkit_vgg_perceptual import "
        "vgg\n"
        "try:\n    vgg(layer='conv5_5')\nexcept OptionError as error:\n    print(error.hint, "
        "'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith("did you mean 'conv5_")
    assert done.stdout.strip().endswith("False")


def test_it_says_which_networks_it_needs():
    needs, vgg19 = (
        srkit_components()[0].pretrained,
        ("vgg19-torchvision", "vgg19-oxford", "vgg19-normalised"),
    )
    bound = {"network": "vgg19", "layer": "conv5_1", "layer_weights": None, "weights": "auto"}
    assert needs(bound) == (vgg19,)
    assert needs({**bound, "network": "vgg16"}) == (("vgg16-torchvision",),)
    assert needs({**bound, "weights": "vgg19-oxford"}) == (("vgg19-oxford",),)
    assert needs({**bound, "weights": "random"}) == ()
    assert needs({**bound, "weights": "x/y.pth"}) == (("x/y.pth",),)
    with pytest.raises(OptionError, match="has no 'conv6_1'"):
        needs({**bound, "layer": "conv6_1"})


def test_auto_a_name_and_a_path_give_the_same_network(oxford: Path):
    sr, hr = _pair()
    values = [
        vgg(weights=weights)(sr, hr).item() for weights in ("auto", "vgg19-oxford", str(oxford))
    ]
    assert len(set(values)) == 1


def test_gain_brings_features_to_the_size_of_torchvision(oxford: Path):
    sr, hr = _pair()
    raw, divided = (vgg(weights="vgg19-oxford", gain=gain)(sr, hr).item() for gain in (False, True))
    assert raw / divided == pytest.approx(entry("vgg19-oxford").gain)
    assert 0.1 < divided < 10
    squares = [
        vgg(weights="vgg19-oxford", distance="mse", gain=gain)(sr, hr).item()
        for gain in (False, True)
    ]
    assert squares[0] / squares[1] == pytest.approx(entry("vgg19-oxford").gain ** 2)


def test_a_file_that_is_no_known_network_is_refused(tmp_path: Path):
    (tmp_path / "file.pth").write_bytes(b"something else")
    with pytest.raises(WeightsError, match="no known file of vgg19-torchvision"):
        vgg(weights=str(tmp_path / "file.pth"))
    with pytest.raises(WeightsError, match="there is no weights file"):
        vgg(weights=str(tmp_path / "absent.pth"))
