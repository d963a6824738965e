"""Is what is not finite ever turned into pixels or scores?"""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from srkit_core import Recipe, RunOptions, evaluate, train, upscale
from srkit_core.binding import BoundComponent
from srkit_core.builtin.interpolation import Enlarge, Shrink
from srkit_core.cli.app import run
from srkit_core.data.examples import LrMaker
from srkit_core.data.picture import Picture
from srkit_core.data.preparation import derived_pictures
from srkit_core.engine import run_context, stage_run
from srkit_core.errors import DataError, DivergedError, NotFiniteError
from srkit_core.evaluation import degrade_picture
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import pairs
from srkit_core.expressions import parse_call
from srkit_core.io.images import all_finite, to_bytes, to_words, write_image
from srkit_core.models.build import build_network
from srkit_core.models.model import Model
from srkit_core.models.weights_card import Card
from srkit_core.models.weights_file import save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import Component, discover
from srkit_core.specs import GeneratorSpec
from srkit_core.upscaling.tensor_tiles import upscale_tiled
from srkit_core.upscaling.tiling import Tiling

BAD = [float("nan"), float("inf"), -float("inf")]


@pytest.fixture
def photos(tmp_path, smooth):
    for number, name in enumerate("ab"):
        write_image(tmp_path / "photos" / f"{name}.png", smooth(32, 40, number))
    return tmp_path / "photos"


@pytest.fixture
def overflowing(tmp_path):
    """Weights of finite numbers that a network makes infinity with."""
    bound = bind_generator(discover(), parse_call("srvgg(features=8, blocks=1)"), 2)
    tensors = {
        name: torch.full_like(value, 1e30)
        for name, value in build_network(bound).state_dict().items()
    }
    path = tmp_path / "overflowing.safetensors"
    save_weights(path, tensors, Card(bound.expression, 2, "", {}, 1))
    return path


class Spoilt(nn.Module):
    """Makes one value of one place what it is told, everywhere or in half precision only."""

    def __init__(self, value, *, half=False):
        super().__init__()
        self.value, self.half = value, half
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, lr):
        sr = lr.repeat_interleave(2, 2).repeat_interleave(2, 3)
        if not self.half or torch.is_autocast_enabled("cpu"):
            sr = torch.where(sr == sr.amax(), torch.tensor(self.value), sr)
        return sr


def fake(network, **fields):
    spec = GeneratorSpec(name="spoilt", factory=lambda: None, summary="", scales=(2,))
    bound = BoundComponent("spoilt", Component(spec, "srkit-fake", "1"), {}, {})
    return Model(network, bound, 2, **fields)


@pytest.mark.parametrize("convert", [to_bytes, to_words])
@pytest.mark.parametrize("value", BAD)
def test_no_byte_is_made_of_what_is_not_finite(convert, value):
    unit = torch.rand(2, 3, 5, 6)
    assert convert(unit).shape == (2, 5, 6, 3)
    unit[1, 2, 4, 5] = value
    with pytest.raises(NotFiniteError, match="holds NaN or infinity"):
        convert(unit)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_one_value_of_many_is_found(value, dtype):
    values = torch.zeros(7, 9, dtype=dtype)
    assert all_finite(values)
    assert all_finite(values[:0])
    values[3, 3] = value
    assert not all_finite(values)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("resize", [Enlarge, Shrink])
def test_rounding_interpolation_hides_nothing(value, resize):
    picture = torch.rand(1, 3, 8, 8)
    picture[0, 0, 2, 2] = value
    made = resize("bicubic", 2, border="symmetric", quantise=True)
    with pytest.raises(NotFiniteError, match="NaN or infinity was to be interpolated"):
        made(picture, **({"rng": torch.Generator()} if resize is Shrink else {}))


