"""Which checks does a generator pass?"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from srkit_core.binding import BoundComponent
from srkit_core.specs import GeneratorSpec
from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import NetworkContract, outputs
from srkit_core.testing.samples import pictures


class GeneratorContract(NetworkContract):
    """Checks of a generator: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), for every scale that
    its spec declares.

    The attribute `scale` must be one of them; checks that have nothing to do with the scale are
    tried at it.
    """

    kind = "generator"

    def spec(self) -> GeneratorSpec:
        """Return the component's spec."""
        return self.bound().spec(GeneratorSpec)

    def unit(self, scale: int | None = None) -> int:
        """Return what LR sides must be a multiple of, at the contract's scale or another."""
        return self._bound_at(scale).amount(self.spec().size_multiple)

    def smallest(self, scale: int | None = None) -> int:
        """Return the smallest LR side that is a multiple of `unit`."""
        bound, unit = self._bound_at(scale), self.unit(scale)
        return unit * -(-bound.amount(bound.spec(GeneratorSpec).min_size) // unit)

    def sample(self, scale: int | None = None) -> Tensor:
        """Return two LR pictures with odd sides, as far as `size_multiple` allows."""
        unit = self.unit(scale)
        side = unit * (-(-max(self.smallest(scale), 5) // unit) | 1)
        return pictures(2, side, side + 2 * unit)

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
            bound = self._bound_at(scale)
            assert bound.amount(spec.size_multiple) >= 1, (
                f"size_multiple is below 1 at scale {scale}"
            )
            assert isinstance(spec.opened_by(bound.arguments), str), (
                f"opened_by is no words at scale {scale}"
            )
            assert bound.amount(spec.min_size) >= 1, f"min_size is below 1 at scale {scale}"
            assert bound.amount(spec.receptive) >= 0, f"receptive is below 0 at scale {scale}"
        assert spec.trainable == (self.network() is not None), (
            f"trainable={spec.trainable}, but what is built says otherwise"
        )

    @check("shape")
    def test_sr_is_scale_times_as_large(self) -> None:
        """(B, 3, H, W) -> (B, 3, sH, sW) for every declared scale, at odd sides and at the
        smallest.
        """
        for scale, build in self._scales():
            for batch in (
                self.sample(scale),
                pictures(1, self.smallest(scale), self.smallest(scale)),
            ):
                wanted = (*batch.shape[:2], scale * batch.shape[2], scale * batch.shape[3])
                (sr,) = outputs(build, batch)
                assert tuple(sr.shape) == wanted, (
                    f"at scale {scale} LR {tuple(batch.shape)} gives SR {tuple(sr.shape)}, not "
                    f"{wanted}"
                )

    @check("dtype")
    def test_sr_keeps_the_type_of_lr(self) -> None:
        """float32 in, float32 out; float64 in (and float64 weights), float64 out."""
        for dtype in (torch.float32, torch.float64):
            (sr,) = outputs(_as_type(self._evaluating(), dtype), self.sample().to(dtype))
            assert sr.dtype == dtype, f"LR of {dtype} gives SR of {sr.dtype}"

    @check("values")
    def test_sr_is_finite_and_follows_lr(self) -> None:
        """Also black and white pictures have a finite SR, and another LR has another SR."""
        for scale, network in self._scales():
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

    @check("values")
    def test_pictures_of_a_batch_do_not_meet_in_evaluation(self) -> None:
        """In eval mode the SR of a picture is the same alone and in company."""
        network, batch = self._evaluating(), self.sample()
        (together,), (alone,) = outputs(network, batch), outputs(network, batch[1:])
        assert torch.allclose(together[1:], alone, rtol=1e-3, atol=1e-4), (
            "the SR of a picture depends on its batch in eval mode"
        )

    def _scales(self) -> Iterator[tuple[int, Any]]:
        return ((scale, self._evaluating(scale)) for scale in self.spec().scales)

    def _evaluating(self, scale: int | None = None) -> Any:
        built = self.build(scale=scale or self.scale)
        return built.eval() if isinstance(built, nn.Module) else built

    def _bound_at(self, scale: int | None) -> BoundComponent:
        return self.bound(scale=scale or self.scale)


def _as_type(network: Any, dtype: torch.dtype) -> Any:
    return network.to(dtype) if isinstance(network, nn.Module) else network
