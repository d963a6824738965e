"""Are Real-ESRGAN's files of its discriminator taken as they are?"""

import torch
from torch import nn
from torch.nn.utils import spectral_norm

from srkit_core.models.build import build_network
from srkit_core.models.foreign_weights import import_weights
from srkit_core.registry import discover
from srkit_core.testing import LayoutContract


class TestUNetLayout(LayoutContract):
    layout = "unet-sn-basicsr"


class Published(nn.Module):
    """UNetDiscriminatorSN with torch's first spectral normalisation, as BasicSR 1.4 has it."""

    def __init__(self, features):
        super().__init__()
        self.conv0 = nn.Conv2d(3, features, 3, 1, 1)
        wide = [features, 2 * features, 4 * features, 8 * features]
        for number in (1, 2, 3):
            down = nn.Conv2d(wide[number - 1], wide[number], 4, 2, 1, bias=False)
            self.add_module(f"conv{number}", spectral_norm(down))
        channels = [*wide[::-1], features, features]
        for number in range(4, 9):
            level = nn.Conv2d(channels[number - 4], channels[number - 3], 3, 1, 1, bias=False)
            self.add_module(f"conv{number}", spectral_norm(level))
        self.conv9 = nn.Conv2d(features, 1, 3, 1, 1)

    def forward(self, x):
        def active(x):
            return nn.functional.leaky_relu(x, 0.2)

        def up(x):
            return nn.functional.interpolate(
                x, scale_factor=2, mode="bilinear", align_corners=False
            )

        x0 = active(self.conv0(x))
        x1 = active(self.conv1(x0))
        x2 = active(self.conv2(x1))
        x3 = up(active(self.conv3(x2)))
        x4 = up(active(self.conv4(x3)) + x2)
        x5 = up(active(self.conv5(x4)) + x1)
        x6 = active(self.conv6(x5)) + x0
        return self.conv9(active(self.conv8(active(self.conv7(x6)))))


def test_a_file_of_the_published_network_judges_as_it_did(tmp_path):
    torch.manual_seed(0)
    published, path = Published(4), tmp_path / "net_d_100000.pth"
    for _ in range(20):  # power iteration comes near the singular vectors
        published(torch.rand(1, 3, 16, 16))
    torch.save({"params": published.state_dict()}, path)
    found, tensors = import_weights(path, discover(), kind="discriminator")
    network = build_network(found.bound)
    network.load_state_dict(tensors)
    picture = torch.rand(2, 3, 32, 24)
    with torch.no_grad():
        expected, logits = published.eval()(picture), network.eval()(picture)
    assert found.bound.options == {"features": 4, "skip": True}
    assert found.assumed == ("skip",)
    assert logits.shape == (2, 1, 32, 24)
    assert torch.allclose(logits, expected, atol=1e-6)
    assert expected.std() > 1e-3