@pytest.mark.parametrize("value", BAD)
def test_a_model_names_whose_it_is(value):
    lr = torch.rand(1, 3, 8, 8)
    with pytest.raises(NotFiniteError, match="the generator 'spoilt' made NaN or infinity"):
        fake(Spoilt(value))(lr)
    half = fake(Spoilt(value, half=True), precision=torch.bfloat16)
    with pytest.raises(NotFiniteError, match="made NaN or infinity in bf16") as caught:
        half(lr)
    assert caught.value.hint == "--precision fp32"
    assert all_finite(replace(half, precision=torch.float32)(lr))
    broken = Spoilt(value)
    broken.weight.data[:] = value
    with pytest.raises(NotFiniteError, match="the weights of the generator 'spoilt' hold NaN or"):
        fake(broken, precision=torch.bfloat16)(lr)
    lr[0, 0, 0, 0] = value
    with pytest.raises(NotFiniteError, match="LR holds NaN or infinity"):
        fake(Spoilt(0.5))(lr)


def test_one_tile_of_many_is_enough():
    lr = torch.zeros(1, 3, 30, 30)
    lr[..., 25, 25] = 0.5

    class Corner(nn.Module):
        def forward(self, tile):
            return tile.repeat_interleave(2, 2).repeat_interleave(2, 3) / (tile.amax() != 0.5)

    with pytest.raises(NotFiniteError):
        upscale_tiled(fake(Corner()), lr, Tiling(10, 0))


def test_upscale_writes_nothing_and_names_picture_and_weights(
    photos, overflowing, tmp_path, capsys
):
    out = tmp_path / "out"
    assert run(["upscale", str(overflowing), str(photos), "--out", str(out)]) == 4
    told = capsys.readouterr().err
    first = photos / "a.png"
    fact = f"the generator 'srvgg' made NaN or infinity, of {first}, with {overflowing}"
    assert f"not upscaled: {first}: {fact}" in told
    assert not list(out.glob("*"))
    with pytest.raises(NotFiniteError, match=f"of {photos / 'a.png'}, with {overflowing}"):
        upscale(overflowing, photos / "a.png", tmp_path / "one.png")
    with pytest.raises(NotFiniteError, match=f"infinity, of {photos / 'a.png'}"):
        upscale(fake(Spoilt(float("nan"))), photos / "a.png", tmp_path / "one.png")
    assert not (tmp_path / "one.png").exists()


def test_eval_scores_nothing_and_names_picture_and_weights(photos, overflowing, tmp_path, capsys):
    words = ["eval", "bicubic", str(overflowing), "--data", str(photos), "--metrics", "psnr+ssim"]
    written = ["--json", str(tmp_path / "s.json"), "--csv", str(tmp_path / "s.csv")]
    assert run([*words, *written]) == 4
    told = capsys.readouterr()
    assert "made NaN or infinity, of a, with overflowing.safetensors" in told.err
    assert "dB" not in told.out
    assert not list(tmp_path.glob("s.*"))
    with pytest.raises(NotFiniteError, match="of a, with mine"):
        evaluate({"mine": fake(Spoilt(float("nan")))}, photos)


def spoil(monkeypatch, module, value, name="build_degradation"):
    """Let a chain make a value of what it is told."""
    real = getattr(module, name)

    def built(*words, **fields):
        made = real(*words, **fields)
        chain = made[1] if isinstance(made, tuple) else made
        traced = chain.traced

        def spoilt(hr, /, *, rng):
            lr, draws = traced(hr, rng=rng)
            lr = lr.clone()
            lr[0, 0] = value
            return lr, draws

        chain.traced = spoilt
        monkeypatch.setattr(
            type(chain), "__call__", lambda self, hr, /, *, rng: self.traced(hr, rng=rng)[0]
        )
        return made

    monkeypatch.setattr(module, name, built)


@pytest.mark.parametrize("value", BAD)
def test_degrade_draws_no_sheet(photos, tmp_path, capsys, monkeypatch, value):
    spoil(monkeypatch, degrade_picture, value)
    out = tmp_path / "sheet.png"
    words = ["degrade", str(photos / "a.png"), "--degrade", "blur(sigma=1..2) | bicubic"]
    assert run([*words, "--out", str(out)]) == 4
    told = capsys.readouterr().err
    assert "the degradation made NaN or infinity; it had drawn blur.sigma 1" in told
    assert f", of {photos / 'a.png'}\n" in told
    assert not out.exists()


