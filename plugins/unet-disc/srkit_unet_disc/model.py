"""What does Real-ESRGAN's U-Net discriminator compute?"""

from typing import Final

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from srkit_unet_disc.enlargement import enlarge

_NEGATIVE_SLOPE: Final = 0.2


class UNetDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1], H and W at least 8 -> a map of logits, (B, 1, H, W).

    Wang et al. 2021 (Real-ESRGAN), section 3.3 and figure 6, with the layers `conv0` to `conv9` of
    its published code. All but the first and the last are spectrally normalised. Features are
    enlarged to the size of the skip they meet, so that sides need not be multiples of 8; where they
    are, this is the published enlargement by 2.
    """

    def __init__(self, *, features: int, skip: bool) -> None:
        super().__init__()
        self._skip = skip
        self.conv0 = nn.Conv2d(3, features, 3, padding=1)
        self.conv1 = _down(features, 2 * features)
        self.conv2 = _down(2 * features, 4 * features)
        self.conv3 = _down(4 * features, 8 * features)
        self.conv4 = _level(8 * features, 4 * features)
        self.conv5 = _level(4 * features, 2 * features)
        self.conv6 = _level(2 * features, features)
        self.conv7 = _level(features, features)
        self.conv8 = _level(features, features)
        self.conv9 = nn.Conv2d(features, 1, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        full = _active(self.conv0(image))
        half = _active(self.conv1(full))
        quarter = _active(self.conv2(half))
        x = _active(self.conv3(quarter))
        for conv, skip in ((self.conv4, quarter), (self.conv5, half), (self.conv6, full)):
            x = _active(conv(enlarge(x, skip.shape[-2:])))
            x = x + skip if self._skip else x
        logits: Tensor = self.conv9(_active(self.conv8(_active(self.conv7(x)))))
        return logits


def _down(inputs: int, outputs: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, 4, 2, padding=1, bias=False))


def _level(inputs: int, outputs: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))


def _active(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, _NEGATIVE_SLOPE, inplace=True)
