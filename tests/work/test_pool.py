"""Does the pool mix examples of earlier steps, lose none, and survive a crash?"""

from types import SimpleNamespace

import pytest
import torch

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.checkpoints.checkpoint import Progress, read_progress, save_checkpoint
from srkit_core.engine.checkpoints.pool_states import leave_pool, pool_state, restore_pool
from srkit_core.engine.pool import Pool
from srkit_core.errors import WeightsError


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


@pytest.fixture
def process():
    """Make one of several processes, which the others do not wait for."""

    def make(rank, world):
        return SimpleNamespace(
            rank=rank,
            world=world,
            is_main=rank == 0,
            device=torch.device("cpu"),
            each=lambda work: work(),
        )

    return make


def saved(folder, process, world):
    """Save a checkpoint of as many processes, each of whose pools holds numbers of its own."""
    pools = [Pool(4) for _ in range(world)]
    for rank, pool in enumerate(pools):
        pool.exchange(examples(*range(10 * rank, 10 * rank + 4)), rng(0))
    for rank in range(1, world):
        leave_pool(pools[rank], folder, process(rank, world))
    save_checkpoint(folder, {"pool": pool_state(pools[0], process(0, world))}, Progress())
    return pools


def taken_up(folder, process, world):
    notes = []
    heard = SimpleNamespace(on_note=notes.append)
    pools = [Pool(4) for _ in range(world)]
    for rank, pool in enumerate(pools):
        restore_pool(pool, folder, "gan", process(rank, world), heard)
    return pools, notes


def held(pool):
    return pool.tensors()["lr"][:, 0, 0, 0].int().tolist() if len(pool) else []


def test_each_process_gets_its_own_pool_back(tmp_path, process):
    folder = tmp_path / "checkpoints" / "step-00000004"
    saved(folder, process, 3)
    assert sorted(path.name for path in folder.glob("pool*")) == [
        "pool-1.safetensors",
        "pool-2.safetensors",
        "pool.safetensors",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["step-00000004"]
    read_progress(folder)
    pools, notes = taken_up(folder, process, 3)
    assert [held(pool) for pool in pools] == [[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]
    assert notes == []
    (folder / "pool-1.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"pool-1\.safetensors was altered"):
        read_progress(folder)


@pytest.mark.parametrize(
    ("before", "now", "expected", "said"),
    [
        (2, 3, [[0, 1, 2, 3], [10, 11, 12, 13], []], "1 begin an empty one"),
        (3, 2, [[0, 1, 2, 3], [10, 11, 12, 13]], "1 are left out"),
        (2, 1, [[0, 1, 2, 3]], "1 are left out"),
        (1, 2, [[0, 1, 2, 3], []], "1 begin an empty one"),
    ],
)
def test_another_number_of_processes_is_said(tmp_path, process, before, now, expected, said):
    folder = tmp_path / "checkpoints" / "step-00000004"
    saved(folder, process, before)
    pools, notes = taken_up(folder, process, now)
    assert [held(pool) for pool in pools] == expected
    assert notes[0] == (
        f"warning: the checkpoint has the pools of stage 'gan' of {before} of {before} processes, "
        f"and {now} go on: {said}, so that batches differ from those that were to come"
    )


def test_what_was_left_for_a_checkpoint_that_never_came_is_deleted(tmp_path, process):
    folder = tmp_path / "checkpoints" / "step-00000004"
    pool = Pool(4)
    leave_pool(pool, folder.with_name("step-00000002"), process(1, 2))
    saved(folder, process, 2)
    assert [path.name for path in folder.parent.iterdir()] == ["step-00000004"]
