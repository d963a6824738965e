"""Which checks does a discriminator pass?"""

import torch
from torch import Tensor, nn

from srkit_core.options import context_of
from srkit_core.specs import DiscriminatorSpec
from srkit_core.testing.checks import check
from srkit_core.testing.device_checks import DeviceChecks
from srkit_core.testing.gradient_checks import GradientChecks, SecondGradientChecks
from srkit_core.testing.lipschitz_checks import LipschitzChecks
from srkit_core.testing.network_contract import MadeMaps, call, near, outputs, step, told
from srkit_core.testing.number_checks import NumberChecks
from srkit_core.testing.samples import pictures
from srkit_core.testing.state_checks import StateChecks
from srkit_core.testing.surroundings import kept
from srkit_core.testing.surroundings_checks import SurroundingsChecks
from srkit_core.testing.torch_surroundings import OF_TORCH

_STEPS, _RATE = 150, 0.01
_TARGET = 3.0


class DiscriminatorContract(
    LipschitzChecks,
    SecondGradientChecks,
    StateChecks,
    GradientChecks,
    NumberChecks,
    DeviceChecks,
    SurroundingsChecks,
):
    """Checks of a discriminator: pictures (B, 3, H, W) in [0, 1] -> raw logits that start with B.

    Several maps as a tuple.

    Pictures have the side `patch`, or the nearest that the spec's `min_size` and `max_size` allow.
    """

    kind = "discriminator"

    def spec(self) -> DiscriminatorSpec:
        """Return the component's spec."""
        return self.bound().spec(DiscriminatorSpec)

    def smallest(self) -> int:
        """Return the smallest side of a picture it accepts, in pixels."""
        return self.bound().amount(self.spec().min_size)

    def largest(self) -> int | None:
        """Return the largest side of a picture it accepts, in pixels; None: it takes any."""
        size = self.spec().max_size
        return None if size is None else self.bound().amount(size)

    def sample(self) -> Tensor:
        """Return two square pictures."""
        side = max(self.patch, self.smallest())
        largest = self.largest()
        side = side if largest is None else min(side, largest)
        return pictures(2, side, side)

    @check("announced")
    def test_its_smallest_size_is_a_number_of_pixels(self) -> None:
        """`min_size` is at least 1, and `max_size` is not below it."""
        smallest, largest = self.smallest(), self.largest()
        assert smallest >= 1, f"min_size is {smallest}"
        assert largest is None or largest >= smallest, (
            f"max_size is {largest}, below the min_size of {smallest}"
        )

    @check("gradient")
    def test_it_learns(self) -> None:
        """A discriminator is an `nn.Module` with parameters."""
        assert self.network() is not None, (
            "what is built has no parameters; it is an nn.Module whose layers are attributes, "
            "nn.Sequential or nn.ModuleList"
        )

    @check("shape")
    def test_logits_start_with_the_batch(self) -> None:
        """One tensor or a tuple of them, each with a row a picture, finite, in both modes."""
        for count in (2, 3, 1):
            batch = self.sample()[:1].repeat(count, 1, 1, 1)
            for logits in outputs(self.build().eval(), batch):
                assert logits.ndim >= 1, "logits are a scalar: one number for the whole batch"
                assert logits.shape[0] == count, (
                    f"logits of {count} pictures have the shape {tuple(logits.shape)}; the first "
                    "dimension is the batch"
                )
                assert bool(logits.isfinite().all()), "logits are not finite"

    @check("shape")
    def test_several_maps_are_a_tuple(self) -> None:
        """A tensor, or a tuple of tensors with one number of maps in both modes."""
        counts = []
        for mode in (False, True):
            with kept(OF_TORCH):
                made = self.build().train(mode)(self.sample())
            assert isinstance(made, Tensor | tuple), (
                f"it makes a {type(made).__name__}; return logits, or several maps as a tuple"
            )
            maps = (made,) if isinstance(made, Tensor) else made
            assert maps, "it makes an empty tuple; return logits"
            assert all(isinstance(one, Tensor) for one in maps), (
                "its tuple holds what is no tensor; return logits alone"
            )
            counts.append([tuple(one.shape) for one in maps])
        assert counts[0] == counts[1], (
            f"logits have the shapes {counts[0]} in eval mode and {counts[1]} in training"
        )

    @check("shape")
    def test_it_takes_pictures_of_its_smallest_size(self) -> None:
        """`min_size` is a promise, also in training mode and for a single picture; a factory that
        does not ask for `patch` takes every larger size, up to `max_size`.
        """
        side = self.smallest()
        for batch in (1, 2):
            self._check_rows(self.build(patch=side), batch, side)
        asks = "patch" in context_of(self.bound().component.spec.factory)
        for larger in self._larger_sides(side):
            network = self.build(patch=larger if asks else side)
            if not asks:
                self._check_rows(network, 2, larger)

    @check("gradient")
    def test_gradient_reaches_the_picture(self) -> None:
        """The generator learns through it: through each map, by each number of the picture."""
        picture = self.sample().requires_grad_()
        logits = call(self.build().train(), picture)
        for number, one in enumerate(logits):
            name = f"map {number} of the logits" if len(logits) > 1 else "the logits"
            assert one.requires_grad, (
                f"no gradient reaches the picture from {name}; is something detached?"
            )
            (gradient,) = torch.autograd.grad(
                one.mean(), picture, retain_graph=True, allow_unused=True
            )
            _check_gradient(gradient, name)

    @check("values")
    def test_each_row_is_its_picture_s(self) -> None:
        """Pictures in another order have their logits in that order, in eval mode."""
        _, _, height, width = self.sample().shape
        network, batch = self.build().eval(), pictures(3, height, width)
        made, turned = outputs(network, batch), outputs(network, batch.roll(1, 0))
        assert near(tuple(one.roll(1, 0) for one in made), turned), (
            "logits do not follow the order of the pictures; is the batch reshaped away?"
        )
        same = [one for one in made if len(one) == 3 and torch.equal(one[0], one[1])]
        assert not same, "two pictures have the same logits"

    @check("values")
    def test_logits_are_raw(self) -> None:
        """No sigmoid or tanh at the end: a few training steps push logits below -1 and above 1."""
        for target in (-_TARGET, _TARGET):
            reached = self._trained_towards(target)
            assert reached / target > 1 / _TARGET, (
                f"training towards logits of {target} ends at {reached:.3f}: are they raw? Leave "
                "out a sigmoid, tanh or clamp at the end"
            )

    @check("values")
    def test_flat_pictures_have_finite_logits(self) -> None:
        """Black and white ones, and gradients for them: no variance to divide by."""
        for value in (0.0, 1.0):
            picture = torch.full_like(self.sample(), value).requires_grad_()
            network: nn.Module = self.build().train()
            logits = call(network, picture)
            with told(f"called on pictures that are {value} everywhere"):
                (gradient,) = torch.autograd.grad(
                    torch.stack([one.mean() for one in logits]).sum(), picture, allow_unused=True
                )
            finite = all(bool(one.isfinite().all()) for one in logits)
            slopes = gradient is None or bool(gradient.isfinite().all())
            assert (finite, slopes) == (True, True), (
                f"pictures that are {value} everywhere have logits or gradients that are not "
                "finite; add a small number where you divide by a deviation"
            )

    def _larger_sides(self, side: int) -> list[int]:
        largest = self.largest()
        return [one for one in (side + 1, side + 7) if largest is None or one <= largest]

    def _check_rows(self, network: nn.Module, batch: int, side: int) -> None:
        for one in outputs(network.train(), pictures(batch, side, side)):
            assert one.shape[0] == batch, (
                f"{batch} pictures of {side} x {side} give logits of the shape {tuple(one.shape)}"
            )

    def _trained_towards(self, target: float) -> float:
        """Return the mean logit after some steps, or as soon as it is on the way beyond -1 or 1."""
        network: nn.Module = self.build().train()
        mean = 0.0
        for _ in range(_STEPS):
            logits = _flat(call(network, self.sample()))
            mean = logits.mean().item()
            if mean / target > 1 / _TARGET:
                break
            step(network, (logits - target).square().mean(), _RATE)
        return mean


def _flat(logits: MadeMaps) -> Tensor:
    return torch.cat([one.flatten() for one in logits])


def _check_gradient(gradient: Tensor | None, name: str) -> None:
    assert gradient is not None, f"no gradient reaches the picture from {name}"
    assert bool(gradient.isfinite().all()), "the gradient that reaches the picture is not finite"
    assert bool(gradient.flatten(1).any(1).all()), (
        f"a picture of the batch gets no gradient from {name}"
    )
    colours = gradient.transpose(0, 1).flatten(1).any(1)
    assert bool(colours.all()), f"a colour of the picture gets no gradient from {name}"
