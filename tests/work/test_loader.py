"""Are batches the same whoever makes them, and aligned however they are seen?"""

import logging
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from srkit_core.augmentation import bind_augment
from srkit_core.builtin.interpolation import Shrink
from srkit_core.data.dataset import CentreCropDataset, CropDataset, PixelCache, collate
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.patches import CropRule
from srkit_core.data.picture import Picture
from srkit_core.data.picture_set import open_picture_set
from srkit_core.errors import DataError
from srkit_core.expressions import parse_chain
from srkit_core.io.images import read_image, write_image
from srkit_core.registry import discover

REGISTRY = discover()

NEAREST = Shrink("nearest", 4, border="symmetric", quantise=True)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def blocks(lr, scale=4):
    """HR whose every LR pixel is a square of one colour, so that LR is HR subsampled from every
    side.
    """
    return lr.repeat(scale, axis=0).repeat(scale, axis=1)


def pair(batch, crops, degrade):
    made = make_examples(batch, crops, LrMaker(degrade), torch.Generator())
    return made.lr, made.hr


def rule(patch=32, margin=8, seed=0, augment="flip | turn"):
    return CropRule(patch, 4, margin, seed, bind_augment(REGISTRY, parse_chain(augment)))


@pytest.fixture
def pictures(tmp_path):
    """Seven pictures of block colours, two of them smaller than a window, with their LR."""
    sizes = [(24, 20), (9, 30), (20, 20), (11, 8), (16, 40), (13, 13), (40, 30)]
    for number, size in enumerate(sizes):
        lr = noise(*size, seed=number)
        write_image(tmp_path / "HR" / f"{number}.png", blocks(lr))
        write_image(tmp_path / "LR" / f"{number}x4.png", lr)
    return open_picture_set(str(tmp_path), paired=True).pictures


def unpaired(pictures):
    return [Picture(one.name, one.path, one.group, one.height, one.width) for one in pictures]


def loaded(pictures, indices, workers=0, **changes):
    return list(
        training_batches(
            CropDataset(pictures, rule(**changes)), indices, workers=workers, pin=False
        )
    )


def contents(batch):
    return (
        batch.names,
        batch.corners,
        [stack.tolist() for stack in batch.windows],
        None if batch.lr is None else batch.lr.tolist(),
        batch.stored,
    )


def cuts_of(batch, patch=32):
    windows = [window for stack in batch.windows for window in stack]
    return [
        window[y : y + patch, x : x + patch]
        for window, (y, x) in zip(windows, batch.corners, strict=True)
    ]


def test_samples_do_not_depend_on_workers_or_the_start(pictures):
    alone = [contents(batch) for batch in loaded(unpaired(pictures), batch_indices(0, 6, 4))]
    assert [
        contents(batch) for batch in loaded(unpaired(pictures), batch_indices(0, 6, 4), workers=2)
    ] == alone
    assert [
        contents(batch) for batch in loaded(unpaired(pictures), batch_indices(16, 2, 4))
    ] == alone[4:]


def test_two_seeds_give_two_sequences(pictures):
    one, other = (loaded(pictures, batch_indices(0, 4, 4), seed=seed) for seed in (0, 1))
    assert [batch.names for batch in one] != [batch.names for batch in other]


def test_every_picture_comes_once_an_epoch(pictures):
    names = [name for batch in loaded(pictures, batch_indices(0, 14, 1)) for name in batch.names]
    assert sorted(names[:7]) == sorted(names[7:]) == [f"HR/{number}" for number in range(7)]


def test_pairs_from_disk_move_alike_from_every_side(pictures):
    for batch in loaded(pictures, batch_indices(0, 10, 7), margin=0):
        lr, hr = pair(batch, rule(margin=0), None)
        assert (lr.shape, hr.shape) == ((7, 3, 8, 8), (7, 3, 32, 32))
        assert torch.equal(lr, hr[..., ::4, ::4])
        assert torch.equal(lr, hr[..., 3::4, 3::4])


def test_lr_that_is_made_moves_with_hr_also_in_small_pictures(pictures):
    seen = set()
    for batch in loaded(unpaired(pictures), batch_indices(0, 10, 7)):
        lr, hr = pair(batch, rule(), NEAREST)
        assert torch.equal(lr, hr[..., ::4, ::4])
        assert all(
            np.array_equal(cut.numpy() / np.float32(255), one.permute(1, 2, 0))
            for cut, one in zip(cuts_of(batch), hr, strict=True)
        )
        seen |= {tuple(stack.shape[1:3]) for stack in batch.windows}
    assert {(48, 48), (36, 48), (48, 36), (44, 32), (32, 44)} <= seen


def test_pictures_of_one_size_make_one_channels_last_tensor(pictures):
    large = [one for one in unpaired(pictures) if min(one.height, one.width) >= 48]
    batch = loaded(large, batch_indices(0, 1, 6))[0]
    assert [tuple(stack.shape) for stack in batch.windows] == [(6, 48, 48, 3)]
    lr, hr = pair(batch, rule(), NEAREST)
    assert lr.is_contiguous(memory_format=torch.channels_last)
    assert hr.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_share_what_one_would_see(world):
    alone = list(batch_indices(24, 3, 8))
    shares = [list(batch_indices(24, 3, 8, rank=rank, world=world)) for rank in range(world)]
    assert [[number for share in shares for number in share[step]] for step in range(3)] == alone
    assert alone == [list(range(24, 32)), list(range(32, 40)), list(range(40, 48))]


