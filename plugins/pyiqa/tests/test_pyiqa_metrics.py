"""Are metrics of pyiqa metrics of srkit, with their weights from files that srkit knows?

pyiqa itself is in an environment of its own: most tests have a stub in its place, and those of the
library are skipped where it is not installed.
"""

import importlib.util
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import srkit_pyiqa
from srkit_core.catalogue import catalogue
from srkit_core.errors import WeightsError
from srkit_core.pretrained import FoundWeights
from srkit_core.registry import Registry
from srkit_core.testing import MetricContract
from srkit_pyiqa import pyiqa_networks, srkit_components
from srkit_pyiqa.metric import PyiqaMetric
from srkit_pyiqa.pyiqa_networks import fill_network, pyiqa_network

NAMES = ("topiq", "musiq", "clipiqa", "maniqa")
WHOLE = {"topiq_nr": "CFANet", "musiq": "MUSIQ", "maniqa": "MANIQA"}


class Sharpness(nn.Module):
    """A network of one weight, that judges as those of pyiqa do: (B, 3, H, W) -> (B, 1)."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.drop = nn.Dropout(0.5)

    def forward(self, pictures):
        steps = pictures.diff(dim=-1).abs().mean((1, 2, 3)) + pictures[:, 0].mean((1, 2))
        return self.drop(steps[:, None] * self.weight)


class Inference(nn.Module):
    """What `create_metric` returns."""

    def __init__(self):
        super().__init__()
        self.net = Sharpness()

    def forward(self, target, ref=None):
        return self.net(target)


@pytest.fixture
def stub(monkeypatch, tmp_path):
    """Stubs of pyiqa and timm, and a file of weights for every metric; returns what was asked."""
    asked = []

    def create_metric(name, **options):
        sys.stdout.write("Loading pretrained model\n")
        torch.rand(3)
        asked.append((name, options, sys.modules["timm"].create_model("vit", pretrained=True)))
        return Inference()

    timm = SimpleNamespace(create_model=lambda name, pretrained: f"{name} {pretrained}")
    monkeypatch.setitem(sys.modules, "timm", timm)
    monkeypatch.setitem(sys.modules, "pyiqa", SimpleNamespace(create_metric=create_metric))
    file = tmp_path / "weights.pth"
    torch.save({"params": {"weight": torch.tensor([2.0])}}, file)
    monkeypatch.setattr(srkit_pyiqa, "obtain", lambda spec: FoundWeights(spec, spec.files[0], file))
    pyiqa_network.cache_clear()
    yield asked
    pyiqa_network.cache_clear()


class OfPyiqa(MetricContract):
    def registry(self):
        return Registry(()).with_components(*SPECS, distribution="srkit-pyiqa")


SPECS = [one for one in srkit_components() if one.kind == "metric"]


@pytest.mark.usefixtures("stub")
class TestMUSIQ(OfPyiqa):
    expression = "musiq"


@pytest.mark.usefixtures("stub")
class TestCLIPIQA(OfPyiqa):
    expression = "clipiqa"


@pytest.mark.parametrize("name", NAMES)
def test_each_metric_is_that_of_pyiqa_with_the_weights_of_its_file(stub, name, capsys):
    before = torch.get_rng_state()
    pictures = torch.rand(2, 3, 224, 230, generator=torch.Generator().manual_seed(1))
    scores = getattr(srkit_pyiqa, name)()(pictures, pictures)
    weight = 1 if name == "clipiqa" else 2
    expected = weight * Sharpness().eval()(pictures)[:, 0]
    assert scores.tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    ((asked, options, made),) = stub
    assert asked == {"topiq": "topiq_nr"}.get(name, name)
    given = {key: value for key, value in options.items() if key != "device"}
    if name == "clipiqa":
        assert given["backbone"].endswith("weights.pth")
    else:
        assert given == {"pretrained": False}
    assert made == "vit False"
    assert sys.modules["timm"].create_model("vit", pretrained=True) == "vit True"
    assert capsys.readouterr().out == ""
    assert torch.equal(before, torch.get_rng_state())


def test_a_file_of_another_network_is_refused(tmp_path):
    file = tmp_path / "other.pth"
    with pytest.raises(WeightsError, match=r"other.pth does not hold Sharpness of pyiqa: Unexp"):
        fill_network(Sharpness(), {"weight": torch.ones(1), "bias": torch.ones(1)}, file)


@pytest.mark.parametrize("prefix", ["", "params.", "module.", "params.module."])
def test_tables_of_pyiqa_and_of_the_authors_are_read(prefix, tmp_path):
    network = Sharpness()
    fill_network(network, {f"{prefix}weight": torch.tensor([3.0])}, tmp_path)
    assert network.weight.item() == 3


def test_the_catalogue_lists_it():
    announced = {(one.kind, one.name, one.summary) for one in srkit_components()}
    listed = {one for one in catalogue() if one.distribution == "srkit-pyiqa"}
    assert {(one.kind, one.name, one.summary) for one in listed} == announced


def test_what_is_announced():
    assert tuple(one.name for one in SPECS) == NAMES
    for spec in SPECS:
        assert (spec.higher_is_better, spec.needs_reference, spec.domain) == (True, False, "rgb")
        assert "Noncommercial" in spec.source
    weights = {one.name: one for one in srkit_components() if one.kind == "weights"}
    assert [spec.pretrained({}) for spec in SPECS] == [
        (("topiq-koniq",),),
        (("musiq-koniq",),),
        (("clip-rn50",),),
        (("maniqa-koniq",),),
    ]
    for name in ("topiq-koniq", "musiq-koniq"):  # their names end with the start of the digest
        (file,) = weights[name].files
        (home,) = file.sources
        assert file.sha256.startswith(home.url.rpartition("-")[2].removesuffix(".pth"))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyiqa") is None, reason="pyiqa is not installed")
@pytest.mark.parametrize("name", sorted(WHOLE))
def test_pyiqa_builds_each_network_without_fetching_and_is_filled_whole(name, tmp_path):
    """Of drawn weights, as its own are not carried by anybody: the file holds all that it needs."""
    with pyiqa_networks._quietly(), pyiqa_networks._without_backbones():
        drawn = pyiqa_networks._create(name, pretrained=False)
    assert type(drawn.net).__name__ == WHOLE[name]
    file = tmp_path / "weights.pth"
    torch.save({"params": drawn.net.state_dict()}, file)
    pyiqa_network.cache_clear()
    pictures = torch.rand(2, 3, 224, 240, generator=torch.Generator().manual_seed(1))
    together = PyiqaMetric(name, file)(pictures, pictures)
    alone = PyiqaMetric(name, file)(pictures[1:], pictures[1:])
    assert together.shape == (2,)
    assert together[1].item() == pytest.approx(alone.item(), rel=1e-4)
    assert bool(together.isfinite().all())
