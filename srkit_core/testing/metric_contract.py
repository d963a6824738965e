"""Which checks does a metric pass?"""

from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.specs import MetricSpec
from srkit_core.testing.call_checks import CallChecks
from srkit_core.testing.checks import check
from srkit_core.testing.reference_loss_values import flat_pairs
from srkit_core.testing.samples import CHANGES, noisy, noisy_at_the_far_side, pictures

_SIDE: Final = 32
_STRENGTHS: Final = (0.02, 0.05, 0.1)
_LONGEST_UNIT: Final = 12


class _MetricCalls(CallChecks):
    """How a metric is called."""

    def spec(self) -> MetricSpec:
        """Return the component's spec."""
        return self.bound().spec(MetricSpec)

    def samples(self, number: int = 0) -> tuple[Tensor, ...]:
        """Return noisy pictures and what they were, square ones."""
        hr = self.hr(2, seed=number)
        return noisy(hr, 0.05), hr

    def ask(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the scores."""
        return (built(*inputs),)

    def hr(self, batch: int = 2, *, channels: int = 3, seed: int = 0) -> Tensor:
        """Return square pictures that are large enough."""
        side = max(_SIDE, self._smallest())
        return pictures(batch, side, side, channels=channels, seed=seed)

    def scores(self, sr: Tensor, hr: Tensor, built: Any = None) -> Tensor:
        """Return the scores of copies of pictures, without a graph."""
        (said,) = self.asked(self.build() if built is None else built, sr.clone(), hr.clone())
        return said.detach()

    def _smallest(self) -> int:
        return self.bound().amount(self.spec().min_size)

    def _follows_hr(self) -> bool:
        """Whether HR changes the scores."""
        sr, hr = self.samples()
        return not torch.equal(self.scores(sr, hr), self.scores(sr, self.hr(seed=9)))


class _MetricShapeChecks(_MetricCalls):
    """Checks of the pictures that a metric takes."""

    @check("shape")
    def test_there_is_a_finite_score_a_picture(self) -> None:
        """(B,), real numbers of a floating type."""
        (said,) = self.asked(self.build(), *self.samples())
        assert isinstance(said, Tensor), f"the scores are a {type(said).__name__}, not a tensor"
        assert tuple(said.shape) == (2,), (
            f"2 pictures get scores of the shape {tuple(said.shape)}, not (2,): take the mean over "
            "channels and positions alone"
        )
        assert said.is_floating_point(), f"the scores are of {said.dtype}"
        assert bool(said.isfinite().all()), f"scores are not finite: {said.tolist()}"

    @check("shape")
    def test_luma_is_scored(self) -> None:
        """Of the domain `protocol`, pictures have one channel where the protocol says luma."""
        if self.spec().domain != "protocol":
            return
        hr = self.hr(channels=1)
        said = self.scores(noisy(hr, 0.05), hr)
        scored = tuple(said.shape) == (2,) and bool(said.isfinite().all())
        assert scored, (
            f"two pictures of one channel get the scores {said.tolist()}: declare domain='rgb' "
            "where three are needed"
        )

    @check("shape")
    def test_pictures_need_not_be_square(self) -> None:
        """Photographs are not, and all of one counts."""
        side = max(_SIDE, self._smallest())
        for height, width in ((side, side + side // 2), (side + side // 2, side)):
            hr = pictures(2, height, width)
            before, after = self.scores(hr, hr), self.scores(noisy_at_the_far_side(hr), hr)
            assert not bool(after.isnan().any()), (
                f"pictures of {width} x {height} pixels get the scores {after.tolist()}"
            )
            assert bool((before != after).all()), (
                f"of pictures of {width} x {height} pixels the metric does not see the far side: "
                "height and width may differ"
            )

    @check("shape")
    def test_a_single_picture_is_scored(self) -> None:
        """Pictures of one size each come alone."""
        hr = self.hr(1)
        said = self.scores(noisy(hr, 0.05), hr)
        scored = tuple(said.shape) == (1,) and bool(said.isfinite().all())
        assert scored, f"a single picture gets the scores {said.tolist()}"

    @check("shape")
    def test_it_takes_its_smallest_pictures(self) -> None:
        """`min_size` is a promise, for rectangles too."""
        side = self._smallest()
        for height, width in ((side, side), (side, side + 3), (side + 3, side)):
            hr = pictures(2, height, width)
            said = self.scores(noisy(hr, 0.05), hr)
            assert not bool(said.isnan().any()), (
                f"min_size is {side}, and pictures of {width} x {height} pixels get the scores "
                f"{said.tolist()}: declare a larger one"
            )


class _MetricValueChecks(_MetricCalls):
    """Checks of what the scores say."""

    @check("values")
    def test_the_score_of_a_picture_is_its_own(self) -> None:
        """The same in a batch of four and of two."""
        for channels in (3, 1) if self.spec().domain == "protocol" else (3,):
            hr = self.hr(4, channels=channels)
            each = (*_STRENGTHS, 0.2)
            sr = torch.cat([noisy(hr[one : one + 1], each[one]) for one in range(4)])
            together = self.scores(sr, hr)
            apart = torch.cat([self.scores(sr[one], hr[one]) for one in (_FIRST, _REST)])
            assert torch.allclose(together, apart, rtol=1e-4, atol=1e-5), (
                f"in a batch of four {together.tolist()}, in two of two {apart.tolist()}: score "
                "each picture by itself"
            )

    @check("values")
    def test_a_less_noisy_picture_scores_better(self) -> None:
        """In the direction that `higher_is_better` declares."""
        if not self.spec().needs_reference or not self._follows_hr():
            return
        hr = self.hr()
        scores = torch.stack([self.scores(noisy(hr, strength), hr) for strength in _STRENGTHS])
        gains = (scores[:-1] - scores[1:]) * self._better()
        assert bool((gains > 0).all()), (
            f"with higher_is_better={self.spec().higher_is_better}, noise of {_STRENGTHS} scores "
            f"{scores.mean(1).tolist()}"
        )

    @check("values")
    def test_nothing_scores_better_than_equal_pictures(self) -> None:
        """The best there is, in several directions."""
        if not self.spec().needs_reference or not self._follows_hr():
            return
        metric, hr = self.build(), self.hr()
        best = self.scores(hr, hr, metric)
        for name, change in CHANGES.items():
            scores = self.scores(change(hr), hr, metric)
            worse = (best - scores) * self._better() >= -1e-6
            assert bool((worse | scores.isnan() | best.isnan()).all()), (
                f"equal pictures score {best.tolist()}, SR {name} scores better: {scores.tolist()}"
            )

    @check("values")
    def test_the_scores_follow_sr(self) -> None:
        """SR is what is judged, and comes first."""
        (sr, hr), other = self.samples(), self.hr(seed=7)
        if self.spec().needs_reference:
            other = noisy(hr, 0.2)
        assert not torch.equal(self.scores(sr, hr), self.scores(other, hr)), (
            "the scores do not depend on SR, the first of the two: is HR judged?"
        )

    @check("announced")
    def test_needs_reference_is_true(self) -> None:
        """Without reference it says the same whatever HR is; with one it does not."""
        needs, follows = self.spec().needs_reference, self._follows_hr()
        assert needs or not follows, "needs_reference=False, but HR changes the score"
        assert follows or not needs, (
            "needs_reference=True, but HR does not change the score: declare needs_reference=False"
        )

    @check("values")
    def test_equal_and_flat_pictures_are_scored(self) -> None:
        """What cannot be judged is nan, and only a metric without reference may be unable to.

        Equal pictures alone may score infinity, on the better side.
        """
        metric, needs = self.build(), self.spec().needs_reference
        for name, sr, hr in flat_pairs(self.hr()):
            scores = self.scores(sr, hr, metric)
            good = scores.isfinite() | (scores.isnan() if not needs else torch.zeros(()).bool())
            if torch.equal(sr, hr):
                good |= scores * self._better() == torch.inf
            assert bool(good.all()), (
                f"{name} score {scores.tolist()}: add a small number under roots and logarithms "
                "and below fractions; where there is no answer, nan, without a reference only"
            )

    def _better(self) -> int:
        return 1 if self.spec().higher_is_better else -1


class MetricContract(_MetricShapeChecks, _MetricValueChecks):
    """Checks of a metric: SR and HR, (B, C, H, W) in [0, 1] each, give one score a picture, (B,).

    C is 3; for a metric of the domain `protocol` also 1.
    """

    kind = "metric"

    @check("announced")
    def test_its_traits_are_sensible(self) -> None:
        """A unit is a short word, the smallest side at least a pixel."""
        unit, side = self.spec().unit, self._smallest()
        short = len(unit) <= _LONGEST_UNIT and unit == unit.strip() and unit.isprintable()
        assert short, f"the unit is {unit!r}: a short word such as dB, or nothing"
        assert side >= 1, f"min_size is {side}: a picture has at least a pixel"

    @check("dtype")
    def test_double_precision_says_the_same(self) -> None:
        """Figures are computed in float64 too."""
        sr, hr = self.samples()
        single, double = self.scores(sr, hr), self.scores(sr.double(), hr.double())
        assert torch.allclose(single.double(), double.double(), rtol=1e-3, atol=1e-5), (
            f"float32 pictures score {single.tolist()}, float64 ones {double.tolist()}"
        )

    @check("gradient")
    def test_it_works_without_gradients(self) -> None:
        """Evaluation runs under `torch.no_grad()`, other people's in inference mode."""
        usual = self.scores(*self.samples())
        for mode in (torch.no_grad, torch.inference_mode):
            with mode():
                said = self.scores(*self.samples())
            assert torch.allclose(usual, said.clone(), equal_nan=True), (
                f"under torch.{mode.__name__}() it scores {said.tolist()}, else {usual.tolist()}"
            )


_FIRST: Final = slice(0, 2)
_REST: Final = slice(2, 4)
