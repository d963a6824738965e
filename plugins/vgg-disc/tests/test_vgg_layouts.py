"""Are BasicSR's files of its VGG-style discriminator taken as they are?"""

import pytest
import torch

from srkit_core.models.build import build_network
from srkit_core.models.foreign_weights import import_weights
from srkit_core.registry import discover
from srkit_core.testing import LayoutContract
from srkit_vgg_disc import vgg_basicsr


class TestVGGLayout(LayoutContract):
    layout = "vgg-basicsr"


@pytest.mark.parametrize("size", [128, 256])
def test_size_and_features_come_from_the_file(tmp_path, size):
    torch.manual_seed(0)
    network, path = vgg_basicsr(size=size, features=2).eval(), tmp_path / "net_d.pth"
    torch.save({"params": network.state_dict()}, path)
    found, tensors = import_weights(path, discover(), kind="discriminator")
    assert found.bound.options == {"size": size, "features": 2}
    assert found.assumed == ()
    again = build_network(found.bound)
    again.load_state_dict(tensors)
    picture = torch.rand(1, 3, size, size)
    with torch.no_grad():
        assert torch.equal(again.eval()(picture), network(picture))
