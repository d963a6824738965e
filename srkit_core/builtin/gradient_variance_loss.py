"""Are the edges of SR as pronounced as those of HR, place by place?"""

import torch
from torch import Tensor
from torch.nn import functional

_GRAY = (0.2989, 0.5870, 0.1140)
_SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


class GradientVarianceLoss:
    """Mean squared difference of the variances that the gradients of SR and HR have in square
    patches, horizontal plus vertical ones (Abrahamyan et al. 2022).

    Gradients are Sobel's, of grey pictures, with black around them; patches do not overlap, and
    pixels that fill no patch are left out. A scalar >= 0.
    """

    def __init__(self, *, patch: int) -> None:
        """Take the side of the patches in pixels, at least 2."""
        self._patch = patch

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of (B, 3, H, W) pictures in [0, 1], whose sides hold a patch."""
        with torch.autocast(sr.device.type, enabled=False):
            return functional.mse_loss(self._variances(sr), self._variances(hr)) * 2

    def _variances(self, picture: Tensor) -> Tensor:
        """Return the variances of both gradients in each patch, (B, 2, patches)."""
        gray = picture.new_tensor(_GRAY).view(1, 3, 1, 1)
        across = picture.new_tensor(_SOBEL)
        kernels = torch.stack([across, across.mT])[:, None]
        gradients = functional.conv2d((picture * gray).sum(1, keepdim=True), kernels, padding=1)
        patches = functional.unfold(gradients, self._patch, stride=self._patch)
        batch, pixels, count = patches.shape
        return patches.reshape(batch, 2, pixels // 2, count).var(dim=2)
