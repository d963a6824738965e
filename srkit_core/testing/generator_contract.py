"""Which checks does a generator pass?"""

from typing import Any

import torch
from torch import Tensor, nn

from srkit_core.testing.body_checks import BodyChecks
from srkit_core.testing.checks import check
from srkit_core.testing.device_checks import DeviceChecks
from srkit_core.testing.generator_checks import GeneratorChecks
from srkit_core.testing.gradient_checks import GradientChecks
from srkit_core.testing.network_contract import call, in_double, in_eval_mode, near, outputs, step
from srkit_core.testing.number_checks import NumberChecks
from srkit_core.testing.samples import pictures
from srkit_core.testing.state_checks import StateChecks
from srkit_core.testing.surroundings import kept
from srkit_core.testing.surroundings_checks import SurroundingsChecks
from srkit_core.testing.tile_checks import TileChecks
from srkit_core.testing.torch_surroundings import OF_TORCH

_FINE = 0.7531
"""What 8-bit values are multiplied by, to be none."""
_STEPS, _RATE = 100, 0.01
_BEYOND = 0.1
"""How far beyond [0, 1] training takes SR that is not clamped."""
_LEAP = 0.1
"""A step that moves the mean of SR further is taken back and halved: it may leap over a slope."""
_STUCK = 0.1
"""A share of numbers that are a bound exactly by no chance."""


