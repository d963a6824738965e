"""Does every augmentation change a sample as it says, as often as it says, and the same in every
process?
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from srkit_core.augmentation import PixelAugmentation, bind_augment
from srkit_core.augmentation.affine import Frame
from srkit_core.augmentation.batch_examples import Examples
from srkit_core.augmentation.crop_position import detail
from srkit_core.augmentation.pixel_change import PixelChange
from srkit_core.augmentation.tint import tinted
from srkit_core.augmentation.view import View
from srkit_core.builtin.augmentation_draws import draw_tint
from srkit_core.builtin.augmentations import Jitter
from srkit_core.builtin.interpolation import Shrink
from srkit_core.chain import bind_chain
from srkit_core.data.dataset import CropDataset
from srkit_core.data.examples import mixed
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.patches import CropRule
from srkit_core.data.picture import Picture
from srkit_core.data.transforms import draw_change, draw_crop_position, draw_view
from srkit_core.engine.trainer import train
from srkit_core.expressions import parse_chain
from srkit_core.io.images import write_image
from srkit_core.models.build import build_degradation
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_core.specs import AugmentationSpec

REGISTRY = discover()


def bound(text):
    spec = AugmentationSpec(name="inverted", factory=Inverted, summary="a negative")
    return bind_augment(REGISTRY.with_components(spec), parse_chain(text))


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def numbers(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def pictures(tmp_path):
    for number in range(5):
        write_image(tmp_path / f"{number}.png", noise(90, 110, seed=number))
    return [
        Picture(str(number), tmp_path / f"{number}.png", str(number), 90, 110)
        for number in range(5)
    ]


def loaded(pictures, text, workers=0):
    rule = CropRule(32, 4, 8, 0, bound(text))
    batches = training_batches(
        CropDataset(pictures, rule), batch_indices(0, 6, 5), workers=workers, pin=False
    )
    return [
        (batch.names, batch.corners, torch.cat([stack.flatten() for stack in batch.windows]))
        for batch in batches
    ]


@pytest.mark.parametrize(
    "text", ["centre(margin=0.1)@0.5 | flip", "salient | affine@0.5 | jitter@0.5 | flip | turn"]
)
def test_samples_are_a_function_of_their_number(pictures, text):
    alone, shared = loaded(pictures, text), loaded(pictures, text, workers=2)
    assert len(alone) == 6
    for one, other in zip(alone, shared, strict=True):
        assert one[:2] == other[:2]
        assert torch.equal(one[2], other[2])


def test_flips_and_turns_happen_in_their_order():
    picture = noise(6, 9)
    for seed in range(40):
        rng, expected = numbers(seed), picture
        rng.random()
        expected = expected[::-1] if rng.integers(2) else expected
        rng.random()
        expected = np.rot90(expected, rng.integers(4))
        rng.random()
        expected = expected[:, ::-1] if rng.integers(2) else expected
        view = draw_view(bound("flip(axis=vertical) | turn | flip"), numbers(seed))
        assert np.array_equal(view.of(picture), expected)


def test_a_vertical_flip_alone_gives_two_views():
    augment, rng = bound("flip(axis=vertical)"), numbers()
    views = Counter(draw_view(augment, rng) for _ in range(1000))
    assert set(views) == {View(), View(flip=True, turns=2)}
    assert views[View()] == pytest.approx(500, abs=60)
    assert np.array_equal(View(flip=True, turns=2).of(noise(4, 5)), noise(4, 5)[::-1])


@pytest.mark.parametrize(
    ("text", "share"), [("affine@0.3 | jitter@0.6", (0.3, 0.6)), ("affine | jitter@0", (1, 0))]
)
def test_changes_happen_as_often_as_they_say(text, share):
    augment, rng = bound(text), numbers()
    drawn = [draw_change(augment, rng) for _ in range(1000)]
    assert np.mean([one.warp is not None for one in drawn]) == pytest.approx(share[0], abs=0.05)
    assert np.mean([one.tint is not None for one in drawn]) == pytest.approx(share[1], abs=0.05)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("flip", 0.5),
        ("flip(axis=vertical)", 0.5),
        ("turn", 0.75),
        ("flip@0.5", 0.5),
        ("flip@0.1", 0.1),
        ("flip(axis=vertical)@0.8", 0.8),
        ("flip@1", 1.0),
        ("flip@0", 0.0),
        ("turn@0.5", 0.5),
        ("turn@1", 1.0),
        ("flip@0.5 | turn@0.5", 0.75),
    ],
)
def test_a_written_probability_is_the_share_of_crops_seen_from_another_side(text, share):
    augment, rng = bound(text), numbers()
    views = [draw_view(augment, rng) for _ in range(2000)]
    assert np.mean([view != View() for view in views]) == pytest.approx(share, abs=0.035)


def test_turns_of_a_written_share_are_even():
    augment, rng = bound("turn@0.6"), numbers()
    turns = Counter(draw_view(augment, rng).turns for _ in range(3000))
    assert [turns[count] / 3000 for count in range(4)] == pytest.approx(
        [0.4, 0.2, 0.2, 0.2], abs=0.03
    )


def test_flips_and_turns_without_a_share_are_what_they_were():
    augment, rng = bound("flip | turn"), numbers(7)
    seen = [(int(view.flip), view.turns) for view in (draw_view(augment, rng) for _ in range(12))]
    assert seen == BEFORE


BEFORE = [
    (1, 3),
    (0, 1),
    (0, 3),
    (1, 1),
    (1, 1),
    (1, 3),
    (0, 3),
    (1, 2),
    (0, 2),
    (1, 2),
    (0, 0),
    (1, 2),
]
"""Drawn by srkit before shares were shares: runs that go on see the same crops."""


@pytest.mark.parametrize("size", ["", "(size=1)", "(size=0.02)"])
def test_cutblur_changes_the_share_that_is_written_whatever_its_square(size):
    touched = (mix(f"cutblur{size}@0.4", examples(1000)).lr != 2).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    ("chain", "share"),
    [
        ("noise(sigma=30)@0.3 | nearest", 0.3),
        ("nearest | jpeg(quality=20)@0.6", 0.6),
        ("nearest | blur(sigma=2)@1", 1.0),
        ("nearest | resize(factor=0.5)@0.4", 0.4),
    ],
)
def test_a_degradation_changes_the_share_that_is_written(chain, share):
    plan = bind_chain(discover(), parse_chain(chain), 2)
    hr = torch.rand(500, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    made = build_degradation(plan)(hr, rng=torch.Generator().manual_seed(1))
    plain = build_degradation(bind_chain(discover(), parse_chain("nearest"), 2))(
        hr, rng=torch.Generator()
    )
    changed = (made - plain).abs().flatten(1).amax(1) > 1 / 255
    assert changed.float().mean() == pytest.approx(share, abs=0.07)


def test_several_changes_of_a_sort_follow_each_other():
    both = draw_change(bound("affine | jitter | affine(shift=0) | jitter"), numbers())
    rng, parts = numbers(), []
    for text in ("affine", "jitter", "affine(shift=0)", "jitter"):
        parts.append(draw_change(bound(text), rng))
    assert np.allclose(both.warp, parts[0].warp @ parts[2].warp)
    assert np.allclose(both.tint, parts[3].tint @ parts[1].tint)


def test_functions_of_the_window_keep_their_place_between_colours():
    picture, frame = noise(12, 14), Frame(2, 3, 8, 9, (5.5, 6.5), 8)
    halve, shift = np.diag([0.5, 0.5, 0.5, 1.0]), np.eye(4)
    shift[:3, 3] = 40
    both = PixelChange().with_tint(shift).with_tint(halve)
    assert np.array_equal(both.tint, halve @ shift)
    change = both.then(lambda window: window[..., ::-1]).with_tint(halve)
    assert len(change.functions) == 2
    expected = np.floor((picture[2:10, 3:12, ::-1] + 40.0) / 2 + 0.5)
    assert np.array_equal(both.of(picture, frame), expected[..., ::-1])
    assert np.array_equal(change.of(picture, frame), np.floor(expected / 2 + 0.5))
    assert np.shares_memory(PixelChange().of(picture, frame), picture)


@dataclass(frozen=True, kw_only=True)
class Inverted(PixelAugmentation):
    def apply(self, change, rng):
        return change.then(inverse)


def inverse(window):
    return 255 - window


def test_an_augmentation_of_a_plugin_is_one_class(pictures):
    never, always = loaded(pictures, "inverted@0 | flip"), loaded(pictures, "inverted | flip")
    assert len(always) == 6
    for one, other in zip(never, always, strict=True):
        assert one[:2] == other[:2]
        assert torch.equal(one[2], 255 - other[2])


def positions(text, pixels, count=400, patch=32):
    rng = numbers()
    return np.array([draw_crop_position(bound(text), pixels, patch, 4, rng) for _ in range(count)])


def test_a_margin_keeps_crops_in_the_middle():
    pixels = noise(218, 178)
    inner = positions("centre(margin=0.2)", pixels)
    assert (inner.min(0).tolist(), inner.max(0).tolist()) == ([40, 32], [144, 112])
    assert {tuple(position) for position in positions("centre", pixels)} == {(92, 72)}
    assert {tuple(position) for position in positions("centre(margin=0.4)", pixels, patch=160)} == {
        (28, 8)
    }
    whole = positions("centre(margin=0)", pixels)
    assert (whole.min(0).tolist(), whole.max(0).tolist()) == ([0, 0], [184, 144])
    often = positions("centre@0.25", pixels)
    assert np.mean((often == [92, 72]).all(1)) == pytest.approx(0.25, abs=0.06)


def test_salient_crops_prefer_detail():
    pixels = np.full((128, 128, 3), 90, np.uint8)
    pixels[64:, 64:] = noise(64, 64)
    shares = {
        text: np.mean(
            [detail(pixels, tuple(position), 32) > 20 for position in positions(text, pixels)]
        )
        for text in ("", "salient")
    }
    assert shares[""] == pytest.approx(0.42, abs=0.08)
    assert shares["salient"] == pytest.approx(1 - (1 - shares[""]) ** 4, abs=0.07)


def test_detail_is_the_step_between_neighbours_per_pixel():
    ramp = np.repeat(np.arange(0, 128, 2, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(
        3, axis=2
    )
    assert detail(ramp, (0, 0), 32) == 3.75  # of every second pixel: 15 steps of 4 for 16 pixels
    assert detail(np.full((64, 64, 3), 9, np.uint8), (16, 16), 32) == 0


def colours(**limits):
    off = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
    return [draw_tint(Jitter(**(off | limits)), numbers(seed)) for seed in range(200)]


def test_each_jitter_changes_what_it_says():
    picture = noise(16, 16)
    gray = picture[:, :, :1].repeat(3, axis=2)
    luma = picture @ [0.299, 0.587, 0.114]
    factors = [tint[0, 0] for tint in colours(brightness=0.3)]
    assert (min(factors), max(factors)) == (
        pytest.approx(0.7, abs=0.01),
        pytest.approx(1.3, abs=0.01),
    )
    for tint in colours(brightness=0.3)[:3]:
        assert np.array_equal(
            tinted(picture, tint), np.floor((picture * tint[0, 0]).clip(0, 255) + 0.5).clip(0, 255)
        )
    for tint in colours(contrast=0.5)[:3]:
        assert np.allclose(tint @ [127.5, 127.5, 127.5, 1], [127.5, 127.5, 127.5, 1])
    for tint in colours(saturation=0.5, hue=0.5)[:20]:
        assert np.abs(tinted(gray, tint).astype(int) - gray).max() <= 1
        mapped = picture @ tint[:3, :3].T
        assert np.allclose(mapped @ [0.299, 0.587, 0.114], luma, atol=0.6)
    half = draw_tint(Jitter(brightness=0, contrast=0, saturation=0, hue=0), numbers())
    assert np.array_equal(tinted(picture, half), picture)


def test_a_jittered_pixel_is_the_same_wherever_it_lies():
    picture, tint = noise(40, 40), draw_tint(Jitter(), numbers(3))
    assert np.array_equal(tinted(picture, tint)[8:24, 4:20], tinted(picture[8:24, 4:20], tint))


def examples(count=64, scale=4):
    hr = torch.rand(count, 3, 8 * scale, 8 * scale, generator=torch.Generator().manual_seed(1))
    return Examples(torch.full((count, 3, 8, 8), 2.0), hr, hr)


def mix(text, given, seed=0):
    return mixed(given, bound(text), torch.Generator().manual_seed(seed))


def test_cutblur_exchanges_a_square_inside_or_outside():
    given = examples(400)
    made = mix("cutblur(size=0.5)", given)
    kept = made.lr[:, 0] == 2.0
    assert Counter(kept.sum((1, 2)).tolist()).keys() == {16, 48}
    assert (kept.sum((1, 2)) == 16).float().mean() == pytest.approx(0.5, abs=0.08)
    for one in kept:
        square = one if one.sum() == 16 else ~one
        rows, columns = square.any(1).nonzero(), square.any(0).nonzero()
        assert (
            len(rows),
            len(columns),
            int(rows.max() - rows.min()),
            int(columns.max() - columns.min()),
        ) == (4, 4, 3, 3)
    corners = {tuple(one.nonzero()[0].tolist()) for one in kept if one.sum() == 16}
    assert corners == {(y, x) for y in range(5) for x in range(5)}
    assert torch.equal(made.hr, given.hr)


def test_cutblur_puts_bicubic_lr_of_the_target_in_place(smooth):
    hr = torch.from_numpy(smooth(32, 32)).permute(2, 0, 1)[None].float() / 255
    lr = torch.nn.functional.interpolate(hr, scale_factor=0.25, mode="bicubic", antialias=True)
    made = mix("cutblur(size=1)", Examples(lr.clamp(0, 1), hr, hr)).lr
    assert torch.allclose(made, lr.clamp(0, 1), rtol=0, atol=1e-6)
    means = [
        mix("cutblur(size=1)", Examples(lr * 0 + 2, hr, hr), seed).lr.mean().item()
        for seed in range(8)
    ]
    assert {round(mean, 4) for mean in means} == {round(lr.mean().item(), 4), 2.0}
    same = Examples(lr * 0, lr, lr)
    assert {mix("cutblur(size=1)", same, seed).lr.sum().item() for seed in range(8)} == {
        0.0,
        lr.sum().item(),
    }


def test_cutblur_of_bicubic_lr_changes_next_to_nothing(smooth):
    hr = torch.from_numpy(smooth(64, 64)).permute(2, 0, 1)[None].float() / 255
    lr = Shrink("bicubic", 4, border="symmetric", quantise=True)(hr, rng=torch.Generator())
    for seed in range(4):
        change = (mix("cutblur", Examples(lr, hr, hr), seed).lr - lr).abs()
        assert change[..., 2:-2, 2:-2].max() < 1.5 / 255


def test_cutblur_happens_as_often_as_it_says_and_by_its_seed():
    touched = (mix("cutblur(size=0.5)@0.25", examples(400)).lr != 2).flatten(1).any(1)
    assert touched.float().mean() == pytest.approx(0.25, abs=0.06)
    assert torch.equal(mix("cutblur", examples()).lr, mix("cutblur", examples()).lr)
    assert not torch.equal(mix("cutblur", examples()).lr, mix("cutblur", examples(), seed=1).lr)
    rng = torch.Generator().manual_seed(0)
    assert mixed(examples(), bound(""), rng).lr.min() == 2.0
    assert torch.equal(
        torch.rand(1, generator=rng), torch.rand(1, generator=torch.Generator().manual_seed(0))
    )


def test_training_mixes_and_validation_does_not(tmp_path):
    rows = {}
    for text in ("flip", "flip | cutblur(size=0.9)"):
        stage = {"loss": "l1", "steps": 1, "batch": 2, "patch": 32, "augment": text, "lr": 1e-12}
        wanted = recipe_from_dict(
            {
                "generator": "srvgg(features=8, blocks=1)",
                "degradation": "bicubic | noise(sigma=40)",
                "scale": 2,
                "stages": [stage],
            }
        )
        options = RunOptions(out=tmp_path / str(len(rows)), device="cpu")
        folder = train(wanted, options).folder
        header, *lines = [
            line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()
        ]
        rows[text] = {
            line[header.index("split")]: float(line[header.index("loss/l1")]) for line in lines
        }
    plain, cut = rows.values()
    assert cut["train"] < plain["train"]
    assert cut["val"] == pytest.approx(plain["val"], rel=1e-4)
