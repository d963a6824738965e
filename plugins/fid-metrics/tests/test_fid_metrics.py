"""Are FID and KID those of torch-fidelity, on the features that they should compare?"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import srkit_fid_metrics
from srkit_core.pretrained import FoundWeights
from srkit_core.testing import SetMetricContract
from srkit_fid_metrics import INCEPTION, fid, inception, kid, srkit_components
from srkit_fid_metrics.inception import InceptionFeatures, inception_network
from srkit_fid_metrics.set_distances import FrechetDistance, KernelDistance


class SmallNetwork(nn.Module):
    """Bytes (B, 3, H, W) -> a tuple of (B, 4), as torch-fidelity's networks take and give them."""

    def forward(self, pixels):
        assert pixels.dtype == torch.uint8
        pictures = pixels.float() / 255
        means, deviation = pictures.mean((2, 3)), pictures.diff(dim=3).std((1, 2, 3))
        return (torch.cat([means, deviation[:, None]], 1),)


@pytest.fixture
def small_network(monkeypatch):
    """The components, on a small network in the place of Inception."""
    found = FoundWeights(INCEPTION, INCEPTION.files[0], Path("inception.pth"))
    monkeypatch.setattr(srkit_fid_metrics, "obtain", lambda spec: found)
    monkeypatch.setattr(
        inception, "inception_network", lambda path, device: SmallNetwork().to(device)
    )


@pytest.mark.usefixtures("small_network")
class TestFID(SetMetricContract):
    expression = "fid"


@pytest.mark.usefixtures("small_network")
class TestKID(SetMetricContract):
    expression = "kid"


def features(count, width, seed, shift=0.0):
    draw = np.random.default_rng(seed)
    mixed = draw.standard_normal((count, width)) @ draw.standard_normal((width, width))
    return torch.from_numpy(mixed + shift)


@pytest.mark.parametrize(("count", "width"), [(300, 8), (20, 20), (12, 40)])
def test_fid_is_that_of_torch_fidelity(count, width):
    """Of more pictures than features, and of fewer, where its covariances are singular."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    sr, hr = features(count, width, 1, shift=0.3), features(count, width, 2)
    statistics = [fid_features_to_statistics(one) for one in (sr, hr)]
    (expected,) = fid_statistics_to_metric(*statistics, verbose=False).values()
    assert expected > 1
    tolerance = 1e-9 if count > width else 1e-6  # its roots of eigenvalues that should be 0
    found = FrechetDistance(lambda pictures: pictures).compare(sr, hr).item()
    assert found == pytest.approx(expected, rel=tolerance)


def test_fid_of_gaussians_by_hand():
    """Features of two values, each of which appears twice: variances of 4/3 and 16/3, means 0 and
    3. 9 + 4/3 + 16/3 - 2 * 8/3."""
    sr = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    distance = FrechetDistance(lambda pictures: pictures)
    assert distance.compare(sr, 2 * sr + 3).item() == pytest.approx(9 + 4 / 3, abs=1e-12)
    assert distance.compare(sr, sr).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("count", "subset", "subsets"), [(30, 30, 1), (40, 10, 7)])
def test_kid_is_that_of_torch_fidelity(count, subset, subsets):
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

    sr, hr = features(count, 6, 1, shift=0.3), features(count, 6, 2)
    options = {"kid_subset_size": subset, "kid_subsets": subsets, "verbose": False}
    expected = kid_features_to_metric(sr, hr, **options)[KEY_METRIC_KID_MEAN]
    distance = KernelDistance(lambda pictures: pictures, subset=subset, subsets=subsets)
    assert distance.compare(sr, hr).item() == pytest.approx(expected, rel=1e-12)


def test_kid_of_halves_of_one_set_is_zero_on_average():
    distance = KernelDistance(lambda pictures: pictures, subset=1000, subsets=1)
    draws = torch.randn(200, 20, 4, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    scores = torch.stack([distance.compare(one[:10], one[10:]) for one in draws])
    assert bool((scores < 0).any())
    assert abs(scores.mean()) < 3 * scores.std() / 200**0.5


@pytest.mark.parametrize("count", [0, 1])
def test_a_set_of_one_picture_is_not_judged(count):
    few, many = torch.ones(count, 3), torch.ones(5, 3)
    for distance in (FrechetDistance, lambda make: KernelDistance(make, subset=9, subsets=1)):
        assert distance(lambda pictures: pictures).compare(few, many).isnan()


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    """A file with tensors of the names and shapes of Inception's, drawn at random."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    made = {}

    class Bare(FeatureExtractorInceptionV3):
        def load_state_dict(self, tables, *args, **kwargs):
            made.update(self.state_dict())

    empty = tmp_path_factory.mktemp("inception") / "empty.pth"
    torch.save({}, empty)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Bare("bare", ["2048"], feature_extractor_weights_path=str(empty))
    file = empty.with_name("inception.pth")
    torch.save(made, file)
    return file


def test_the_features_of_torch_fidelity_are_those_of_each_picture(weights_file):
    pictures = torch.rand(3, 3, 60, 80, generator=torch.Generator().manual_seed(2))
    together = InceptionFeatures(weights_file)(pictures)
    assert together.shape == (3, 2048)
    apart = torch.cat([InceptionFeatures(weights_file)(one[None]) for one in pictures])
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together[0], together[1], rtol=1e-3)
    network = inception_network(weights_file, torch.device("cpu"))
    assert not network.training
    assert not any(one.requires_grad for one in network.parameters())
    pixels = (pictures * 255).round().to(torch.uint8)
    assert torch.equal(together, network(pixels)[0])


def test_what_is_announced():
    of_fid, of_kid, weights = srkit_components()
    assert [(one.name, one.of_set, one.higher_is_better) for one in (of_fid, of_kid)] == [
        ("fid", True, False),
        ("kid", True, False),
    ]
    assert of_fid.pretrained({}) == of_kid.pretrained({}) == ((weights.name,),)
    assert fid.__kwdefaults__ is None
    assert kid.__kwdefaults__ == {"subset": 1000, "subsets": 100}
    (file,) = weights.files
    for home in file.sources:
        assert file.sha256.startswith(home.url.rpartition("-")[2].removesuffix(".pth"))
