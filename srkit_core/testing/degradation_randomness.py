"""Where does the randomness of a degradation come from, and where does it go?"""

import torch

from srkit_core.testing.checks import check
from srkit_core.testing.degradation_calls import DegradationCalls
from srkit_core.testing.guarded import guarded
from srkit_core.testing.samples import flat, pictures

_SEEDS = range(3)
_ALIKE = 1e-6


class DegradationRandomChecks(DegradationCalls):
    """Checks of the batch and of the generator that a degradation is given."""

    @check("values")
    def test_pictures_of_a_batch_do_not_meet(self) -> None:
        """What becomes of a picture does not depend on what its neighbours show."""
        hr, other = self.hr(3), self.hr(3, seed=5)
        for seed in _SEEDS:
            mixed = torch.cat([other[:1], hr[1:2], flat(1.0, other[2:])])
            usual, among_others = self.lr(hr, seed=seed), self.lr(mixed, seed=seed)
            worst = float((usual[1] - among_others[1]).abs().max())
            assert worst <= _ALIKE, (
                f"with other pictures in its batch LR of a picture changes by {worst:.3g}: work on "
                "each picture by itself, and draw as many numbers whatever they show"
            )

    @check("values")
    def test_a_picture_alone_is_as_in_a_batch(self) -> None:
        """Where nothing is drawn."""
        if self.is_random():
            return
        hr = self.hr(4)
        halves = torch.cat([self.lr(hr[:2]), self.lr(hr[2:])])
        worst = float((self.lr(hr) - halves).abs().max())
        assert worst <= _ALIKE, (
            f"in a batch of four LR differs by {worst:.3g} from LR in batches of two"
        )

    @check("values")
    def test_equal_pictures_are_drawn_for_apart(self) -> None:
        """A batch is as diverse as its draws."""
        if not self.is_random():
            return
        hr = self.hr(1).expand(4, -1, -1, -1)
        alike = [bool((lr == lr[:1]).all()) for lr in (self.lr(hr, seed=one) for one in _SEEDS)]
        assert not all(alike), (
            "every picture of a batch is degraded alike: draw a number a picture, of the shape "
            "(len(hr),)"
        )

    @check("seed")
    def test_a_generator_moves_on(self) -> None:
        """Two steps of a chain share a generator, and must not draw the same."""
        if not self.is_random():
            return
        built, hr, rng = self.build(), self.hr(), torch.Generator().manual_seed(0)
        with guarded():
            before = rng.get_state()
            built(hr.clone(), rng=rng)
        assert not torch.equal(before, rng.get_state()), (
            "the generator is as it was before the call: draw from rng itself, or seed another "
            "from a number drawn from it"
        )

    @check("seed")
    def test_what_is_shown_does_not_change_what_is_drawn_next(self) -> None:
        """As many numbers are drawn from rng whatever the pictures show, so that the next step of
        a chain draws the same.
        """
        states = []
        for hr in (self.hr(), self.hr(seed=3), flat(0.0, self.hr()), flat(1.0, self.hr())):
            rng = torch.Generator().manual_seed(0)
            with guarded():
                self.build()(hr.clone(), rng=rng)
            states.append(rng.get_state())
        assert all(torch.equal(states[0], one) for one in states), (
            "how many numbers are drawn from rng depends on what the pictures show: draw first, "
            "always as many, or draw from a generator seeded from a number of rng"
        )

    @check("inputs")
    def test_the_seed_of_rng_is_left_alone(self) -> None:
        """It belongs to whoever counts steps and pictures."""
        rng = torch.Generator().manual_seed(11)
        with guarded():
            self.build()(pictures(2, 8 * self.divisor(), 8 * self.divisor()), rng=rng)
        assert rng.initial_seed() == 11, "it seeds rng anew, so that all that follows is alike"
