"""Which values did the authors of Real-ESRGAN and BSRGAN publish?

Pairs are for the first and the second round of Real-ESRGAN, from its options file
train_realesrgan_x4plus.yml.
"""

import math
from typing import Final

from srkit_core.interfaces import Range
from srkit_degradations.option_types import BlurKind, ResizeKernel

SIGMA: Final = (Range(0.2, 3.0), Range(0.2, 1.5))
FACTOR: Final = (Range(0.15, 1.5), Range(0.3, 1.2))
UP_DOWN_KEEP: Final = ((0.2, 0.7, 0.1), (0.3, 0.4, 0.3))
NOISE: Final = (Range(1.0, 30.0), Range(1.0, 25.0))
POISSON: Final = (Range(0.05, 3.0), Range(0.05, 2.5))
QUALITY: Final = (Range(30, 95), Range(30, 95))
GRAY: Final = 0.4
SECOND_BLUR: Final = 0.8
FINAL_SINC: Final = 0.8
CROP: Final = (400, 256)
"""Sides of the degraded crop and of what is cut out of it, HR pixels (RealESRGANDataset, gt_size).
"""

BLUR_KINDS: Final[tuple[BlurKind, ...]] = (
    "isotropic",
    "anisotropic",
    "generalised",
    "generalised-anisotropic",
    "plateau",
    "plateau-anisotropic",
    "sinc",
)
BLUR_WEIGHTS: Final = (0.405, 0.225, 0.108, 0.027, 0.108, 0.027, 0.1)
"""kernel_prob times 0.9, and sinc_prob."""

BETA_GENERALISED: Final = Range(0.5, 4.0)
BETA_PLATEAU: Final = Range(1.0, 2.0)
KERNEL_SIZES: Final = Range(7, 21)
FINAL_CUTOFF: Final = Range(math.pi / 3, math.pi)
EVERY_ANGLE: Final = Range(-180.0, 180.0)
RESIZE_KERNELS: Final[tuple[ResizeKernel, ...]] = ("area", "bilinear", "bicubic")

BSRGAN_NOISE: Final = Range(2.0, 25.0)
BSRGAN_QUALITY: Final = Range(30, 95)
