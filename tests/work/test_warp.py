"""Is a warped crop the crop of the warped picture, with nothing invented but beyond the picture's
border?
"""

import numpy as np
import pytest
import torch
from skimage.transform import warp as reference

from srkit_core.augmentation import bind_augment
from srkit_core.augmentation.affine import Frame, warped
from srkit_core.augmentation.pixel_change import PixelChange
from srkit_core.augmentation.view import View
from srkit_core.builtin.augmentation_draws import draw_warp
from srkit_core.builtin.augmentations import Affine
from srkit_core.builtin.interpolation import Shrink
from srkit_core.data.dataset import Sample, collate
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.patches import CropRule, cut
from srkit_core.expressions import parse_chain
from srkit_core.io.images import to_unit
from srkit_core.registry import discover

REGISTRY = discover()


def whole(pixels, matrix, centre=None, side=None):
    height, width = pixels.shape[:2]
    centre = centre or ((height - 1) / 2, (width - 1) / 2)
    return warped(pixels, matrix, Frame(0, 0, height, width, centre, side or max(height, width)))


def drawn(seed, **limits):
    return draw_warp(Affine(**limits), np.random.default_rng(seed))


def turned(degrees):
    angle = np.deg2rad(degrees)
    return np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_warps_that_move_whole_pixels_are_exact():
    picture = noise(40, 40)
    assert np.array_equal(whole(picture, np.eye(3)), picture)
    assert np.array_equal(whole(picture, turned(90)), np.rot90(picture))
    shift = np.eye(3)
    shift[:2, 2] = 5 / 40, -3 / 40
    padded = np.pad(picture, ((5, 5), (5, 5), (0, 0)), mode="edge")
    assert np.array_equal(whole(picture, shift), padded[2:42, 10:50])


@pytest.mark.parametrize("seed", range(5))
def test_a_warp_is_that_of_scikit_image(smooth, seed):
    picture, matrix, side = smooth(90, 120), drawn(seed), 120
    to_centre = np.array([[side, 0, 59.5], [0, side, 44.5], [0, 0, 1]])
    expected = reference(
        picture,
        to_centre @ matrix @ np.linalg.inv(to_centre),
        order=3,
        mode="edge",
        preserve_range=True,
    )
    difference = np.abs(whole(picture, matrix).astype(float) - expected)
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99) < 3


def test_what_is_drawn_lies_within_its_limits():
    matrices = np.stack(
        [drawn(seed, rotation=90, shift=0.2, shear=0, zoom=0) for seed in range(300)]
    )
    angles = np.rad2deg(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert (angles.min() < -80, angles.max() > 80, np.abs(angles).max() <= 90) == (True, True, True)
    assert np.abs(matrices[:, :2, 2]).max() <= 0.2
    zooms = np.stack(
        [drawn(seed, rotation=0, shift=0, shear=0, zoom=0.3)[[0, 1], [0, 1]] for seed in range(300)]
    )
    assert zooms.min() == pytest.approx(0.7, abs=0.02)
    assert zooms.max() == pytest.approx(1.3, abs=0.02)
    slopes = [drawn(seed, rotation=0, shift=0, shear=0.2, zoom=0)[0, 1] for seed in range(300)]
    assert (min(slopes), max(slopes)) == (
        pytest.approx(-0.2, abs=0.02),
        pytest.approx(0.2, abs=0.02),
    )


@pytest.mark.parametrize("place", [(0, 0), (64, 100), (128, 168), (96, 0)])
def test_lr_of_a_warped_crop_is_the_crop_of_lr_of_the_warped_picture(smooth, place):
    rule = CropRule(32, 4, 8, 0, bind_augment(REGISTRY, parse_chain("")))
    degrade, picture = Shrink("bicubic", 4, border="symmetric", quantise=True), smooth(160, 200)
    for seed in range(4):
        matrix = drawn(seed)
        crop = cut(rule, picture, place, View(), PixelChange(matrix))
        made = make_examples(
            collate([Sample("a", crop.window, crop.corner, None)]),
            rule,
            LrMaker(degrade),
            torch.Generator(),
        )
        seen = whole(picture, matrix, (place[0] + 15.5, place[1] + 15.5), 32)
        lr = degrade(to_unit(torch.from_numpy(seen)[None]), rng=torch.Generator())
        (y, x), off = place, 1.01 / 255
        assert (
            made.hr - to_unit(torch.from_numpy(seen[None, y : y + 32, x : x + 32]))
        ).abs().max() < off
        assert (made.lr - lr[..., y // 4 : y // 4 + 8, x // 4 : x // 4 + 8]).abs().max() < off


def test_nothing_is_invented_where_the_picture_goes_on():
    """Around the crop the picture is noise.

    A crop that were warped alone would have its own border repeated.
    """
    picture, matrix = noise(200, 200), turned(45)
    rule = CropRule(32, 4, 0, 0, bind_augment(REGISTRY, parse_chain("")))
    inside = cut(rule, picture, (84, 84), View(), PixelChange(matrix)).window
    alone = whole(np.ascontiguousarray(picture[84:116, 84:116]), matrix)
    assert np.array_equal(inside[8:24, 8:24], alone[8:24, 8:24])
    assert np.abs(inside[0].astype(int) - alone[0]).mean() > 20


def test_at_the_border_of_the_picture_its_last_pixels_go_on():
    picture, rule = (
        noise(100, 100),
        CropRule(32, 4, 8, 0, bind_augment(REGISTRY, parse_chain(""))),
    )
    padded = np.pad(picture, ((60, 60), (60, 60), (0, 0)), mode="edge")
    for seed in range(4):
        near = cut(rule, picture, (0, 68), View(), PixelChange(drawn(seed)))
        (y, x), (top, left) = near.corner, cut(rule, padded, (60, 128), View()).corner
        far = cut(rule, padded, (60, 128), View(), PixelChange(drawn(seed))).window
        difference = (
            near.window[y : y + 32, x : x + 32].astype(int) - far[top : top + 32, left : left + 32]
        )
        assert np.abs(difference).max() <= 1


def test_beyond_the_border_is_the_nearest_pixel():
    picture = noise(30, 30)
    far = np.eye(3)
    far[:2, 2] = -3, 0
    assert np.array_equal(whole(picture, far), np.repeat(picture[:, :1], 30, axis=1))
