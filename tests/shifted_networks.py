"""What the official files of EDSR and RCAN share: pictures in [0, 255], shifted by a mean, and the
same ends around other bodies.
"""

import torch
from torch.nn.functional import conv2d, pixel_shuffle

MEAN = torch.tensor([0.4488, 0.4371, 0.4040])
FACTORS = {2: (2,), 3: (3,), 4: (2, 2)}


class OfficialTable(dict):
    """Random tensors under the names and in the shapes of the authors' code; `body` adds its own
    between head and tail.
    """

    def __init__(self, scale, features, body):
        super().__init__()
        self._draw = torch.Generator().manual_seed(scale)
        for name, sign in (("sub_mean", -1), ("add_mean", 1)):
            self[f"{name}.weight"] = torch.eye(3).view(3, 3, 1, 1)
            self[f"{name}.bias"] = sign * 255 * MEAN
        self.layer("head.0", features, 3)
        body(self.layer)
        for number, factor in enumerate(FACTORS[scale]):
            self.layer(f"tail.0.{2 * number}", features * factor**2, features)
        self.layer("tail.1", 3, features)

    def layer(self, name, outputs, inputs, side=3):
        weight = torch.randn(outputs, inputs, side, side, generator=self._draw)
        self[f"{name}.weight"] = weight / (inputs * side**2) ** 0.5
        self[f"{name}.bias"] = torch.randn(outputs, generator=self._draw) / 10

    def conv(self, name, x, padding=1):
        return conv2d(x, self[f"{name}.weight"], self[f"{name}.bias"], padding=padding)

    def upscaled(self, lr, scale, body):
        """Compute SR of LR in [0, 255] in the order of the authors' code."""
        head = self.conv("head.0", self.conv("sub_mean", lr, 0))
        x = body(self.conv, head) + head
        for number, factor in enumerate(FACTORS[scale]):
            x = pixel_shuffle(self.conv(f"tail.0.{2 * number}", x), factor)
        return self.conv("add_mean", self.conv("tail.1", x), 0)
