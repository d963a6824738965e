"""Which checks does a degradation pass?"""

import torch

from srkit_core.io.images import to_bytes, to_unit
from srkit_core.testing.checks import check
from srkit_core.testing.degradation_draws import DegradationDrawChecks
from srkit_core.testing.degradation_randomness import DegradationRandomChecks
from srkit_core.testing.samples import pictures

_ROUNDING = 1e-5
_OFFSETS = (4, 5, 6, 7)
"""LR pixels beyond the margin at which a crop begins."""


class DegradationContract(DegradationDrawChecks, DegradationRandomChecks):
    """Checks of a degradation: HR (B, 3, dH, dW) in [0, 1] -> LR (B, 3, H, W), d being the divisor
    that its spec declares.
    """

    kind = "degradation"

    @check("announced")
    def test_its_traits_are_sensible(self) -> None:
        """The divisor is at least 1, the margin not negative."""
        divisor, margin = self.divisor(), self.margin()
        assert divisor >= 1, f"the divisor is {divisor}"
        assert margin >= 0, f"the margin is {margin}"

    @check("shape")
    def test_lr_is_divisor_times_smaller(self) -> None:
        """(B, 3, dH, dW) -> (B, 3, H, W), finite."""
        hr = self.hr()
        side = hr.shape[-1] // self.divisor()
        lr = self.lr(hr)
        assert tuple(lr.shape) == (2, 3, side, side), (
            f"HR {tuple(hr.shape)} gives LR {tuple(lr.shape)}, not {(2, 3, side, side)}: declare "
            "the divisor, for these options"
        )
        assert bool(lr.isfinite().all()), "LR is not finite"

    @check("shape")
    def test_pictures_need_not_be_square(self) -> None:
        """Photographs are not."""
        divisor = self.divisor()
        for height, width in ((9, 13), (13, 9)):
            lr = self.lr(pictures(2, height * divisor, width * divisor))
            assert tuple(lr.shape) == (2, 3, height, width), (
                f"HR of {width * divisor} x {height * divisor} pixels gives LR {tuple(lr.shape)}, "
                f"not {(2, 3, height, width)}"
            )

    @check("shape")
    def test_a_single_picture_is_enough(self) -> None:
        """`srkit degrade` has one."""
        hr = self.hr(1)
        lr = self.lr(hr)
        assert len(lr) == 1, f"a single picture gives LR {tuple(lr.shape)}"
        assert bool(lr.isfinite().all()), "LR of a single picture is not finite"

    @check("shape")
    def test_it_takes_the_smallest_pictures(self) -> None:
        """HR of as many pixels as make one of LR, and a few more."""
        divisor = self.divisor()
        for height, width in ((1, 1), (1, 2), (3, 2)):
            lr = self.lr(pictures(2, height * divisor, width * divisor))
            sound = tuple(lr.shape) == (2, 3, height, width) and bool(lr.isfinite().all())
            assert sound, (
                f"HR of {width * divisor} x {height * divisor} pixels gives LR {tuple(lr.shape)}: "
                "pad by indices where padding needs larger pictures"
            )

    @check("values")
    def test_lr_stays_in_its_range(self) -> None:
        """[0, 1] at every border between components, also where a filter overshoots."""
        hr = self.hr()
        side = hr.shape[-1]
        rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        edges = ((rows // 5 + columns // 5) % 2).float().expand_as(hr)
        for name, picture in {"black and white squares": edges, "a photograph": hr}.items():
            for seed in range(4):
                lr = self.lr(picture, seed=seed)
                low, high = float(lr.min()), float(lr.max())
                inside = low >= -1e-6 and high <= 1 + 1e-6
                assert inside, f"LR of {name} lies in {low:.4g}..{high:.4g}: end with clamp(0, 1)"

    @check("dtype")
    def test_lr_keeps_type_and_device_of_hr(self) -> None:
        """float32 stays float32, float64 stays float64."""
        for dtype in (torch.float32, torch.float64):
            hr = self.hr().to(dtype)
            lr = self.lr(hr)
            assert lr.dtype == dtype, f"HR of {dtype} gives LR of {lr.dtype}"
            assert lr.device == hr.device, f"HR on {hr.device} gives LR on {lr.device}"

    @check("values")
    def test_lr_of_a_crop_with_its_margin_is_the_crop_of_lr(self) -> None:
        """Training sees crops, evaluation whole pictures, and both must mean the same."""
        if not self._says_exact():
            return
        worst = max(self._difference_of_a_crop(offset) for offset in _OFFSETS)
        assert worst < _ROUNDING, (
            f"with the declared margin of {self.margin()} pixels, LR of a crop is off by "
            f"{worst:.2e}: declare a larger one, or exact_in_crops that says no"
        )

    @check("values")
    def test_what_it_makes_of_pixels_is_what_it_makes_of_batches(self) -> None:
        """Files that are written without torch hold the bytes that training sees."""
        degrade = self.spec().of_pixels(self.bound().arguments)
        if degrade is None:
            return
        hr = to_bytes(self.hr(1))
        lr = torch.from_numpy(degrade(hr[0].numpy().copy()))
        made = to_bytes(self.lr(to_unit(hr)))[0]
        assert torch.equal(lr, made), (
            f"of_pixels makes {tuple(lr.shape)} of a picture, a batch {tuple(made.shape)}, and "
            "they differ: return None for options under which the bytes are not the same"
        )

    @check("announced")
    def test_it_is_as_inexact_in_crops_as_it_says(self) -> None:
        """What is exact and does not say so is not used where exactness is needed."""
        if self._says_exact():
            return
        differs = any(self._difference_of_a_crop(offset) >= _ROUNDING for offset in _OFFSETS)
        assert differs, (
            "exact_in_crops says no, but LR of a crop is the crop of LR: leave it out of the spec"
        )

    def _says_exact(self) -> bool:
        return self.spec().exact_in_crops(self.bound().arguments)

    def _difference_of_a_crop(self, offset: int) -> float:
        """Return by how much LR of a crop differs from the crop of LR, where it differs most."""
        divisor = self.divisor()
        margin = -(-self.margin() // divisor)
        side, start = 6, margin + offset
        hr = pictures(2, (side + 2 * start) * divisor, (side + 2 * start) * divisor)
        whole = self.lr(hr)[..., start : start + side, start : start + side]
        around = slice((start - margin) * divisor, (start + side + margin) * divisor)
        crop = self.lr(hr[..., around, around])[..., margin : margin + side, margin : margin + side]
        return float((whole - crop).abs().max())
