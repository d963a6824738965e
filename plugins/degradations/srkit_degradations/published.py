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
BLUR: Final = (1.0, 0.8)
"""The first round always blurs; second_blur_prob."""
SINC: Final = (0.1, 0.1)
GAUSSIAN: Final = (0.5, 0.5)
GRAY: Final = (0.4, 0.4)
COMPRESSED: Final = (1.0, 1.0)
"""Both rounds always compress."""
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
_KERNEL_PROB: Final = (0.45, 0.25, 0.12, 0.03, 0.12, 0.03)
KERNEL_PROB: Final = (_KERNEL_PROB, _KERNEL_PROB)
"""Of all kinds but sinc."""

BETA_GENERALISED: Final = Range(0.5, 4.0)
BETA_PLATEAU: Final = Range(1.0, 2.0)
KERNEL_SIZES: Final = Range(7, 21)
BETAS_GENERALISED: Final = (BETA_GENERALISED, BETA_GENERALISED)
BETAS_PLATEAU: Final = (BETA_PLATEAU, BETA_PLATEAU)
BOTH_KERNEL_SIZES: Final = (KERNEL_SIZES, KERNEL_SIZES)
FINAL_CUTOFF: Final = Range(math.pi / 3, math.pi)
EVERY_ANGLE: Final = Range(-180.0, 180.0)
RESIZE_KERNELS: Final[tuple[ResizeKernel, ...]] = ("area", "bilinear", "bicubic")

BSRGAN_NOISE: Final = Range(2.0, 25.0)
BSRGAN_QUALITY: Final = Range(30, 95)
BSRGAN_KERNEL_SIZES: Final = Range(7, 25)
BSRGAN_ANISOTROPIC: Final = 0.5
BSRGAN_HALVED: Final = 0.25
BSRGAN_PLAIN: Final = 0.75
BSRGAN_GRAY: Final = 0.4
BSRGAN_CORRELATED: Final = 0.2
BSRGAN_EARLY_JPEG: Final = 0.9
