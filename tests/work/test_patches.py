"""Is a crop drawn from its number alone, and is its LR the crop of the whole picture's LR?"""

from collections import Counter

import numpy as np
import pytest
import torch

from srkit_core.augmentation import bind_augment
from srkit_core.augmentation.crop_position import even_crop_position
from srkit_core.augmentation.view import View
from srkit_core.builtin.interpolation import Shrink
from srkit_core.chain import bind_chain
from srkit_core.data.dataset import Sample, collate
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.patches import CropRule, centre_crop_position, cut, picture_of, sample_rng
from srkit_core.data.transforms import draw_view
from srkit_core.expressions import parse_chain
from srkit_core.io.images import to_unit
from srkit_core.registry import discover

REGISTRY = discover()

STRAIGHT = View()
VIEWS = [View(flip, turns) for flip in (False, True) for turns in range(4)]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pair(batch, crops, degrade):
    made = make_examples(batch, crops, LrMaker(degrade), torch.Generator())
    return made.lr, made.hr


def rule(patch=32, scale=4, margin=8, seed=0, augment="flip | turn"):
    return CropRule(patch, scale, margin, seed, bind_augment(REGISTRY, parse_chain(augment)))


@pytest.fixture(scope="module")
def margins():
    return {
        scale: bind_chain(discover(limit=()), parse_chain("bicubic"), scale).margin
        for scale in (2, 3, 4)
    }


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_lr_of_a_crop_is_the_crop_of_the_lr_to_the_last_bit(margins, scale, border):
    margin, patch = margins[scale], 8 * scale
    crops = rule(patch, scale, margin)
    degrade = Shrink("bicubic", scale, border=border, quantise=True)
    roomy = patch + 2 * margin
    for height, width in [
        (patch, roomy),
        (patch + scale, patch + 2 * scale),
        (roomy - scale, roomy + 5 * scale),
        (roomy + scale, patch),
    ]:
        picture = noise(height, width)
        whole = degrade(to_unit(torch.from_numpy(picture)[None]), rng=torch.Generator())
        positions = [
            (y, x)
            for y in range(0, height - patch + 1, scale)
            for x in range(0, width - patch + 1, scale)
        ]
        samples = [
            Sample(f"{y} {x}", *as_window(crops, picture, (y, x)), None) for y, x in positions
        ]
        lr, hr = pair(collate(samples), crops, degrade)
        assert len(lr) == len(positions)
        for number, (y, x) in enumerate(positions):
            assert torch.equal(
                hr[number],
                to_unit(torch.from_numpy(picture[None, y : y + patch, x : x + patch]))[0],
            )
            expected = whole[
                0, :, y // scale : (y + patch) // scale, x // scale : (x + patch) // scale
            ]
            assert torch.equal(lr[number], expected), (height, width, y, x)


def as_window(crops, picture, position, view=STRAIGHT):
    crop = cut(crops, picture, position, view)
    return crop.window, crop.corner


def test_without_its_margin_a_crop_is_inexact_so_the_margin_is_needed(margins):
    assert margins == {2: 4, 3: 6, 4: 8}
    picture, degrade = noise(96, 96), Shrink("bicubic", 4, border="symmetric", quantise=True)
    whole = degrade(to_unit(torch.from_numpy(picture)[None]), rng=torch.Generator())[
        ..., 8:16, 8:16
    ]
    for margin, exact in [(8, True), (4, False), (0, False)]:
        sample = Sample("a", *as_window(rule(margin=margin), picture, (32, 32)), None)
        lr, _ = pair(collate([sample]), rule(margin=margin), degrade)
        assert torch.equal(lr, whole) is exact


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [(64, 64), (40, 64), (64, 36), (32, 32)])
def test_a_patch_is_where_its_corner_says_from_every_side(view, size):
    picture, crops = noise(*size), rule()
    for position in [(0, 0), (size[0] - 32, size[1] - 32), ((size[0] - 32) // 8 * 4, 0)]:
        window, (y, x) = as_window(crops, picture, position, view)
        patch = picture[position[0] : position[0] + 32, position[1] : position[1] + 32]
        assert np.array_equal(window[y : y + 32, x : x + 32], view.of(patch))
        assert (y % 4, x % 4) == (0, 0)
        assert window.flags.c_contiguous
        assert sorted(window.shape[:2]) == sorted(min(side, crops.window) for side in size)


def test_a_view_is_a_flip_then_turns_counterclockwise():
    pixels = np.arange(6).reshape(2, 3, 1).repeat(3, axis=2).astype(np.uint8)
    assert View(flip=True).of(pixels)[:, :, 0].tolist() == [[2, 1, 0], [5, 4, 3]]
    assert View(turns=1).of(pixels)[:, :, 0].tolist() == [[2, 5], [1, 4], [0, 3]]
    assert View(flip=True, turns=1).of(pixels)[:, :, 0].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert len({str(view.of(pixels).tolist()) for view in VIEWS}) == 8


@pytest.mark.parametrize(
    ("augment", "views"),
    [
        ("flip | turn", {(flip, turns): 1 / 8 for flip in (False, True) for turns in range(4)}),
        ("turn", {(False, turns): 1 / 4 for turns in range(4)}),
        ("flip", {(False, 0): 1 / 2, (True, 0): 1 / 2}),
        ("flip@0.25", {(False, 0): 3 / 4, (True, 0): 1 / 4}),
    ],
)
def test_views_are_drawn_evenly(augment, views):
    rng = np.random.default_rng(0)
    drawn = [draw_view(bind_augment(REGISTRY, parse_chain(augment)), rng) for _ in range(4000)]
    share = Counter((view.flip, view.turns) for view in drawn)
    assert share.keys() == views.keys()
    assert all(
        share[view] / 4000 == pytest.approx(expected, abs=0.03) for view, expected in views.items()
    )


def test_every_picture_comes_once_an_epoch_in_a_new_order():
    epochs = [
        [picture_of(rule(), epoch * 9 + number, 9) for number in range(9)] for epoch in range(4)
    ]
    assert all(sorted(epoch) == list(range(9)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert epochs[1] == [picture_of(rule(), 9 + number, 9) for number in range(9)]


def test_a_seed_changes_order_and_crops():
    rules = [rule(), rule(seed=1), rule(seed=2)]
    orders = {tuple(picture_of(one, number, 20) for number in range(20)) for one in rules}
    positions = {
        tuple(
            even_crop_position(500, 500, one.patch, one.scale, sample_rng(one, number))
            for number in range(5)
        )
        for one in rules
    }
    assert (len(orders), len(positions)) == (3, 3)
    assert even_crop_position(500, 500, 32, 4, sample_rng(rule(), 3)) == even_crop_position(
        500, 500, 32, 4, sample_rng(rule(), 3)
    )
    assert (
        sample_rng(rule(seed=2**63 - 1), 10**12).random()
        == sample_rng(rule(seed=2**63 - 1), 10**12).random()
    )


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_places_reach_every_corner_and_lie_on_the_lr_grid(scale):
    one = rule(patch=6 * scale, scale=scale)
    height, width = 8 * scale + scale - 1, 6 * scale
    positions = {
        even_crop_position(height, width, one.patch, one.scale, sample_rng(one, number))
        for number in range(200)
    }
    assert positions == {(row * scale, 0) for row in range(3)}


def test_the_centre_is_the_centre():
    assert centre_crop_position(rule(), 100, 60) == (32, 12)
    assert centre_crop_position(rule(), 32, 33) == (0, 0)
    assert centre_crop_position(rule(patch=24, scale=3), 99, 27) == (36, 0)
