"""Which protocols are in use, and whose are they?"""

from dataclasses import dataclass
from typing import Final, Literal

from srkit_core.evaluation.protocol import Protocol


@dataclass(frozen=True)
class CommonProtocol:
    """A protocol that many figures were made by, and who makes them so.

    The border is `scales` times the scale and `more` HR pixels. `pooled` says that PSNR is that of
    the mean squared error of all pixels of a set, and not a mean of the pictures' PSNR.
    """

    name: str
    used_by: str
    channel: Literal["y", "rgb"]
    scales: int = 1
    more: int = 0
    whole_levels: bool = False
    exact: bool = False
    pooled: bool = False

    def at(self, scale: int) -> Protocol:
        """Return what metrics see of pictures of a scale."""
        border = self.scales * scale + self.more
        as_it_is = not self.exact
        return Protocol(self.channel, border, as_it_is, self.whole_levels, as_it_is)


COMMON: Final = (
    CommonProtocol(
        "luma, border = scale",
        "BasicSR (test_y_channel), and most tables since 2018, such as ESRGAN's and SwinIR's",
        "y",
    ),
    CommonProtocol(
        "luma of whole levels, border = scale",
        "MATLAB scripts of papers, whose rgb2ycbcr of 8-bit pictures rounds, such as RCAN's",
        "y",
        whole_levels=True,
    ),
    CommonProtocol("RGB, border = scale", "the tables of MMEditing and MMagic", "rgb"),
    CommonProtocol("RGB, border = 6 + scale", "NTIRE 2017, and EDSR on DIV2K", "rgb", more=6),
    CommonProtocol(
        "RGB, whole pictures", "code that compares written files, such as cv2.PSNR", "rgb", scales=0
    ),
    CommonProtocol(
        "RGB, neither clamped nor rounded, all pixels as one",
        "torchmetrics: PeakSignalNoiseRatio(data_range=1) and its SSIM as they come",
        "rgb",
        scales=0,
        exact=True,
        pooled=True,
    ),
)
"""In the order of a table. The first is what `srkit eval` does."""
