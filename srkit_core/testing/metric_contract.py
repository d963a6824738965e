"""Which checks does a metric pass?"""

import torch
from torch import Tensor

from srkit_core.specs import MetricSpec
from srkit_core.testing.checks import check
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.samples import noisy, pictures

_SIDE = 64
_STRENGTHS = (0.02, 0.05, 0.1)


class MetricContract(ComponentContract):
    """Checks of a metric: SR and HR, (B, C, H, W) in [0, 1] each, give one score a picture, (B,).

    C is 3; for a metric of the domain `protocol` also 1.
    """

    kind = "metric"

    def spec(self) -> MetricSpec:
        """Return the component's spec."""
        return self.bound().spec(MetricSpec)

    @check("shape")
    def test_there_is_a_finite_score_a_picture(self) -> None:
        """(B,), for colour and, where the protocol may choose luma, for one channel."""
        for channels in self._channels():
            for batch in (1, 3):
                hr = self._hr(batch, channels)
                scores = self._score(noisy(hr, 0.05), hr)
                assert tuple(scores.shape) == (batch,), (
                    f"{batch} pictures of {channels} channels get scores {tuple(scores.shape)}"
                )
                assert bool(scores.isfinite().all()), (
                    f"scores of {channels} channels are not finite: {scores.tolist()}"
                )

    @check("seed")
    def test_two_builds_agree(self) -> None:
        """What a metric says depends on its options and the pictures."""
        hr = self._hr(2, 3)
        assert torch.equal(self._score(noisy(hr, 0.05), hr), self._score(noisy(hr, 0.05), hr)), (
            "built twice, the metric says two things"
        )

    @check("values")
    def test_the_score_of_a_picture_is_its_own(self) -> None:
        """The same alone and in a batch."""
        for channels in self._channels():
            hr = self._hr(3, channels)
            sr = torch.cat(
                [
                    noisy(hr[index : index + 1], strength)
                    for index, strength in enumerate(_STRENGTHS)
                ]
            )
            together = self._score(sr, hr)
            alone = torch.cat(
                [self._score(sr[index : index + 1], hr[index : index + 1]) for index in range(3)]
            )
            assert torch.allclose(together, alone, rtol=1e-4, atol=1e-5), (
                f"in a batch {together.tolist()}, alone {alone.tolist()}"
            )

    @check("values")
    def test_a_less_noisy_picture_scores_better(self) -> None:
        """In the direction that `higher_is_better` declares.

        A metric without reference says the same whatever HR is.
        """
        hr = self._hr(2, 3)
        if not self.spec().needs_reference:
            assert torch.equal(self._score(hr, hr), self._score(hr, 1 - hr)), (
                "needs_reference=False, but HR changes the score"
            )
            return
        scores = torch.stack([self._score(noisy(hr, strength), hr) for strength in _STRENGTHS])
        gains = (scores[:-1] - scores[1:]) * (1 if self.spec().higher_is_better else -1)
        assert bool((gains > 0).all()), (
            f"with higher_is_better={self.spec().higher_is_better}, noise of {_STRENGTHS} scores "
            f"{scores.mean(1).tolist()}"
        )

    @check("inputs")
    def test_the_pictures_are_left_alone(self) -> None:
        """Other metrics still need them."""
        hr = self._hr(2, 3)
        sr = noisy(hr, 0.05)
        self._score(sr, hr)
        assert torch.equal(hr, self._hr(2, 3)), "the metric changes HR in place"
        assert torch.equal(sr, noisy(hr, 0.05)), "the metric changes SR in place"

    def _channels(self) -> tuple[int, ...]:
        return (3, 1) if self.spec().domain == "protocol" else (3,)

    def _hr(self, batch: int, channels: int) -> Tensor:
        side = max(_SIDE, self.bound().amount(self.spec().min_size))
        return pictures(batch, side, side, channels=channels)

    def _score(self, sr: Tensor, hr: Tensor) -> Tensor:
        with torch.no_grad():
            scores: Tensor = self.build()(sr, hr)
        return scores
