"""Does the loss pass srkit's checks, and is it the difference of gradients?"""

import torch
from srkit_core.testing import ReferenceLossContract

from srkit_edge import edge


class TestContract(ReferenceLossContract):
    """What srkit expects of every loss."""

    expression = "srkit-edge/edge"


class TestSquares(ReferenceLossContract):
    """The same of squared differences."""

    expression = "edge(power=2)"


def test_a_step_of_one_costs_its_height_per_neighbour() -> None:
    """A step of 0.5 in each row of 4: one of three neighbours differs."""
    sr, hr = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    sr[..., 2:] = 0.5
    assert edge()(sr, hr).item() == torch.tensor(0.5 / 3).item()
    assert edge(power=2)(sr, hr).item() == torch.tensor(0.25 / 3).item()
    assert edge()(hr, hr).item() == 0
