"""Does the pool mix examples of earlier steps, lose none, and survive a crash?"""

import torch

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.pool import Pool


def examples(*numbers):
    values = torch.tensor(numbers, dtype=torch.float32)[:, None, None, None]
    return Examples(
        values.expand(-1, 3, 2, 2), values.expand(-1, 3, 4, 4), values.expand(-1, 3, 4, 4) + 0.5
    )


def numbers(batch):
    assert torch.equal(batch.lr[:, 0, 0, 0], batch.hr[:, 2, 3, 3])
    assert torch.equal(batch.lr[:, 0, 0, 0] + 0.5, batch.target[:, 1, 0, 0])
    return batch.lr[:, 0, 0, 0].int().tolist()


def rng(step):
    return torch.Generator().manual_seed(step)


def test_without_a_pool_a_batch_passes():
    batch = examples(1, 2)
    assert Pool(0).exchange(batch, rng(0)) is batch


def test_batches_pass_until_the_pool_is_full_and_are_mixed_from_then_on():
    pool = Pool(5)
    assert [
        numbers(pool.exchange(examples(2 * step, 2 * step + 1), rng(step))) for step in range(3)
    ] == [[0, 1], [2, 3], [4, 5]]
    assert len(pool) == 5
    out = [
        number
        for step in range(3, 40)
        for number in numbers(pool.exchange(examples(2 * step, 2 * step + 1), rng(step)))
    ]
    held = pool.tensors()["lr"][:, 0, 0, 0].int().tolist()
    assert sorted(out + held) == [0, 1, 2, 3, 4, *range(6, 80)]
    assert out != sorted(out)


def test_what_is_held_can_be_restored():
    one, other = Pool(4), Pool(4)
    for step in range(4):
        one.exchange(examples(2 * step, 2 * step + 1), rng(step))
    other.restore(
        {name: value.clone() for name, value in one.tensors().items()}, torch.device("cpu")
    )
    assert numbers(one.exchange(examples(8, 9), rng(4))) == numbers(
        other.exchange(examples(8, 9), rng(4))
    )