@pytest.mark.parametrize("value", BAD)
def test_prepared_lr_is_left_out_with_its_reason(monkeypatch, smooth, value):
    derived_pictures._built.cache_clear()
    spoil(monkeypatch, derived_pictures, value)
    with pytest.raises(DataError, match="'bicubic' makes NaN or infinity of it") as caught:
        derived_pictures.degrade_picture(smooth(32, 32), "bicubic", 2, 0)
    assert caught.value.path is None
    derived_pictures._built.cache_clear()


@pytest.mark.parametrize("value", BAD)
def test_lr_of_an_evaluation_is_checked(photos, value):
    def spoilt(hr, *, rng):
        return torch.full((1, 3, hr.shape[2] // 2, hr.shape[3] // 2), value)

    picture = Picture("a", photos / "a.png", "a", 32, 40)
    with pytest.raises(NotFiniteError, match="the degradation made NaN or infinity of a"):
        list(pairs([picture], 2, LrMaker(spoilt), torch.device("cpu")))


def test_no_metric_sees_it():
    hr = torch.rand(1, 3, 9, 9)
    for value in BAD:
        sr = hr.clone()
        sr[0, 0, 4, 4] = value
        for quantise in (True, False):
            with pytest.raises(NotFiniteError):
                Protocol("y", 0, quantise).prepare(sr)
            with pytest.raises(NotFiniteError):
                Protocol("rgb", 0, quantise).whole(sr)


@pytest.mark.parametrize("value", BAD)
def test_training_blames_the_degradation_and_not_the_rate(photos, tmp_path, monkeypatch, value):
    spoil(monkeypatch, run_context, value)
    options = RunOptions(data=photos, out=tmp_path / "run", device="cpu")
    with pytest.raises(NotFiniteError, match="the degradation made NaN or infinity of"):
        train(recipe(), options)


def recipe(**fields):
    stage = {"loss": "l1", "steps": 2, "batch": 2, "patch": 16, "checkpoint_every": 1}
    return Recipe(
        name="spoilt",
        generator="srvgg(features=8, blocks=1)",
        scale=2,
        stages=[stage],
        validation={"metrics": "psnr", "pictures": 1, **fields},
    )


@pytest.mark.parametrize("on_training", [False, True])
def test_a_validation_ends_the_run_and_saves_nothing_of_it(
    photos, tmp_path, monkeypatch, on_training
):
    before = stage_run.train_step

    def overflow(pair, context, *batch):
        values = before(pair, context, *batch)
        if context.step == 2:
            for one in pair.generator.module.parameters():
                one.data.fill_(1e30)
        return values

    monkeypatch.setattr(stage_run, "train_step", overflow)
    options = RunOptions(data=photos, out=tmp_path / "run", device="cpu")
    with pytest.raises(DivergedError, match="made NaN or infinity") as caught:
        train(recipe(on_training=on_training), options)
    assert (caught.value.step, caught.value.exit_code) == (2, 5)
    assert [one.name for one in (tmp_path / "run/checkpoints").iterdir()] == ["step-00000001"]
    assert not (tmp_path / "run/pictures").exists()
    with (tmp_path / "run/metrics.csv").open() as file:
        assert [row["split"] for row in csv.DictReader(file)].count("val") == 0


def test_pictures_of_numbers_are_what_they_were():
    bytes_ = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).repeat(1, 1, 1, 3)
    unit = bytes_.float().div(255).permute(0, 3, 1, 2)
    assert np.array_equal(to_bytes(unit), bytes_)
    unit[0, 0, 0, 0], unit[0, 0, 0, 1] = -3e38, 3e38
    assert to_bytes(unit)[0, 0, :2, 0].tolist() == [0, 255]
