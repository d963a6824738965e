"""Which checks does a degradation pass?"""

import torch
from torch import Tensor

from srkit_core.specs import DegradationSpec
from srkit_core.testing.checks import check
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.samples import pictures

_ROUNDING = 1e-5


class DegradationContract(ComponentContract):
    """Checks of a degradation: HR (B, 3, dH, dW) in [0, 1] -> LR (B, 3, H, W), d being the divisor
    that its spec declares.
    """

    kind = "degradation"

    def divisor(self) -> int:
        """Return by how much the sides shrink."""
        return self._traits()[0]

    def margin(self) -> int:
        """Return how many HR pixels around a crop change it."""
        return self._traits()[1]

    @check("announced")
    def test_its_traits_are_sensible(self) -> None:
        """The divisor is at least 1, the margin not negative."""
        divisor, margin = self._traits()
        assert divisor >= 1, f"the divisor is {divisor}"
        assert margin >= 0, f"the margin is {margin}"

    @check("shape")
    def test_lr_is_divisor_times_smaller(self) -> None:
        """(B, 3, dH, dW) -> (B, 3, H, W), finite."""
        divisor = self.divisor()
        lr = self._degrade(pictures(2, 9 * divisor, 13 * divisor))
        assert tuple(lr.shape) == (2, 3, 9, 13), (
            f"HR {(2, 3, 9 * divisor, 13 * divisor)} gives LR {tuple(lr.shape)}, not (2, 3, 9, 13)"
        )
        assert bool(lr.isfinite().all()), "LR is not finite"

    @check("dtype")
    def test_lr_keeps_type_and_device_of_hr(self) -> None:
        """float32 stays float32, float64 stays float64."""
        for dtype in (torch.float32, torch.float64):
            hr = pictures(2, 8 * self.divisor(), 8 * self.divisor()).to(dtype)
            lr = self._degrade(hr)
            assert lr.dtype == dtype, f"HR of {dtype} gives LR of {lr.dtype}"
            assert lr.device == hr.device, f"HR on {hr.device} gives LR on {lr.device}"

    @check("seed")
    def test_all_randomness_comes_from_rng(self) -> None:
        """One seed, one result, whatever the global random state is; and that is not touched."""
        hr = pictures(2, 8 * self.divisor(), 8 * self.divisor())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            before = torch.get_rng_state()
            first, after = self._degrade(hr), torch.get_rng_state()
            torch.manual_seed(2)
            second = self._degrade(hr)
        assert torch.equal(first, second), (
            "with one seed of rng, torch's global random state changes LR"
        )
        assert torch.equal(before, after), "torch's global random state is used up"

    @check("inputs")
    def test_hr_is_left_alone(self) -> None:
        """HR is what SR is compared with."""
        hr = pictures(2, 8 * self.divisor(), 8 * self.divisor())
        self._degrade(hr)
        assert torch.equal(hr, pictures(2, 8 * self.divisor(), 8 * self.divisor())), (
            "the degradation changes HR in place"
        )

    @check("values")
    def test_lr_of_a_crop_with_its_margin_is_the_crop_of_lr(self) -> None:
        """Training sees crops, evaluation whole pictures, and both must mean the same."""
        bound = self.bound()
        if not bound.spec(DegradationSpec).exact_in_crops(bound.arguments):
            return
        divisor = self.divisor()
        margin = -(-self.margin() // divisor)
        side, start = 6, margin + 4
        hr = pictures(2, (side + 2 * start) * divisor, (side + 2 * start) * divisor)
        whole = self._degrade(hr)[..., start : start + side, start : start + side]
        around = slice((start - margin) * divisor, (start + side + margin) * divisor)
        crop = self._degrade(hr[..., around, around])[
            ..., margin : margin + side, margin : margin + side
        ]
        worst = (whole - crop).abs().max().item()
        assert worst < _ROUNDING, (
            f"with the declared margin of {self.margin()} pixels, LR of a crop is off by "
            f"{worst:.2e}"
        )

    def _traits(self) -> tuple[int, int]:
        bound = self.bound()
        spec = bound.spec(DegradationSpec)
        return spec.divisor(bound.arguments), spec.margin(bound.arguments)

    def _degrade(self, hr: Tensor) -> Tensor:
        lr: Tensor = self.build()(hr, rng=torch.Generator().manual_seed(0))
        return lr