class GeneratorContract(
    TileChecks,
    BodyChecks,
    StateChecks,
    GradientChecks,
    NumberChecks,
    DeviceChecks,
    SurroundingsChecks,
    GeneratorChecks,
):
    """Checks of a generator: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), for every scale that
    its spec declares.

    The attribute `scale` must be one of them; checks that have nothing to do with the scale are
    tried at it.
    """

    @check("announced")
    def test_its_traits_are_sensible(self) -> None:
        """Scales are positive and each is named once.

        `trainable` says whether there is anything to learn.
        """
        spec = self.spec()
        assert spec.scales, "no scale is declared"
        assert min(spec.scales) >= 1, f"a scale is at least 1: {spec.scales}"
        assert len(set(spec.scales)) == len(spec.scales), (
            f"a scale is declared twice: {spec.scales}"
        )
        for scale in spec.scales:
            bound = self.bound_at(scale)
            assert bound.amount(spec.size_multiple) >= 1, (
                f"size_multiple is below 1 at scale {scale}"
            )
            assert isinstance(spec.opened_by(bound.arguments), str), (
                f"opened_by is no words at scale {scale}"
            )
            assert bound.amount(spec.min_size) >= 1, f"min_size is below 1 at scale {scale}"
            assert bound.amount(spec.receptive) >= 0, f"receptive is below 0 at scale {scale}"
        assert spec.trainable == (self.network() is not None), (
            f"trainable={spec.trainable}, but what is built says otherwise: it is an nn.Module "
            "with parameters, or none; layers in a plain list or dict do not count"
        )

    @check("announced")
    def test_options_that_keep_16_bit_do(self) -> None:
        """`keeps_16_bit` are options of it, under which SR has finer steps than 8 bit."""
        options = dict(self.spec().keeps_16_bit)
        if not options:
            return
        known = set(self.bound().options)
        assert set(options) <= known, (
            f"keeps_16_bit names {sorted(set(options) - known)}, which are no options"
        )
        sr = torch.cat(
            [one.flatten() for one in outputs(self.finer(options), _FINE * self.sample())]
        )
        steps = sr * 255
        assert not torch.allclose(steps, steps.round(), atol=1e-3), (
            f"keeps_16_bit={options}, and yet SR is rounded to 8 bit"
        )

    @check("shape")
    def test_sr_is_scale_times_as_large(self) -> None:
        """(B, 3, H, W) -> (B, 3, sH, sW) for every declared scale: tall, wide, smallest pictures,
        one or several.
        """
        for scale, network in self.scales():
            for batch in self._sizes(scale):
                _check_shape(scale, batch, outputs(network, batch))

    @check("shape")
    def test_it_makes_one_tensor_in_both_modes(self) -> None:
        """SR and nothing beside it, in training mode too."""
        for mode in (False, True):
            network = self.build()
            if isinstance(network, nn.Module):
                network.train(mode)
            with kept(OF_TORCH), torch.random.fork_rng(devices=[]):
                made = network(self.sample())
            name = "training" if mode else "eval"
            assert isinstance(made, Tensor), (
                f"in {name} mode it makes a {type(made).__name__} and no tensor; return SR alone"
            )
            _check_shape(self.scale, self.sample(), (made,))

    @check("values")
    def test_sr_is_finite_and_follows_lr(self) -> None:
        """Also black and white pictures have a finite SR, and another LR has another SR."""
        for scale, network in self.scales():
            batch = self.sample(scale)
            made = [
                outputs(network, lr)[0]
                for lr in (batch, torch.zeros_like(batch), torch.ones_like(batch))
            ]
            assert all(bool(sr.isfinite().all()) for sr in made), (
                f"SR at scale {scale} is not finite"
            )
            assert not torch.equal(made[1], made[2]), f"at scale {scale} SR does not depend on LR"
            assert not torch.equal(made[0][0], made[0][1]), (
                f"at scale {scale} two pictures of a batch have one SR"
            )

    @check("gradient")
    def test_every_pixel_of_lr_counts(self) -> None:
        """Each colour of each pixel, also at the edges, changes SR."""
        network, lr = self.network(), self.sample().requires_grad_()
        if network is None:
            return
        made = call(network.eval(), lr)
        torch.autograd.backward([(one * torch.randn_like(one)).sum() for one in made])
        reached = torch.zeros_like(lr) if lr.grad is None else lr.grad
        unseen = (reached == 0).float().mean().item()
        assert unseen < 0.01, f"{unseen:.0%} of the numbers of LR change nothing in SR"

    @check("values")
    def test_pictures_of_a_batch_do_not_meet_in_evaluation(self) -> None:
        """In eval mode the SR of a picture is the same alone and in company, and in its place."""
        network, batch = in_eval_mode(self.build()), self.sample()
        together, alone = outputs(network, batch)[0], outputs(network, batch[1:])[0]
        assert near((together[1:],), (alone,)), (
            "the SR of a picture depends on its batch in eval mode; average over its own pixels "
            "only"
        )

    @check("values")
    def test_sr_is_not_clamped(self) -> None:
        """Training takes it to 0 and to 1, where what is clamped stays; a sigmoid has a slope."""
        for bound in (0.0, 1.0):
            network = self.network()
            double = in_double(network, self.sample()) if network else None
            if double is None:
                return
            sr = self._trained_towards(bound, double.eval())
            stuck = (sr == bound).float().mean().item()
            assert stuck < _STUCK, (
                f"trained towards {bound:.0f}, {stuck:.0%} of SR is {bound:.0f} exactly; return SR "
                "as it is, srkit clamps where pictures are written"
            )

    def _sizes(self, scale: int) -> list[Tensor]:
        """Return pictures of the sizes that every generator takes."""
        unit, least = self.unit(scale), self.smallest(scale)
        _, _, height, width = self.sample(scale).shape
        return [
            self.sample(scale),
            pictures(1, width, height),
            pictures(1, least, least),
            pictures(1, least, least + unit),
            pictures(3, least + 2 * unit, least),
        ]

    def _trained_towards(self, bound: float, network: nn.Module) -> Tensor:
        """Return SR after some steps of training, or as soon as it is near a bound of [0, 1].

        In float64, where a sigmoid reaches no bound.
        """
        batch, rate, before = self.sample().double(), _RATE, 0.5
        target = bound + _BEYOND * (bound - 0.5)
        was = [value.detach().clone() for value in network.parameters()]
        for number in range(_STEPS):
            sr = torch.cat([one.flatten() for one in call(network, batch)])
            mean = sr.mean().item()
            if number and abs(mean - before) > _LEAP:
                rate /= 2
                _set_back(network, was)
                continue
            if abs(mean - target) < _BEYOND:
                break
            before, was = mean, [value.detach().clone() for value in network.parameters()]
            step(network, (sr - target).square().mean(), rate)
        return sr.detach()


def _set_back(network: nn.Module, was: list[Tensor]) -> None:
    with torch.no_grad():
        for value, old in zip(network.parameters(), was, strict=True):
            value.copy_(old)


def _check_shape(scale: int, batch: Tensor, made: Any) -> None:
    wanted = (*batch.shape[:2], scale * batch.shape[2], scale * batch.shape[3])
    found = [tuple(one.shape) for one in made]
    assert found == [wanted], (
        f"at scale {scale} LR {tuple(batch.shape)} gives SR {found}, not {wanted}"
    )
