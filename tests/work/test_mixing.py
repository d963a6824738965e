"""Do mixup and cutmix mix LR, HR and target of an example with the same other one?"""

import pytest
import torch

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.builtin.augmentations import CutMix, MixUp
from srkit_core.testing import AugmentationContract

COUNT = 2000


class TestMixUp(AugmentationContract):
    expression = "mixup"


class TestCutMix(AugmentationContract):
    expression = "cutmix"


def numbered(count=COUNT, side=4, scale=2):
    """Return examples each of whose pixels says which one it is, as a number in [0, 1]."""
    numbers = torch.arange(count, dtype=torch.float64)[:, None, None, None] / count
    lr, hr = numbers.expand(-1, 3, side, side), numbers.expand(-1, 3, scale * side, scale * side)
    return Examples(lr, hr, (hr + 1) / 2)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def weight_of_the_other(made, given):
    """Return how much of another example each one holds; the other is the same step further."""
    own, mixed = given.lr[:, 0, 0, 0], made.lr[:, 0, 0, 0]
    lefts = [(mixed - own) / (own.roll(-step) - own) for step in range(1, len(own))]
    fits = [one for one in lefts if bool(((one >= -1e-9) & (one <= 1 + 1e-9)).all())]
    (weights,) = fits
    return weights


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 1.2, 8.0])
def test_weights_of_mixup_are_of_the_beta_distribution(alpha):
    given = numbered()
    weights = weight_of_the_other(MixUp(alpha=alpha).apply(given, 1.0, rng()), given)
    variance = 1 / (4 * (2 * alpha + 1))
    assert weights.mean().item() == pytest.approx(0.5, abs=4 * (variance / COUNT) ** 0.5)
    assert weights.var().item() == pytest.approx(variance, rel=0.1)
    # The fourth central moment of Beta(a, a): 3 / (16 (2a + 1) (2a + 3)).
    fourth = (weights - 0.5).pow(4).mean().item()
    assert fourth == pytest.approx(3 / (16 * (2 * alpha + 1) * (2 * alpha + 3)), rel=0.15)


def test_mixup_mixes_lr_hr_and_target_alike():
    given = numbered(6)
    made = MixUp().apply(given, None, rng(3))
    one = made.lr[:, :1, :1, :1]
    assert torch.allclose(made.lr, one.expand_as(made.lr))
    assert torch.allclose(made.hr, one.expand_as(made.hr))
    assert torch.allclose(made.target, (one.expand_as(made.hr) + 1) / 2)
    assert not torch.isclose(made.lr, given.lr).flatten(1).all(1).any()


@pytest.mark.parametrize("size", [0.5, 0.75, 1.0])
def test_cutmix_puts_a_square_of_another_in_the_same_place(size):
    given = numbered(50, side=8, scale=3)
    made = CutMix(size=size).apply(given, None, rng(1))
    own, changed = given.lr[:, :1], made.lr[:, 0] != given.lr[:, 0]
    side = round(8 * size)
    assert changed.sum((1, 2)).tolist() == [side**2] * 50
    for mask in changed:
        rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
        assert len(rows) == len(columns) == side
        assert int(rows.max() - rows.min()) == int(columns.max() - columns.min()) == side - 1
    others = [one[mask].unique().tolist() for one, mask in zip(made.lr[:, 0], changed, strict=True)]
    steps = {round((other - own[i, 0, 0, 0].item()) * 50) % 50 for i, (other,) in enumerate(others)}
    assert len(steps) == 1
    assert steps != {0}
    assert torch.equal(made.hr[:, :, ::3, ::3], made.lr)
    large = made.lr.repeat_interleave(3, -1).repeat_interleave(3, -2)
    assert torch.equal(made.hr, large)
    assert torch.equal(made.target, (large + 1) / 2)
    if size < 1:
        assert len({tuple(mask.nonzero()[0].tolist()) for mask in changed}) > 4


@pytest.mark.parametrize("what", [MixUp(), CutMix(size=0.5)])
def test_they_happen_as_often_as_is_written_and_by_their_seed(what):
    given = numbered(1000)
    made = what.apply(given, 0.3, rng())
    touched = (made.hr != given.hr).flatten(1).any(1)
    assert touched.double().mean().item() == pytest.approx(0.3, abs=0.05)
    assert torch.equal(made.hr, what.apply(given, 0.3, rng()).hr)
    assert not torch.equal(made.hr, what.apply(given, 0.3, rng(1)).hr)
    alone = numbered(1)
    assert torch.equal(what.apply(alone, None, rng()).hr, alone.hr)
