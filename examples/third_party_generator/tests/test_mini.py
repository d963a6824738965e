"""Does the generator pass srkit's checks, and is it the network it says it is?"""

import torch
from srkit_core.testing import GeneratorContract

from srkit_mini.model import MiniNet


class TestContract(GeneratorContract):
    """What srkit expects of every generator."""

    expression = "mini(features=8, blocks=1)"


def test_the_number_of_parameters() -> None:
    """First convolution, expand, depthwise and reduce of each block, last convolution."""
    network = MiniNet(scale=4, features=16, blocks=4)
    block = (16 + 1) * 32 + (9 + 1) * 32 + (16 + 1) * 16
    by_hand = (3 * 9 + 1) * 16 + 4 * block + (16 * 9 + 1) * 48
    assert sum(value.numel() for value in network.parameters()) == by_hand == 11_952


def test_without_detail_it_repeats_pixels() -> None:
    """What is learned is added to enlarged LR."""
    network = MiniNet(scale=3, features=8, blocks=1)
    for value in network.last.parameters():
        torch.nn.init.zeros_(value)
    lr = torch.rand(2, 3, 4, 5)
    assert torch.equal(network(lr), lr.repeat_interleave(3, 2).repeat_interleave(3, 3))
