"""Is the slope of a discriminator's logits bounded, whatever its weights are?"""

import torch
from torch import Tensor, nn

from srkit_core.specs import DiscriminatorSpec
from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import NetworkChecks, call, told

_LARGER = 100.0
_STEEPER = 10.0
"""A weight that is 100 times as large may make logits so much steeper: what a normalisation leaves
is below, what it does not touch is 100.
"""
_ITERATIONS = 3
"""Calls in training mode, in each of which spectral normalisation takes a step to its norm; the
direction of the norm is that of the smaller weight.
"""


class LipschitzChecks(NetworkChecks):
    """Checks of `lipschitz`: that every layer is spectrally normalised."""

    @check("values")
    def test_its_slope_is_bounded_if_it_says_so(self) -> None:
        """Each parameter made 100 times as large, alone, leaves the logits about as steep."""
        bound, network = self.bound(), self.network()
        if network is None or not bound.spec(DiscriminatorSpec).lipschitz(bound.arguments):
            return
        state = {name: value.clone() for name, value in network.state_dict().items()}
        usual = self._slope(network)
        steeper = []
        for name, value in network.named_parameters():
            with torch.no_grad():
                value.mul_(_LARGER)
            if self._slope(network) > _STEEPER * usual:
                steeper.append(name)
            network.load_state_dict(state)
        assert not steeper, (
            "lipschitz is declared, and the slope of the logits follows these parameters without a "
            f"bound: {steeper}; normalise every layer with "
            "torch.nn.utils.parametrizations.spectral_norm"
        )

    def _slope(self, network: nn.Module) -> float:
        """Return how steep the logits are in eval mode, after the norms of weights have settled."""
        with torch.no_grad():
            for _ in range(_ITERATIONS):
                call(network.train(), self.sample())
        picture = self.sample().requires_grad_()
        logits = call(network.eval(), picture)
        with told("asked for the slope of its logits"):
            slopes = _slopes(logits, picture)
        return slopes.max().item()


def _slopes(logits: tuple[Tensor, ...], picture: Tensor) -> Tensor:
    """Return the norm of the gradient of each map's mean logit, for each picture."""
    found = []
    for one in logits:
        (slope,) = torch.autograd.grad(one.flatten(1).mean(1).sum(), picture, retain_graph=True)
        found.append(slope.flatten(1).norm(dim=1))
    return torch.cat(found)
