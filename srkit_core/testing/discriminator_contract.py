"""Which checks does a discriminator pass?"""

import torch
from torch import Tensor, nn

from srkit_core.specs import DiscriminatorSpec
from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import NetworkContract, outputs
from srkit_core.testing.samples import pictures

_STEPS = 200
_TARGET = 3.0


class DiscriminatorContract(NetworkContract):
    """Checks of a discriminator: pictures (B, 3, H, W) in [0, 1] -> raw logits that start with B.

    Several maps as a tuple.

    Pictures have the side `patch`, or the spec's `min_size` where that is larger.
    """

    kind = "discriminator"

    def spec(self) -> DiscriminatorSpec:
        """Return the component's spec."""
        return self.bound().spec(DiscriminatorSpec)

    def smallest(self) -> int:
        """Return the smallest side of a picture it accepts, in pixels."""
        return self.bound().amount(self.spec().min_size)

    def sample(self) -> Tensor:
        """Return two square pictures."""
        side = max(self.patch, self.smallest())
        return pictures(2, side, side)

    @check("gradient")
    def test_it_learns(self) -> None:
        """A discriminator is an `nn.Module` with parameters."""
        assert self.network() is not None, "what is built has no parameters"

    @check("shape")
    def test_logits_start_with_the_batch(self) -> None:
        """One tensor or a tuple of them, each with a row a picture, finite and of the pictures'
        type.
        """
        for logits in outputs(self.build().eval(), self.sample()):
            assert logits.ndim >= 1, "logits are a scalar: one number for the whole batch"
            assert logits.shape[0] == 2, (
                f"logits of two pictures have the shape {tuple(logits.shape)}"
            )
            assert logits.dtype == torch.float32, f"logits of float32 pictures are {logits.dtype}"
            assert bool(logits.isfinite().all()), "logits are not finite"

    @check("shape")
    def test_it_takes_pictures_of_its_smallest_size(self) -> None:
        """`min_size` is a promise, also in training mode and for a single picture."""
        side = self.smallest()
        network = self.build(patch=side)
        for batch in (1, 2):
            (first, *_) = outputs(network.train(), pictures(batch, side, side))
            assert first.shape[0] == batch, (
                f"{batch} pictures of {side} x {side} give logits of the shape {tuple(first.shape)}"
            )

    @check("gradient")
    def test_gradient_reaches_the_picture(self) -> None:
        """The generator learns through it."""
        picture = self.sample().requires_grad_()
        torch.autograd.backward(_total(self.build().train()(picture)))
        gradient = picture.grad
        assert gradient is not None, "no gradient reaches the picture"
        assert bool(gradient.isfinite().all()), (
            "the gradient that reaches the picture is not finite"
        )
        assert bool(gradient.flatten(1).any(1).all()), "a picture of the batch gets no gradient"

    @check("values")
    def test_logits_are_raw(self) -> None:
        """No sigmoid or tanh at the end: a few training steps push logits below -1 and above 1."""
        for target in (-_TARGET, _TARGET):
            reached = self._trained_towards(target)
            assert reached / target > 1 / _TARGET, (
                f"training towards logits of {target} ends at {reached:.3f}: are they raw?"
            )

    def _trained_towards(self, target: float) -> float:
        """Return the mean logit after some steps, or as soon as it is on the way beyond -1 or 1."""
        network: nn.Module = self.build().train()
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        mean = 0.0
        for _ in range(_STEPS):
            if mean / target > 1 / _TARGET:
                break
            optimizer.zero_grad()
            logits = network(self.sample())
            mean = _total(logits).item()
            torch.autograd.backward(_total(logits, target))
            optimizer.step()
        return mean


def _total(logits: Tensor | tuple[Tensor, ...], target: float | None = None) -> Tensor:
    """Return the mean over all logits of all maps, or of their squared distances from a target."""
    flat = torch.cat(
        [one.flatten() for one in (logits if isinstance(logits, tuple) else (logits,))]
    )
    return flat.mean() if target is None else (flat - target).square().mean()
