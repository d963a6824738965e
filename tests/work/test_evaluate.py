"""Are scores those of the published protocol, one per picture, with their mean and deviation?"""

import math
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from srkit_core.chain import bind_chain
from srkit_core.data.examples import LrMaker
from srkit_core.data.picture import Picture
from srkit_core.errors import DataError
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import (
    BuiltMetric,
    ModelScores,
    Pair,
    build_metrics,
    pairs,
    score,
    score_model,
)
from srkit_core.expressions import parse_sum
from srkit_core.io.images import to_bytes, write_image
from srkit_core.metric_binding import bind_metrics
from srkit_core.models.build import build_degradation
from srkit_core.models.find_model import open_model
from srkit_core.specs import MetricSpec

CPU = torch.device("cpu")


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def metrics(registry):
    return build_metrics(bind_metrics(registry, parse_sum("psnr + ssim")))


def degradation(registry, text="bicubic", scale=4):
    from srkit_core.expressions import parse_chain

    return build_degradation(bind_chain(registry, parse_chain(text), scale))


def made(pictures, registry):
    return pairs(pictures, 4, LrMaker(degradation(registry)), CPU)


def saved(folder, name, pixels, **fields):
    write_image(folder / f"{name}.png", pixels)
    return Picture(name, folder / f"{name}.png", name, *pixels.shape[:2], **fields)