def test_a_long_stage_costs_nothing_to_begin(pictures):
    endless = training_batches(
        CropDataset(pictures, rule()), batch_indices(16 * 10**9, 10**12, 16), workers=0, pin=False
    )
    assert [len(batch.names) for batch in islice(endless, 2)] == [16, 16]


def test_torchs_global_randomness_is_left_alone(pictures):
    before = torch.get_rng_state()
    loaded(pictures, batch_indices(0, 2, 2))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_unreadable_picture_is_replaced_by_the_next_one_and_named(pictures, caplog):
    whole = [name for batch in loaded(pictures, batch_indices(0, 7, 1)) for name in batch.names]
    broken = pictures[3].path
    broken.write_bytes(broken.read_bytes()[:-40])
    with caplog.at_level(logging.WARNING):
        names = [name for batch in loaded(pictures, batch_indices(0, 7, 1)) for name in batch.names]
    assert names == ["HR/4" if name == "HR/3" else name for name in whole]
    (record,) = caplog.records
    assert record.message.startswith(f"skipped: cannot read {broken}: it is truncated or damaged")
    assert [
        name for batch in loaded(pictures, batch_indices(0, 7, 1)) for name in batch.names
    ] == names


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_when_no_picture_is_left_is_the_same_with_processes(pictures, workers):
    for picture in pictures:
        picture.path.unlink()
    with pytest.raises(
        DataError, match="none of the 7 training pictures can be used; there is no file "
    ) as caught:
        loaded(pictures, batch_indices(0, 7, 1), workers=workers)
    assert caught.value.hint == "check the path"


def test_pairs_of_another_scale_are_refused_with_the_sizes(pictures):
    wrong = CropRule(32, 2, 0, 0, bind_augment(REGISTRY, parse_chain("flip")))
    with pytest.raises(
        DataError,
        match=r"none of the 7 training pictures can be used; .* pixels and its LR .*: that is not "
        r"scale 2",
    ):
        CropDataset(pictures, wrong)[0]


def test_a_pair_that_shares_less_than_a_crop_is_refused(tmp_path):
    write_image(tmp_path / "hr.png", noise(66, 80))
    write_image(tmp_path / "lr.png", noise(15, 20))
    short = Picture("a", tmp_path / "hr.png", "a", 66, 80, lr=tmp_path / "lr.png")
    for samples in (
        CropDataset([short], rule(patch=64, margin=0)),
        CentreCropDataset([short], rule(patch=64, margin=0)),
    ):
        with pytest.raises(
            DataError, match=r"of .*hr.png 80x60 pixels are left, less than the crop of 64"
        ):
            samples[0]


def test_a_recipe_for_pairs_needs_lr_from_disk(pictures):
    batch = collate([CropDataset(unpaired(pictures), rule())[0]])
    with pytest.raises(DataError, match="the recipe wants LR from disk, the data have none"):
        pair(batch, rule(), None)


def test_centre_patches_are_the_centres_of_held_out_pictures(pictures):
    patches = CentreCropDataset(pictures, rule(margin=0))
    assert len(patches) == 7
    for number, picture in enumerate(pictures):
        sample = patches[number]
        pixels = read_image(picture.path)
        top, left = ((side - 32) // 2 // 4 * 4 for side in pixels.shape[:2])
        assert (sample.name, sample.corner) == (picture.name, (0, 0))
        assert np.array_equal(sample.window, pixels[top : top + 32, left : left + 32])
        assert np.array_equal(sample.lr, sample.window[::4, ::4])


def test_pinning_keeps_a_batch(pictures, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "pin_memory", torch.Tensor.clone)
    batch = loaded(pictures, batch_indices(0, 1, 7))[0]
    assert contents(batch.pin_memory()) == contents(batch)


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path):
    read = []

    def reader(path):
        read.append(path.name)
        return np.zeros((10, 10, 3), dtype=np.uint8)

    cache = PixelCache(reader, most_bytes=700)
    for name in "abacab":
        cache.get(tmp_path / name)
    assert "".join(read) == "abcb"
    tiny = PixelCache(reader, most_bytes=1)
    assert tiny.get(tmp_path / "d") is tiny.get(tmp_path / "d")


def test_a_batch_mixes_stored_lr_with_lr_that_is_made(pictures):
    """Each crop has the LR that it has alone, whatever is in the batch beside it."""
    some = [replace(one, lr=None) if number % 2 else one for number, one in enumerate(pictures)]
    indices = [list(range(first, first + 8)) for first in (0, 8)]
    batches = loaded(some, indices)
    assert [sorted(batch.stored) != [] for batch in batches] == [True, True]
    here, there = map(contents, (batches[1], loaded(some, indices, workers=2)[1]))
    assert here == there
    by_name = {one.name: one for one in some}
    for batch in batches:
        lr, hr = pair(batch, rule(), shrink)
        wanted = [by_name[name].lr is not None for name in batch.names]
        assert [at in batch.stored for at in range(8)] == wanted
        assert True in wanted
        assert False in wanted
        for one, large, stored in zip(lr, hr, wanted, strict=True):
            # stored LR is HR subsampled, made LR is its negative
            sampled = large[..., ::4, ::4]
            assert torch.equal(one, sampled if stored else 1 - sampled)


def shrink(hr, *, rng):
    return 1 - hr[..., ::4, ::4]


def test_crops_without_lr_need_a_degradation(pictures):
    some = [*unpaired(pictures[:1]), *pictures[1:]]
    (batch,) = loaded(some, [list(range(7))])
    with pytest.raises(DataError, match="the recipe wants LR from disk, the data have none"):
        pair(batch, rule(), None)
