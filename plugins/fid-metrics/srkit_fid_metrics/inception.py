"""Which features has a picture in the Inception network of FID?"""

from functools import cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from srkit_core.arrays import read_arrays

LAYER: Final = "2048"
"""What is pooled last, 2048 features (Heusel et al. 2017, section 4)."""


class InceptionFeatures:
    """The 2048 features of the last pooling, of pictures resized to 299 x 299 as TensorFlow 1 does,
    without antialiasing, as published figures are.
    """

    def __init__(self, path: Path) -> None:
        """Take the file of the network."""
        self._path = path

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Return (B, 2048) float32 of pictures (B, 3, H, W) in [0, 1], which are rounded to 8 bit.

        Raises WeightsError for a file that cannot be read.
        """
        pixels = (pictures * 255).round().clamp(0, 255).to(torch.uint8)
        with torch.autocast(pictures.device.type, enabled=False):
            features: Tensor = inception_network(self._path, pictures.device)(pixels)[0]
        return features


@cache
def inception_network(path: Path, device: torch.device) -> nn.Module:
    """Return torch-fidelity's network with the weights of a file, frozen and in eval mode."""
    from torch_fidelity import feature_extractor_inceptionv3 as library

    # Given the file it would unpickle it, whatever is in it; given none it fetches the tensors.
    tensors, usual = read_arrays(path), library.load_state_dict_from_url
    library.load_state_dict_from_url = lambda *given, **options: tensors
    try:
        with torch.random.fork_rng(devices=[]):
            network: nn.Module = library.FeatureExtractorInceptionV3("inception", [LAYER])
    finally:
        library.load_state_dict_from_url = usual
    return network.to(device)