def drawn(hr, *, rng):
    """A degradation that shows which random numbers it was given."""
    return torch.rand(1, 3, hr.shape[-2] // 4, hr.shape[-1] // 4, generator=rng)


def psnr_by_hand(sr, hr):
    return 10 * math.log10(255**2 / ((sr.astype(float) - hr.astype(float)) ** 2).mean())


def bytes_of(picture):
    return to_bytes(picture)[0].numpy()


def test_rgb_scores_are_those_of_numpy_and_scikit_image(registry, metrics, tmp_path, smooth):
    example = next(
        pairs([saved(tmp_path, "a", smooth(48, 52))], 4, LrMaker(degradation(registry)), CPU)
    )
    sr = open_model("bicubic", registry, 4, CPU)(example.lr)
    found = score(sr, example.hr, Protocol("rgb", 0), metrics)
    ours, theirs = bytes_of(sr), bytes_of(example.hr)
    similarity = structural_similarity(
        ours,
        theirs,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )
    assert found["psnr"] == pytest.approx(psnr_by_hand(ours, theirs), abs=1e-5)
    assert found["ssim"] == pytest.approx(similarity, abs=1e-6)
    assert 20 < found["psnr"] < 60


def test_luma_scores_are_those_of_luma_without_the_border(registry, metrics, tmp_path, smooth):
    example = next(
        pairs([saved(tmp_path, "a", smooth(48, 52))], 4, LrMaker(degradation(registry)), CPU)
    )
    sr = open_model("bicubic", registry, 4, CPU)(example.lr)
    ours, theirs = (
        16 + (bytes_of(one) @ np.array([65.481, 128.553, 24.966])) / 255 for one in (sr, example.hr)
    )
    inside = np.s_[4:-4, 4:-4]
    assert score(sr, example.hr, Protocol("y", 4), metrics)["psnr"] == pytest.approx(
        psnr_by_hand(ours[inside], theirs[inside]), abs=1e-5
    )
    assert score(sr, example.hr, Protocol("y", 0), metrics)["psnr"] == pytest.approx(
        psnr_by_hand(ours, theirs), abs=1e-5
    )


def test_sr_is_clamped_and_rounded_before_it_is_scored(metrics):
    hr = torch.zeros(1, 3, 16, 16)
    assert score(hr - 5, hr, Protocol("rgb", 0), metrics) == {
        "psnr": math.inf,
        "ssim": pytest.approx(1),
    }
    assert score(hr + 0.4 / 255, hr, Protocol("rgb", 0), metrics)["psnr"] == math.inf
    assert score(hr + 0.6 / 255, hr, Protocol("rgb", 0), metrics)["psnr"] == pytest.approx(
        48.1308, abs=1e-4
    )


def test_a_metric_of_rgb_pictures_sees_them_whole(metrics):
    seen = {}

    def live(label, domain):
        def measure(sr, hr):
            seen[label] = (tuple(sr.shape), sr.dtype, tuple(hr.shape))
            return torch.zeros(1)

        return BuiltMetric(
            label,
            MetricSpec(
                name=label, factory=measure, summary="", higher_is_better=True, domain=domain
            ),
            measure,
        )

    score(
        torch.rand(1, 3, 16, 20),
        torch.rand(1, 3, 16, 20),
        Protocol("y", 4),
        [live("luma", "protocol"), live("all", "rgb")],
    )
    assert seen == {
        "luma": ((1, 1, 8, 12), torch.float64, (1, 1, 8, 12)),
        "all": ((1, 3, 16, 20), torch.float32, (1, 3, 16, 20)),
    }


def test_pairs_are_made_from_hr_cut_to_whole_lr_pixels(registry, tmp_path):
    hr = noise(35, 46)
    example = next(pairs([saved(tmp_path, "a", hr)], 4, LrMaker(degradation(registry)), CPU))
    assert (example.name, example.lr.shape, example.hr.shape) == (
        "a",
        (1, 3, 8, 11),
        (1, 3, 32, 44),
    )
    assert np.array_equal(bytes_of(example.hr), hr[:32, :44])


def test_pairs_from_disk_are_cut_to_scale_times_lr(tmp_path):
    hr, lr = noise(38, 41), noise(9, 10, seed=1)
    write_image(tmp_path / "lr.png", lr)
    example = next(pairs([saved(tmp_path, "a", hr, lr=tmp_path / "lr.png")], 4, LrMaker(None), CPU))
    assert np.array_equal(bytes_of(example.lr), lr)
    assert np.array_equal(bytes_of(example.hr), hr[:36, :40])
    with pytest.raises(
        DataError, match=r"a.png has 41x38 pixels and its LR 10x9: that is not scale 2"
    ):
        next(pairs([saved(tmp_path, "a", hr, lr=tmp_path / "lr.png")], 2, LrMaker(None), CPU))


def test_without_lr_and_without_a_degradation_there_is_no_pair(tmp_path):
    with pytest.raises(DataError, match=r"a.png has no LR picture, and no degradation makes one"):
        next(pairs([saved(tmp_path, "a", noise(16, 16))], 4, LrMaker(None), CPU))


def test_a_picture_too_small_for_the_scale_is_named(registry, tmp_path):
    with pytest.raises(DataError, match=r"a.png has 9x3 pixels, too few for scale 4"):
        next(pairs([saved(tmp_path, "a", noise(3, 9))], 4, LrMaker(degradation(registry)), CPU))


def test_randomness_belongs_to_the_picture_whatever_the_order(tmp_path):
    a, b = (saved(tmp_path, name, noise(16, 16)) for name in "ab")
    together = {one.name: one.lr for one in pairs([a, b], 4, LrMaker(drawn), CPU)}
    other_way = {one.name: one.lr for one in pairs([b, a], 4, LrMaker(drawn), CPU)}
    alone = {one.name: one.lr for one in pairs([b], 4, LrMaker(drawn), CPU)}
    reseeded = {one.name: one.lr for one in pairs([b], 4, LrMaker(drawn), CPU, seed=1)}
    assert torch.equal(together["a"], other_way["a"])
    assert torch.equal(together["b"], other_way["b"])
    assert torch.equal(together["b"], alone["b"])
    assert not torch.equal(together["a"], together["b"])
    assert not torch.equal(reseeded["b"], alone["b"])


def test_scores_come_per_picture_and_sr_is_shown(registry, metrics, tmp_path, smooth):
    pictures = [saved(tmp_path, name, smooth(48, 48, seed)) for seed, name in enumerate(("a", "b"))]
    model, shown = open_model("bicubic", registry, 4, CPU), []
    found = score_model(
        "cubic",
        model,
        made(pictures, registry),
        Protocol("y", 4),
        metrics,
        seen=lambda *one: shown.append(one),
    )
    assert (found.name, list(found.images), list(found.images["a"])) == (
        "cubic",
        ["a", "b"],
        ["psnr", "ssim"],
    )
    assert [pair.name for pair, _ in shown] == ["a", "b"]
    assert all(torch.equal(sr, model(pair.lr)) for pair, sr in shown)
    assert all(
        found.images[pair.name] == score(sr, pair.hr, Protocol("y", 4), metrics)
        for pair, sr in shown
    )


def test_tiles_change_no_score(registry, metrics, tmp_path, smooth):
    pictures = [saved(tmp_path, "a", smooth(64, 80))]
    model = open_model("bicubic", registry, 4, CPU)
    whole, tiled = (
        score_model("m", model, made(pictures, registry), Protocol("y", 4), metrics, tile=tile)
        for tile in (None, 6)
    )
    assert tiled.images == whole.images


def test_gray_pictures_score_as_their_rgb_copies(registry, metrics, tmp_path, smooth):
    from PIL import Image

    gray = smooth(48, 52)[:, :, 0]
    Image.fromarray(gray).save(tmp_path / "gray.png")
    pictures = [
        Picture("gray", tmp_path / "gray.png", "gray", 48, 52),
        saved(tmp_path, "rgb", np.stack([gray] * 3, axis=2)),
    ]
    model = open_model("bicubic", registry, 4, CPU)
    found = score_model("m", model, made(pictures, registry), Protocol("y", 4), metrics)
    assert found.images["gray"] == found.images["rgb"]
    in_rgb = score_model("m", model, made(pictures[:1], registry), Protocol("rgb", 4), metrics)
    # Luma spans 219 of 255 levels, so its differences are smaller by that factor.
    assert found.images["gray"]["psnr"] - in_rgb.images["gray"]["psnr"] == pytest.approx(
        20 * math.log10(255 / 219.0), abs=1e-4
    )


def test_mean_and_deviation_are_those_of_the_pictures():
    spec = SimpleNamespace(unit="dB", higher_is_better=True)
    scores = ModelScores(
        "m", {"a": {"psnr": 20.0}, "b": {"psnr": 30.0}, "c": {"psnr": 31.0}}, {"psnr": spec}
    )
    assert (scores.mean("psnr"), scores.std("psnr")) == (
        27,
        pytest.approx(math.sqrt((49 + 9 + 16) / 3)),
    )
    assert scores.to_dict() == {
        "name": "m",
        "metrics": {
            "psnr": {
                "mean": 27.0,
                "std": scores.std("psnr"),
                "interval": None,
                "unit": "dB",
                "higher_is_better": True,
            }
        },
        "images": [
            {"name": "a", "psnr": 20.0},
            {"name": "b", "psnr": 30.0},
            {"name": "c", "psnr": 31.0},
        ],
    }


def test_identical_pictures_are_in_no_mean_and_nothing_warns():
    scores = ModelScores("m", {"a": {"psnr": math.inf}, "b": {"psnr": 30.0}}, {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (scores.mean("psnr"), scores.std("psnr")) == (30.0, 0.0)
        assert math.isnan(ModelScores("m", {}, {}).mean("psnr"))


def test_reading_and_scoring_warn_of_nothing(registry, metrics, tmp_path, smooth):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        example = next(
            pairs([saved(tmp_path, "a", smooth(48, 48))], 4, LrMaker(degradation(registry)), CPU)
        )
        score(example.hr, example.hr, Protocol("y", 4), metrics)
    assert isinstance(example, Pair)
