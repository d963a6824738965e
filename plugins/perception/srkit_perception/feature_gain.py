"""How many times larger are the features of one network than those of another?

The magnitude of a layer is the mean absolute difference of its features, before the activation,
between SR and HR: the five pictures of Set5, HR cropped to its central 128 x 128 pixels, SR the
same crop of the official LR x4 enlarged by srkit's `bicubic`. The features of a perceptual loss
have about this magnitude at the start of a training, so weights that were chosen with one network
hold for another when features are divided by the ratio of the magnitudes ("empirical").
"""

from collections.abc import Mapping
from typing import Final

_CONVOLUTIONS: Final = tuple(
    f"conv{block}_{number}"
    for block, depth in enumerate((2, 2, 4, 4, 4), 1)
    for number in range(1, depth + 1)
)

TORCHVISION_MAGNITUDES: Final = dict(
    zip(
        _CONVOLUTIONS,
        (
            0.176,
            0.630,
            1.56,
            2.31,
            3.52,
            4.24,
            4.59,
            4.59,
            4.95,
            4.12,
            3.72,
            3.72,
            2.92,
            2.57,
            2.30,
            1.0,
        ),
        strict=True,
    )
)
"""Magnitudes of torchvision's VGG19, as far as they are known: those of torchvision's VGG16, which
was trained alike (conv3_4 and conv4_4, which it lacks, as conv3_3 and conv4_3); conv5_4 is 1, the
order of the feature loss in published logs of ESRGAN trainings with it (0.8 to 1.0).
"""

FEATURE_MAGNITUDES: Final[Mapping[str, Mapping[str, float]]] = {
    "vgg19-oxford": dict(
        zip(
            _CONVOLUTIONS,
            (10.9, 36.3, 81.2, 133, 171, 191, 212, 418, 629, 587, 425, 260, 138, 72.6, 39.9, 22.4),
            strict=True,
        )
    ),
    "vgg19-normalised": dict(
        zip(
            _CONVOLUTIONS,
            (
                0.645,
                0.582,
                0.814,
                1.37,
                1.82,
                1.47,
                0.683,
                0.924,
                1.56,
                2.79,
                2.53,
                6.82,
                3.30,
                4.15,
                5.30,
                20.3,
            ),
            strict=True,
        )
    ),
}
"""Measured magnitudes of the networks that are not torchvision's."""


def feature_gain(network: str, convolution: str) -> float:
    """Return by how much the features of a convolution are larger than torchvision's.

    1 for torchvision's own.
    """
    magnitudes = FEATURE_MAGNITUDES.get(network)
    return magnitudes[convolution] / TORCHVISION_MAGNITUDES[convolution] if magnitudes else 1.0
