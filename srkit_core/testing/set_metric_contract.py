"""Which checks does a metric of a whole set of pictures pass?"""

from typing import Any, Final

import torch
from torch import Tensor

from srkit_core.specs import MetricSpec
from srkit_core.testing.call_checks import CallChecks
from srkit_core.testing.checks import check
from srkit_core.testing.samples import noisy, pictures

_SIDE: Final = 32
_COUNT: Final = 6
_STRENGTHS: Final = (0.02, 0.2)


class SetMetricContract(CallChecks):
    """Checks of a metric with `of_set=True`: features of each picture, (B, F), and one score of
    those of all SR and all HR.
    """

    kind = "metric"

    def samples(self, number: int = 0) -> tuple[Tensor, ...]:
        """Return noisy pictures and what they were, square ones."""
        hr = self.hr(seed=number)
        return noisy(hr, 0.05), hr

    def ask(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the features of both, and the score."""
        sr, hr = (built.features(one) for one in inputs)
        return sr, hr, built.compare(sr.detach().cpu(), hr.detach().cpu())

    def hr(self, *, seed: int = 0) -> Tensor:
        """Return square pictures that are large enough, a set of them."""
        bound = self.bound()
        side = max(_SIDE, bound.amount(bound.spec(MetricSpec).min_size))
        return pictures(_COUNT, side, side, seed=seed)

    @check("announced")
    def test_it_is_announced_as_a_metric_of_sets(self) -> None:
        """By it srkit knows to ask for features."""
        spec = self.bound().spec(MetricSpec)
        assert spec.of_set, "of_set=False is declared: use the contract MetricContract"

    @check("shape")
    def test_every_picture_has_features(self) -> None:
        """(B, F), finite, and a score that is one number."""
        sr, hr, score = self.asked(self.build(), *self.samples())
        for name, one in (("SR", sr), ("HR", hr)):
            assert tuple(one.shape[:-1]) == (_COUNT,), (
                f"{_COUNT} pictures of {name} have features of the shape {tuple(one.shape)}, not "
                f"({_COUNT}, F)"
            )
            assert bool(one.isfinite().all()), f"features of {name} are not finite"
        assert score.numel() == 1, f"the score has the shape {tuple(score.shape)}: one number"
        assert bool(score.isfinite()), f"the score of {_COUNT} pictures is {score.item()}"

    @check("values")
    def test_features_of_a_picture_are_its_own(self) -> None:
        """The same alone as in a batch, whoever scores it."""
        built, (sr, _) = self.build(), self.samples()
        together, *_ = self.asked(built, sr, sr)
        alone, *_ = self.asked(built, sr[:1], sr[:1])
        assert torch.allclose(together[:1], alone, rtol=1e-4, atol=1e-5), (
            "the features of a picture depend on the others of its batch: is a network within in "
            "training mode?"
        )

    @check("values")
    def test_nothing_is_nearer_than_the_same_set(self) -> None:
        """In the direction that `higher_is_better` declares."""
        built, hr = self.build(), self.hr()
        better = 1 if self.bound().spec(MetricSpec).higher_is_better else -1
        sets = [hr, *(noisy(hr, strength) for strength in _STRENGTHS)]
        scores = [self.asked(built, sr, hr)[2].item() * better for sr in sets]
        in_order = scores[0] >= scores[1] >= scores[2] != scores[0]
        assert in_order, (
            f"a set of noise 0, {_STRENGTHS[0]} and {_STRENGTHS[1]} scores "
            f"{[score * better for score in scores]}: is higher_is_better right?"
        )

    @check("values")
    def test_the_order_of_pictures_changes_nothing(self) -> None:
        """A set has none, and sets are compared as wholes."""
        built = self.build()
        sr, hr, score = self.asked(built, *self.samples())
        turned = built.compare(sr.detach().flip(0), hr.detach())
        assert torch.allclose(score.double(), turned.double(), rtol=1e-6, atol=1e-9), (
            f"the set scores {score.item()}, in another order {turned.item()}: is a picture "
            "compared with its own HR? Then it is no metric of sets"
        )
